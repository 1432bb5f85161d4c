"""`krm-otel crd` and `krm-otel schema`: the schemas of what users write, for servers and for editors."""

from __future__ import annotations

import json

import click

from krm_otel.cli import options
from krm_otel.crd.definition import definition
from krm_otel.crd.json_schema import SCHEMAS
from krm_otel.yamltext.emit import block


@click.command()
@options.color
def crd() -> None:
    """Print the CustomResourceDefinition of ClassRuntime.

    It has spec.observability, and all fields that upstream has released, so existing objects stay valid.

    \b
    Examples:
      krm-otel crd | kubectl apply --server-side -f -
      krm-otel crd > crds/classruntimes.oaas.io.yaml
    """
    click.echo("\n".join(block(definition())))


@click.command()
@click.argument("name", type=click.Choice(list(SCHEMAS)))
@options.color
def schema(name: str) -> None:
    """Print a JSON Schema for editors.

    It is the schema of spec.observability, of a ClassRuntime with it, or of the function config.

    \b
    Examples:
      krm-otel schema fn-config > otelconfig.schema.json
      # yaml-language-server: $schema=otelconfig.schema.json    (first line of the file)
    """
    click.echo(json.dumps(SCHEMAS[name](), indent=2))
