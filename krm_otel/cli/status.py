"""`krm-otel status`: how the classes of a cluster are, as patches of their status or as a table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import click

from krm_otel.cli import options
from krm_otel.cli.files import read_function_config
from krm_otel.cli.output import read_stdin, severity_colour, show
from krm_otel.conditions import CONFIGURED, DEGRADED
from krm_otel.config.sources.environment import source_date
from krm_otel.diagnostics.result import has_errors
from krm_otel.observe import ClassState, Observation, observe
from krm_otel.yamltext.emit import block

_HEAD = ("NAMESPACE", "CLASS", "MODE", "WORKLOADS", "COLLECTORS", "CONFIGURED", "DEGRADED", "MESSAGE")


@click.command("status")
@click.argument("source", metavar="-", type=click.Choice(["-"]), default="-")
@options.function_config
@click.option(
    "--format",
    "form",
    type=click.Choice(["patch", "table"]),
    default="patch",
    show_default=True,
    help="Patches for kubectl apply --server-side --subresource=status, or a table for people.",
)
@click.pass_context
def command(ctx: click.Context, source: str, fn_config: str | None, form: str) -> None:  # noqa: ARG001 - always stdin
    """Say how the telemetry of live classes is. Reads what kubectl prints; nothing is sent anywhere.

    The input holds ClassRuntimes, and what runs for them: workloads, Deployments and DaemonSets of collectors, Pods.

    \b
    Examples:
      kubectl get classruntimes,deployments,daemonsets,pods -A -o yaml | krm-otel status - --format table
      kubectl get classruntimes,deployments,daemonsets,pods -o yaml --show-managed-fields \\
        | krm-otel status - -c otel.yaml \\
        | kubectl apply --server-side --subresource=status --field-manager=krm-otel -f -
    """
    seen = observe(read_stdin(), read_function_config(fn_config), os.environ)
    for result in seen.results:
        if result.severity != "info":
            click.secho(result.line(), err=True, fg=severity_colour(result.severity))
    if not seen.states:
        ctx.exit(1)
    if form == "table":
        show(_table(seen))
    else:
        patches = seen.patches(source_date(os.environ))
        if not patches:
            click.echo("no class has telemetry on: nothing to say", err=True)
        show((line, None) for patch in patches for line in ("---", *block(patch)))
    ctx.exit(1 if has_errors(seen.results) else 0)


def _table(seen: Observation) -> Iterator[tuple[str, str | None]]:
    rows = [_HEAD, *(_row(state) for state in seen.states)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    for row, colour in zip(rows, [None, *map(_colour, seen.states)], strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), colour


def _row(state: ClassState) -> Sequence[str]:
    by_type = {one.type: one for one in state.conditions}
    configured, degraded = by_type.get(CONFIGURED), by_type.get(DEGRADED)
    resource = state.resource
    if configured is None:
        return (resource.namespace, resource.name, "-", str(state.workloads), "-", "-", "-", "telemetry is off")
    loud = degraded if degraded and degraded.status == "True" else configured
    return (
        resource.namespace,
        resource.name,
        state.mode or "-",
        str(state.workloads),
        state.collector or "-",
        f"{configured.status} ({configured.reason})",
        f"{degraded.status} ({degraded.reason})" if degraded else "-",
        loud.message,
    )


def _colour(state: ClassState) -> str | None:
    if not state.conditions:
        return None
    bad = {(CONFIGURED, "False"), (DEGRADED, "True")} & {(one.type, one.status) for one in state.conditions}
    return "yellow" if bad else "green"
