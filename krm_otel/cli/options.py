"""Arguments and options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from krm_otel.cli.terminal import color_by_environment
from krm_otel.views.lines import Detail

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS: Final = ("text", "json", "sarif", "github", "gitlab")
"""The forms of results: for people, for programs, for code scanning, and for the annotations of a pull request."""

_PATH: Final = click.Path(path_type=str, allow_dash=True)  # for shell completion; reading says what is wrong

paths = click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=_PATH)
paths_or_here = click.argument("paths", nargs=-1, metavar="[PATH…]", type=_PATH, default=(".",))
report = click.option(
    "--report",
    metavar="FILE",
    type=_PATH,
    envvar="KRM_OTEL_REPORT",
    help="Write results and actions to FILE as JSON (also KRM_OTEL_REPORT).",
)
function_config = click.option(
    "-c",
    "--fn-config",
    metavar="FILE",
    type=_PATH,
    help="The function config: an OTelConfig, a flat ConfigMap, or a ClassRuntime.",
)
output = click.option(
    "-o",
    "--output",
    default="-",
    metavar="DIR|FILE|-",
    type=_PATH,
    show_default=True,
    help="Write files below DIR (the same folder: in place), or one stream to FILE (.yaml) or standard output.",
)
force = click.option("--force", is_flag=True, help="Overwrite files below DIR that krm-otel did not write.")
exclude = click.option(
    "--exclude",
    metavar="PATTERN",
    multiple=True,
    help="Do not read these files of folders: a pattern as in a .gitignore; may be repeated (also: a .krmignore).",
)
packages = click.option(
    "--packages",
    is_flag=True,
    help="PATH holds packages: each folder in it is an input of its own.",
)
stat = click.option("--stat", is_flag=True, help="Print for each file how many lines change.")


def formats(*more: str) -> Callable[[Command], Command]:
    """The option `--format`, with further forms that only one command has."""
    return click.option(
        "--format",
        "form",
        type=click.Choice([*FORMATS, *more]),
        default="text",
        show_default=True,
        help="How results are printed; github: as annotations of a pull request; gitlab: as a Code Quality report.",
    )


def writing(command: Command) -> Command:
    """The arguments and options of commands that write manifests: what they read, and where the output goes."""
    return paths(packages(exclude(function_config(output(force(stat(command)))))))


def printing(command: Command) -> Command:
    """The options of what is printed: `-q` and `-v`, as a `Detail`, and `--color`."""
    quiet = click.option(
        "-q", "--quiet", "detail", flag_value="quiet", callback=_detail, help="Print errors and warnings only."
    )
    verbose = click.option(
        "-v", "--verbose", "detail", flag_value="verbose", callback=_detail, help="Print every object and info, too."
    )
    return quiet(verbose(color(command)))


def _detail(_ctx: click.Context, _param: click.Parameter, value: Detail | None) -> Detail:
    return value or "normal"


def _set_color(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value in ("always", "never"):
        ctx.color = value == "always"  # click's own functions ask the context, too
    elif value == "auto" or (ctx.parent is None and ctx.color is None):
        ctx.color = color_by_environment(os.environ)


color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    expose_value=False,
    callback=_set_color,
    help="Colors; auto: on a terminal, or as NO_COLOR, FORCE_COLOR and TERM=dumb say.",
)
