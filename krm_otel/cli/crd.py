"""`krm-otel crd`: the CustomResourceDefinition of ClassRuntime."""

from __future__ import annotations

import click

from krm_otel.crd.definition import definition
from krm_otel.yamltext.emit import block


@click.command("crd")
def command() -> None:
    """Print the CustomResourceDefinition of ClassRuntime, with spec.observability.

    It has all fields that upstream has released, so objects that are there stay valid.

    \b
    Examples:
      krm-otel crd | kubectl apply --server-side -f -
      krm-otel crd > crds/classruntimes.oaas.io.yaml
    """
    click.echo("\n".join(block(definition(), 0)))
