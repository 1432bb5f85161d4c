"""`krm-otel validate`: the faults of the configuration and of what it meets, and nothing else."""

from __future__ import annotations

import json
import os

import click

from krm_otel.cli import options
from krm_otel.cli.files import read_function_config, read_paths
from krm_otel.cli.output import severity_colour, track, write_report
from krm_otel.run import run


@click.command("validate")
@options.paths
@options.function_config
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.report
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], fn_config: str | None, form: str, report: str | None) -> None:
    """Check the manifests at PATH and write results only. Exit code 0: no error; 1: errors.

    \b
    Examples:
      krm-otel validate apps/
      krm-otel validate apps/ -c otel.yaml --format json
    """
    given = read_paths(paths)
    config = read_function_config(fn_config)
    outcome = run(given.sources, os.environ, function_config=config, complete=given.complete, track=track)
    if form == "json":
        click.echo(json.dumps([result.to_dict() for result in outcome.results], indent=2, ensure_ascii=False))
    else:
        for result in outcome.results:
            click.secho(result.line(), fg=severity_colour(result.severity))
            if result.proposed is not None:
                click.echo(f"  write: {json.dumps(result.proposed, ensure_ascii=False)}")
    write_report(outcome, report)
    ctx.exit(outcome.exit_code)
