"""`krm-otel render`, `diff`, `uninject` and `validate`: the function over files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from krm_otel.cli import options
from krm_otel.cli.files import STDIN, Inputs, read_function_config, read_paths
from krm_otel.cli.output import print_lines, write_report, write_text
from krm_otel.cli.output_folder import is_emptied, new_files
from krm_otel.cli.terminal import progress, styled_diff, styled_stat
from krm_otel.cli.written import Written, is_in_place, write_outcome
from krm_otel.run import Outcome, run
from krm_otel.views.diff import FileDiff
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
      helm template ./chart | krm-otel render -
    """
    inputs, outcome = _run(paths, exclude, fn_config, output)
    written = write_outcome(inputs, outcome, output, report, force=force)
    if form != "text":
        # Results in another form go where the manifests do not.
        write_text(*formatted(form, outcome, docs=_docs()), err=output == STDIN)
    if form == "text" or output != STDIN:
        _print_written(inputs, outcome, written, detail, form, stat=stat)
    ctx.exit(outcome.exit_code)


@click.command()
@options.writing
@options.report
@options.printing
@click.pass_context
def uninject(
    ctx: click.Context,
    paths: tuple[str, ...],
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
    inputs, outcome = _run(paths, exclude, fn_config, output, remove=True)
    written = write_outcome(inputs, outcome, output, report, force=force)
    _print_written(inputs, outcome, written, detail, stat=stat)
    ctx.exit(outcome.exit_code)


@click.command()
@options.paths_or_here
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
      helm template ./chart | krm-otel diff -
    """
    inputs, outcome = _run(paths, exclude, fn_config)
    files = list(_changed_files(inputs, outcome))
    write_report(outcome, report)
    if form != "text":
        write_text(*formatted(form, outcome, files, _docs()))
    elif stat:
        write_text(*(styled_stat(line) for line in stat_lines(files)))
    else:
        write_text(*(styled_diff(line) for file in files for line in file.lines))
    end = f"{plural(len(files), 'file')} {'differ' if len(files) > 1 else 'differs'}"
    _print(lines(outcome, detail, "planned", inputs.notes, end), form)
    ctx.exit(2 if outcome.exit_code else 1 if files else 0)


@click.command()
@options.paths_or_here
@options.exclude
@options.function_config
@options.formats()
@options.report
@options.printing
@click.pass_context
def validate(
    ctx: click.Context,
    paths: tuple[str, ...],
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
    inputs, outcome = _run(paths, exclude, fn_config)
    write_report(outcome, report)
    if form == "text":
        infos = detail is not Detail.QUIET
        print_lines(result_lines(outcome.results, outcome.places, detail, infos=infos), err=False)
    elif form == "json":
        write_text(as_json(located(outcome)))
    else:
        write_text(*formatted(form, outcome, docs=_docs()))
    if detail is not Detail.QUIET:
        print_lines(map(Line, [*inputs.notes, Summary.of(outcome).sentence("planned")]))
    ctx.exit(outcome.exit_code)


def _run(
    paths: Sequence[str], exclude: Sequence[str], fn_config: str | None, output: str = STDIN, *, remove: bool = False
) -> tuple[Inputs, Outcome]:
    inputs = read_paths(paths, Path(output) if output != STDIN else None, exclude)
    outcome = run(
        inputs.sources,
        os.environ,
        function_config=read_function_config(fn_config),
        remove=remove,
        complete=inputs.is_complete and not remove,
        in_one_text=is_in_place(inputs, output),
        track=progress,
    )
    return inputs, outcome


def _print_written(
    inputs: Inputs, outcome: Outcome, written: Written, detail: Detail, form: str = "text", *, stat: bool
) -> None:
    """Prints what happened to objects and files."""
    end = written.summary() if written.is_in_files and not outcome.exit_code else ""
    notes = [*inputs.notes, *written.lines()]
    if stat:
        notes += map(styled_stat, stat_lines(list(_changed_files(inputs, outcome))))
    _print(lines(outcome, detail, "done", notes, end), form)


def _print(printed: Iterable[Line], form: str) -> None:
    """Prints lines; without the results, where they are printed in another form."""
    print_lines(line for line in printed if form == "text" or not line.severity)


def _docs() -> str:
    """The URL of the documentation, where the environment has one: results in other forms then link to it."""
    return os.environ.get("KRM_OTEL_DOCS_URL", "")


def _changed_files(inputs: Inputs, outcome: Outcome) -> Iterator[FileDiff]:
    """The files that change, as render would write them."""
    for source, text, starts in zip(inputs.sources, outcome.texts, outcome.starts, strict=True):
        if text is not None:
            new = None if is_emptied(source, text) else text
            yield from FileDiff.of(source.data.decode(), new, source.name or "stdin", starts)
    for path, _, text in new_files(inputs, outcome):
        yield from FileDiff.of(None, text, str(path))
