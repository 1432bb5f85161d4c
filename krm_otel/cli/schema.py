"""`krm-otel schema`: JSON Schema of what people write, for their editors."""

from __future__ import annotations

import json

import click

from krm_otel.crd.json_schema import SCHEMAS


@click.command("schema")
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def command(name: str) -> None:
    """Print a JSON Schema: of the block spec.observability, of a ClassRuntime with it, or of the function config.

    \b
    Examples:
      krm-otel schema fn-config > otelconfig.schema.json
      # yaml-language-server: $schema=otelconfig.schema.json    (first line of the file)
    """
    click.echo(json.dumps(SCHEMAS[name](), indent=2))
