"""`krm-otel uninject`: everything that was injected comes out again."""

from __future__ import annotations

import os

import click

from krm_otel.cli import options
from krm_otel.cli.files import read_function_config, read_paths, write_outcome
from krm_otel.cli.output import tell, track
from krm_otel.run import run


@click.command("uninject")
@options.paths
@options.function_config
@options.output
@options.report
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, output: str, report: str | None) -> None:
    """Take everything out that krm-otel put into the manifests at PATH.

    What it injected into unchanged files comes out to the byte. Values that were edited since stay: they are yours.

    \b
    Examples:
      krm-otel uninject apps/ -o apps/         # in place
      kpt fn eval apps/ --exec 'krm-otel uninject -'
    """
    given = read_paths(paths)
    config = read_function_config(fn_config)
    outcome = run(given.sources, os.environ, function_config=config, remove=True, track=track)
    write_outcome(given, outcome, output, report)
    tell(outcome)
    ctx.exit(outcome.exit_code)
