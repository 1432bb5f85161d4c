"""`krm-otel diff`: what `render` would change."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

import click

from krm_otel.cli import options
from krm_otel.cli.files import goes, read_function_config, read_paths
from krm_otel.cli.output import tell, track
from krm_otel.run import Outcome, Source, run
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
    except click.ClickException as fault:
        fault.show()
        ctx.exit(2)  # 1 would say that there are differences
    outcome = run(given.sources, os.environ, function_config=config, complete=given.complete, track=track)
    coloured = color == "always" or (color == "auto" and sys.stdout.isatty())
    different = False
    for name, old, new, starts in _files(given.sources, outcome):
        for line in unified(old, new, name, starts):
            different = True
            click.echo(click.style(line, fg=colour(line)) if coloured else line, color=coloured)
    tell(outcome, report)
    ctx.exit(2 if outcome.exit_code else 1 if different else 0)


def _files(sources: Sequence[Source], outcome: Outcome) -> Iterator[tuple[str, str | None, str | None, Sequence[int]]]:
    """Every file by name, as it is, as it will be, and where its items begin."""
    for source, text, starts in zip(sources, outcome.texts, outcome.starts, strict=True):
        if text is not None:
            yield source.name or "stdin", source.data.decode(), None if goes(source, text) else text, starts
    for name, text in outcome.new.items():
        yield name, None, text, ()
