"""`krm-otel validate`: the faults of the configuration and of what it meets, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import click

from krm_otel.cli import options
from krm_otel.cli.files import read_function_config, read_paths
from krm_otel.cli.output import severity_colour, show, track, write_report
from krm_otel.diagnostics.result import Result
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
    write_report(outcome, report)
    if form == "json":
        text = json.dumps([result.to_dict() for result in outcome.results], indent=2, ensure_ascii=False)
        show([(text, None)])
    else:
        show(line for result in outcome.results for line in _lines(result))
    ctx.exit(outcome.exit_code)


def _lines(result: Result) -> Iterator[tuple[str, str | None]]:
    yield result.line(), severity_colour(result.severity)
    if result.proposed is not None:
        yield f"  write: {json.dumps(result.proposed, ensure_ascii=False)}", None
