"""`krm-otel status`: the state of the classes in a cluster, as patches of their status or as a table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import click

from krm_otel.cli import options
from krm_otel.cli.inputs.files import read_function_config
from krm_otel.cli.output import print_lines, write_text
from krm_otel.cli.pipe import read_stdin
from krm_otel.cli.terminal import COLORS
from krm_otel.conditions import CONFIGURED, DEGRADED
from krm_otel.config.sources.shared import source_date
from krm_otel.diagnostics.result import has_errors
from krm_otel.observe.classes import ClassState, observe
from krm_otel.observe.status_patch import status_patches
from krm_otel.views.lines import Line
from krm_otel.views.summary import plural
from krm_otel.yamltext.emit import block

_HEAD = ("NAMESPACE", "CLASS", "MODE", "WORKLOADS", "COLLECTORS", "CONFIGURED", "DEGRADED", "MESSAGE")


@click.command()
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
@options.color
@click.pass_context
def status(ctx: click.Context, source: str, fn_config: str | None, form: str) -> None:  # noqa: ARG001 - always stdin
    """Show the state of the telemetry of live classes. It reads the output of kubectl and sends nothing anywhere.

    The input has ClassRuntimes and what runs for them: workloads, Deployments and DaemonSets of collectors, Pods.

    \b
    Examples:
      kubectl get classruntimes,deployments,daemonsets,pods -A -o yaml | krm-otel status - --format table
      kubectl get classruntimes,deployments,daemonsets,pods -o yaml --show-managed-fields \\
        | krm-otel status - -c otel.yaml \\
        | kubectl apply --server-side --subresource=status --field-manager=krm-otel -f -
    """
    observation = observe(read_stdin(), read_function_config(fn_config), os.environ)
    print_lines(Line(result.line(), result.severity) for result in observation.results if result.severity != "info")
    if not observation.states:
        ctx.exit(1)
    if form == "table":
        write_text(*_table(observation.states))
    else:
        patches = status_patches(observation.states, source_date(os.environ))
        if not patches:
            click.echo("telemetry is off for every class: there is nothing to patch", err=True)
        write_text(*(line for patch in patches for line in ("---", *block(patch))))
    print_lines([Line(_summary(observation.states))])
    ctx.exit(1 if has_errors(observation.results) else 0)


def _summary(states: Sequence[ClassState]) -> str:
    """The line that a run ends with."""
    on = [state for state in states if state.conditions]
    degraded = sum((c.type, c.status) == (DEGRADED, "True") for state in on for c in state.conditions)
    parts = [plural(len(states), "class"), f"telemetry is on in {len(on) or 'none'}"]
    return f"krm-otel: {'; '.join([*parts, *([f'{degraded} degraded'] if degraded else [])])}"


def _table(states: Sequence[ClassState]) -> Iterator[str]:
    rows = [_HEAD, *map(_row, states)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, color in zip(rows, [None, *map(_color, states)], strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield click.style(line, fg=color) if color is not None else line


def _row(state: ClassState) -> tuple[str, ...]:
    by_type = {condition.type: condition for condition in state.conditions}
    configured, degraded = by_type.get(CONFIGURED), by_type.get(DEGRADED)
    name, workloads = (state.resource.namespace, state.resource.name), str(state.workloads)
    if configured is None:
        return (*name, "-", workloads, "-", "-", "-", "telemetry is off")
    return (
        *name,
        state.mode or "-",
        workloads,
        state.collector or "-",
        f"{configured.status} ({configured.reason})",
        f"{degraded.status} ({degraded.reason})" if degraded else "-",
        degraded.message if degraded and degraded.status == "True" else configured.message,
    )


def _color(state: ClassState) -> int | None:
    if not state.conditions:
        return None
    statuses = {(condition.type, condition.status) for condition in state.conditions}
    return COLORS["warning" if statuses & {(CONFIGURED, "False"), (DEGRADED, "True")} else "+"]
