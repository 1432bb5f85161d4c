"""`krm-otel render`, `diff`, `uninject` and `validate`: the function over files and folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

import click

from krm_otel.cli import options
from krm_otel.cli.files import Inputs, is_emptied, new_files, read_function_config, read_paths, write_outcome
from krm_otel.cli.output import print_lines, print_summary, progress, severity_color, write_report
from krm_otel.diagnostics.result import Result
from krm_otel.run import Outcome, run
from krm_otel.views.diff import color_of, unified


@click.command()
@options.paths
@options.function_config
@options.output
@options.report
@click.pass_context
def render(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, output: str, report: str | None) -> None:
    """Inject into the manifests at PATH (files, folders, or - for standard input).

    A whole folder has every class: krm-otel removes what it injected for a class that is not there any more.

    \b
    Examples:
      krm-otel render apps/                    # one stream to standard output
      krm-otel render apps/ -o apps/           # in place
      krm-otel render apps/ -o rendered/       # into another folder
      krm-otel render apps/ -c otel.yaml -o -
      helm template ./chart | krm-otel render -
    """
    _write_manifests(ctx, *_run(paths, fn_config), output, report)


@click.command()
@options.paths
@options.function_config
@options.output
@options.report
@click.pass_context
def uninject(
    ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, output: str, report: str | None
) -> None:
    """Remove everything that krm-otel put into the manifests at PATH.

    Files that nobody has edited since become what they were, byte for byte. Values that you edited stay.

    \b
    Examples:
      krm-otel uninject apps/ -o apps/         # in place
      kpt fn eval apps/ --exec 'krm-otel uninject -'
    """
    _write_manifests(ctx, *_run(paths, fn_config, remove=True), output, report)


@click.command()
@options.paths
@options.function_config
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@options.report
@click.pass_context
def diff(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, color: str, report: str | None) -> None:
    """Show what render would change at PATH. Exit code 0: nothing; 1: differences; 2: errors.

    \b
    Examples:
      krm-otel diff apps/
      krm-otel diff apps/ -c otel.yaml --color always | less -R
      helm template ./chart | krm-otel diff -
    """
    try:
        inputs, outcome = _run(paths, fn_config)
        lines = [line for file in _changed_files(inputs, outcome) for line in unified(*file)]
        write_report(outcome, report)
        print_lines(((line, color_of(line)) for line in lines), color)
    except click.ClickException as error:
        error.show()
        ctx.exit(2)  # 1 means differences
    print_summary(outcome)
    ctx.exit(2 if outcome.exit_code else 1 if lines else 0)


@click.command()
@options.paths
@options.function_config
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.report
@click.pass_context
def validate(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, form: str, report: str | None) -> None:
    """Check the manifests at PATH and print the results only. Exit code 0: no error; 1: errors.

    \b
    Examples:
      krm-otel validate apps/
      krm-otel validate apps/ -c otel.yaml --format json
    """
    _, outcome = _run(paths, fn_config)
    write_report(outcome, report)
    if form == "json":
        text = json.dumps([result.to_dict() for result in outcome.results], indent=2, ensure_ascii=False)
        print_lines([(text, None)])
    else:
        print_lines(line for result in outcome.results for line in _result_lines(result))
    ctx.exit(outcome.exit_code)


def _run(paths: Sequence[str], fn_config: str | None, *, remove: bool = False) -> tuple[Inputs, Outcome]:
    inputs = read_paths(paths)
    config = read_function_config(fn_config)
    complete = inputs.is_complete and not remove
    outcome = run(inputs.sources, os.environ, function_config=config, remove=remove, complete=complete, track=progress)
    return inputs, outcome


def _write_manifests(ctx: click.Context, inputs: Inputs, outcome: Outcome, output: str, report: str | None) -> None:
    write_outcome(inputs, outcome, output, report)
    print_summary(outcome)
    ctx.exit(outcome.exit_code)


def _changed_files(inputs: Inputs, outcome: Outcome) -> Iterator[tuple[str | None, str | None, str, Sequence[int]]]:
    """The arguments of `unified` for each file: old text, new text, name, and where its items start."""
    for source, text, starts in zip(inputs.sources, outcome.texts, outcome.starts, strict=True):
        if text is not None:
            yield source.data.decode(), None if is_emptied(source, text) else text, source.name or "stdin", starts
    for path, _, text in new_files(inputs, outcome):
        yield None, text, str(path), ()


def _result_lines(result: Result) -> Iterator[tuple[str, str | None]]:
    yield result.line(), severity_color(result.severity)
    if result.proposed is not None:
        yield f"  write: {json.dumps(result.proposed, ensure_ascii=False)}", None
