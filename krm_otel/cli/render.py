"""`krm-otel render`: the function over files and folders, without kpt or kustomize."""

from __future__ import annotations

import os

import click

from krm_otel.cli import options
from krm_otel.cli.files import read_function_config, read_paths, write_outcome
from krm_otel.cli.output import tell, track
from krm_otel.run import run


@click.command("render")
@options.paths
@options.function_config
@options.output
@options.report
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, output: str, report: str | None) -> None:
    """Inject into the manifests at PATH (files, folders, or - for standard input).

    A whole folder holds every class: what was injected for one that is no longer there is taken out.

    \b
    Examples:
      krm-otel render apps/                    # one stream to standard output
      krm-otel render apps/ -o apps/           # in place
      krm-otel render apps/ -o rendered/       # into another folder
      krm-otel render apps/ -c otel.yaml -o -
      helm template ./chart | krm-otel render -
    """
    given = read_paths(paths)
    config = read_function_config(fn_config)
    outcome = run(given.sources, os.environ, function_config=config, complete=given.complete, track=track)
    write_outcome(given, outcome, output, report)
    tell(outcome)
    ctx.exit(outcome.exit_code)
