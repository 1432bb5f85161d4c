"""`krm-otel diff`: what `render` would change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import click

from krm_otel.cli import options
from krm_otel.cli.files import Input, arrivals, goes, read_function_config, read_paths
from krm_otel.cli.output import show, tell, track, write_report
from krm_otel.run import Outcome, run
from krm_otel.views.diff import colour, unified


@click.command("diff")
@options.paths
@options.function_config
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@options.report
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, color: str, report: str | None) -> None:
    """Show what render would change at PATH. Exit code 0: nothing; 1: differences; 2: errors.

    \b
    Examples:
      krm-otel diff apps/
      krm-otel diff apps/ -c otel.yaml --color always | less -R
      helm template ./chart | krm-otel diff -
    """
    try:
        given = read_paths(paths)
        config = read_function_config(fn_config)
        outcome = run(given.sources, os.environ, function_config=config, complete=given.complete, track=track)
        lines = [line for file in _files(given, outcome) for line in unified(*file)]
        write_report(outcome, report)
        show(((line, colour(line)) for line in lines), color)
    except click.ClickException as fault:
        fault.show()
        ctx.exit(2)  # 1 would say that there are differences
    tell(outcome)
    ctx.exit(2 if outcome.exit_code else 1 if lines else 0)


def _files(given: Input, outcome: Outcome) -> Iterator[tuple[str | None, str | None, str, Sequence[int]]]:
    """Every file as it is, as it will be, its name, and where its items begin."""
    for source, text, starts in zip(given.sources, outcome.texts, outcome.starts, strict=True):
        if text is not None:
            yield source.data.decode(), None if goes(source, text) else text, source.name or "stdin", starts
    for file, _, text in arrivals(given, outcome):
        yield None, text, str(file), ()
