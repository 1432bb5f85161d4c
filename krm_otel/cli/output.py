"""What people read: lines with colors, on standard error or standard output. And the report, for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from krm_otel.cli.pipe import cannot, write_stdout
from krm_otel.cli.terminal import has_color, styled
from krm_otel.run import Outcome
from krm_otel.views.lines import Line
from krm_otel.views.report import as_json
from krm_otel.views.report import report as report_of


def print_lines(lines: Iterable[Line], *, err: bool = True) -> None:
    """Prints lines to standard error or standard output, each with the color of its severity."""
    write_text(*map(styled, lines), err=err)


def write_text(*lines: str, err: bool = False) -> None:
    """Writes lines to standard output or standard error; without colors where it has none."""
    text = "".join(f"{line}\n" for line in lines)
    if err:
        with suppress(OSError):  # nobody can be told, and the output is what matters
            click.echo(text, err=True, nl=False)
        return
    write_stdout([(text if has_color(sys.stdout) else click.unstyle(text)).encode()])


def write_report(outcome: Outcome, report: str | None) -> None:
    """Writes results and actions as JSON; call it before all other output, so that nothing is half done if it fails.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if not report:  # the environment variable may be empty
        return
    with _report_faults(report):
        Path(report).write_text(as_json(report_of(outcome)) + "\n", encoding="utf-8")


def check_report(report: str | None) -> None:
    """Where the output is written bit by bit, before the report: raises click.ClickException if that cannot be written.

    What is in the file stays.
    """
    if report:
        with _report_faults(report):
            Path(report).open("ab").close()


@contextmanager
def _report_faults(report: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot(f"cannot write the report {report}: {error.strerror}") from None
