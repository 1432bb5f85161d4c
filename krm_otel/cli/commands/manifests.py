"""`krm-otel render`, `diff`, `uninject` and `validate`: the function over files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from krm_otel.cli import options
from krm_otel.cli.inputs.files import STDIN
from krm_otel.cli.output import print_lines, write_report, write_text
from krm_otel.cli.terminal import styled_diff, styled_stat
from krm_otel.cli.work import Done, Work, changed_files
from krm_otel.views.formats import formatted
from krm_otel.views.lines import Detail, Line, lines, result_lines
from krm_otel.views.report import as_json, located
from krm_otel.views.stat import stat_lines
from krm_otel.views.summary import Summary, plural


@click.command()
@options.writing
@options.formats()
@options.report
@options.printing
@click.pass_context
def render(
    ctx: click.Context,
    paths: tuple[str, ...],
    packages: bool,
    exclude: tuple[str, ...],
    fn_config: str | None,
    output: str,
    force: bool,
    stat: bool,
    form: str,
    report: str | None,
    detail: Detail,
) -> None:
    """Inject into the manifests at PATH.

    PATH is a file, a folder, or - for standard input. A whole folder has every class: krm-otel removes what it injected
    for a class that is not there any more.

    \b
    Examples:
      krm-otel render apps/                    # one stream to standard output
      krm-otel render apps/ -o apps/           # in place
      krm-otel render apps/ -o rendered/       # into another folder
      krm-otel render apps/ -o all.yaml        # one stream into a file
      krm-otel render apps/ -c otel.yaml -o -
      krm-otel render --packages apps/ -o apps/    # each folder in apps/ by itself
      helm template ./chart | krm-otel render -
    """
    done = Work(paths, exclude, fn_config, packages, output, force, stat).done(report)
    if form != "text":
        # Results in another form go where the manifests do not.
        write_text(*formatted(form, done.outcome, docs=_docs()), err=output == STDIN)
    if form == "text" or output != STDIN:
        _print_written(done, detail, form)
    ctx.exit(done.exit_code)


@click.command()
@options.writing
@options.report
@options.printing
@click.pass_context
def uninject(
    ctx: click.Context,
    paths: tuple[str, ...],
    packages: bool,
    exclude: tuple[str, ...],
    fn_config: str | None,
    output: str,
    force: bool,
    stat: bool,
    report: str | None,
    detail: Detail,
) -> None:
    """Remove everything of krm-otel from the manifests at PATH.

    Files that nobody has edited since become what they were, byte for byte. Values that you edited stay.

    \b
    Examples:
      krm-otel uninject apps/ -o apps/         # in place
      kpt fn eval apps/ --exec 'krm-otel uninject -'
    """
    done = Work(paths, exclude, fn_config, packages, output, force, stat, remove=True).done(report)
    _print_written(done, detail)
    ctx.exit(done.exit_code)


@click.command()
@options.paths_or_here
@options.packages
@options.exclude
@options.function_config
@options.formats("markdown")
@options.stat
@options.report
@options.printing
@click.pass_context
def diff(
    ctx: click.Context,
    paths: tuple[str, ...],
    packages: bool,
    exclude: tuple[str, ...],
    fn_config: str | None,
    form: str,
    stat: bool,
    report: str | None,
    detail: Detail,
) -> None:
    """Show what render would change at PATH.

    The default of PATH is the working folder. Exit code 0: nothing would change; 1: something would; 2: errors.

    \b
    Examples:
      krm-otel diff
      krm-otel diff apps/ -c otel.yaml --color always | less -R
      krm-otel diff apps/ --stat               # lines added and removed, by file
      krm-otel diff apps/ --format markdown    # a summary for a pull request
      krm-otel diff --packages apps/           # each folder in apps/ by itself
      helm template ./chart | krm-otel diff -
    """
    done = Work(paths, exclude, fn_config, packages).planned()
    outcome, files = done.outcome, list(changed_files(done.inputs, done.outcome))
    write_report(outcome, report)
    if form != "text":
        write_text(*formatted(form, outcome, files, _docs()))
    elif stat:
        write_text(*(styled_stat(line) for line in stat_lines(files)))
    else:
        write_text(*(styled_diff(line) for file in files for line in file.lines))
    end = f"{plural(len(files), 'file')} {'differ' if len(files) > 1 else 'differs'}"
    _print(lines(outcome, detail, "planned", done.inputs.notes, end), form)
    _print_refused(done)
    ctx.exit(2 if done.exit_code else 1 if files else 0)


@click.command()
@options.paths_or_here
@options.packages
@options.exclude
@options.function_config
@options.formats()
@options.report
@options.printing
@click.pass_context
def validate(
    ctx: click.Context,
    paths: tuple[str, ...],
    packages: bool,
    exclude: tuple[str, ...],
    fn_config: str | None,
    form: str,
    report: str | None,
    detail: Detail,
) -> None:
    """Check the manifests at PATH, and print results only.

    The default of PATH is the working folder. Exit code 0: no error; 1: errors.

    \b
    Examples:
      krm-otel validate
      krm-otel validate apps/ -c otel.yaml --format json
      krm-otel validate --format sarif > krm-otel.sarif
    """
    done = Work(paths, exclude, fn_config, packages).planned()
    outcome = done.outcome
    write_report(outcome, report)
    if form == "text":
        infos = detail != "quiet"
        print_lines(result_lines(outcome.results, outcome.places, detail, infos=infos), err=False)
    elif form == "json":
        write_text(as_json(located(outcome)))
    else:
        write_text(*formatted(form, outcome, docs=_docs()))
    if detail != "quiet":
        print_lines(map(Line, [*done.inputs.notes, Summary.of(outcome).sentence("planned")]))
    _print_refused(done)
    ctx.exit(done.exit_code)


def _print_written(done: Done, detail: Detail, form: str = "text") -> None:
    """Prints what happened to objects and files."""
    written = done.written
    end = written.summary() if written.is_in_files and (done.outcome.packages or not done.outcome.exit_code) else ""
    # A package has one line, which counts its files.
    notes = written.notes if done.outcome.packages and detail != "verbose" else written.lines()
    stat = map(styled_stat, stat_lines(done.files))
    _print(lines(done.outcome, detail, "done", [*done.inputs.notes, *notes, *stat], end, done.ends), form)
    _print_refused(done)


def _print_refused(done: Done) -> None:
    """Prints which packages could not be read or written, as click prints what a command could not do."""
    for message in done.refused:
        click.echo(f"Error: {message}", err=True)


def _print(printed: Iterable[Line], form: str) -> None:
    """Prints lines; without the results, where they are printed in another form."""
    print_lines(line for line in printed if form == "text" or not line.severity)


def _docs() -> str:
    """The URL of the documentation, where the environment has one: results in other forms then link to it."""
    return os.environ.get("KRM_OTEL_DOCS_URL", "")
