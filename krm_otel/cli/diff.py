"""`krm-otel diff`: what `render` would change."""

from __future__ import annotations

import os
import sys

import click

from krm_otel.cli import options
from krm_otel.cli.files import goes, read_function_config, read_paths
from krm_otel.cli.output import tell, track
from krm_otel.run import run
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
    pairs: list[tuple[str, str | None, str | None]] = [
        (source.name or "stdin", source.data.decode(), None if goes(source, text) else text)
        for source, text in zip(given.sources, outcome.texts, strict=True)
        if text is not None
    ]
    pairs += [(name, None, text) for name, text in outcome.new.items()]
    for name, old, new in pairs:
        for line in unified(old, new, name):
            different = True
            click.echo(click.style(line, fg=colour(line)) if coloured else line, color=coloured)
    tell(outcome, report)
    ctx.exit(2 if outcome.exit_code else 1 if different else 0)
