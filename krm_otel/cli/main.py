"""`krm-otel`: without a subcommand the KRM function itself, and the commands for people."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

import krm_otel
from krm_otel.cli import options
from krm_otel.cli.output import print_summary, read_stdin, write_report, write_stdout
from krm_otel.run import Source, run

_MODULES = {
    "render": "manifests",
    "diff": "manifests",
    "uninject": "manifests",
    "validate": "manifests",
    "crd": "schemas",
    "init": "init",
    "argocd": "argocd",
    "schema": "schemas",
    "status": "status",
    "help": "help",
}
"""Command → module of this package that has it, as a function of the same name."""


class _Commands(click.Group):
    """Imports a command only when it is called, so that the function itself starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command = getattr(import_module(f"krm_otel.cli.{_MODULES[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


_HELP = f"""OpenTelemetry for OaaS applications, at GitOps render time.

Without a subcommand this is a KRM function: it reads a ResourceList (or a plain stream of manifests, as `helm
template` prints) on standard input, finds ClassRuntimes with spec.observability and their workloads, injects the
OpenTelemetry environment, removes earlier injections that are no longer asked for, and writes the same form to standard
output. Nothing else in the input changes.

\b
Function config (optional):
  apiVersion: fn.oaas.io/v1alpha1
  kind: OTelConfig
  metadata:
    name: otel
  spec:
    telemetry:
      sampling_rate: 0.05
      propagators: [w3c]
    collector:
      mode: external
      endpoint: http://otel-collector.observability:4317

\b
Examples:
  kpt fn eval apps/ --image localhost/krm-otel:{krm_otel.__version__} -- sampling_rate=0.05
  kpt fn eval apps/ --exec krm-otel --fn-config otel.yaml
  helm install shop ./chart --post-renderer krm-otel
  krm-otel diff apps/
  krm-otel render apps/ -o apps/
  krm-otel uninject apps/ -o apps/

Standard error says what happened to each workload. Exit code 0: no error; 1: errors, and no object of the input is
changed.
"""


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(krm_otel.__version__, prog_name="krm-otel")
@options.report
@click.pass_context
def cli(ctx: click.Context, report: str | None) -> None:
    """The function, if there is no subcommand; on a terminal, the help."""
    if ctx.invoked_subcommand is not None:
        if report:
            ctx.default_map = {ctx.invoked_subcommand: {"report": report}}
        return
    if sys.stdin is not None and sys.stdin.isatty():
        click.echo(ctx.get_help())
        return
    outcome = run([Source(read_stdin())], os.environ)
    write_report(outcome, report)
    write_stdout((outcome.texts[0] or "").encode())
    print_summary(outcome)
    ctx.exit(outcome.exit_code)


def main() -> None:
    """The console script."""
    # Nodes have no reference cycles: Python's garbage collection frees nothing and costs a third of the run.
    gc.disable()
    try:
        cli(prog_name="krm-otel")
    except Exception as error:  # a bug: clients need an exit code and no output, users a sentence
        if os.environ.get("KRM_OTEL_DEBUG"):
            raise
        click.secho(
            f"krm-otel: internal error, nothing is changed: {type(error).__name__}: {error}\n"
            "This is a bug. Set KRM_OTEL_DEBUG=1 to see where, and please report it.",
            err=True,
            fg="red",
        )
        sys.exit(1)
