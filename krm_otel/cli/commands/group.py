"""The command line as click has it: the commands for people, and the function with options."""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from pathlib import Path

import click

import krm_otel
from krm_otel.cli import options
from krm_otel.cli.output import print_lines
from krm_otel.cli.pipe import function
from krm_otel.diagnostics.suggestion import nearest
from krm_otel.views.lines import Detail

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
"""Command → module of `krm_otel.cli.commands` that has it, as a function of the same name."""


class _Commands(click.Group):
    """Imports a command only when it is called, so that the function itself starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command = getattr(import_module(f"krm_otel.cli.commands.{_MODULES[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes each command with its whole first sentence; click would cut it off on a narrow terminal."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(200)) for name, command in commands if command])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; click's error, with what the user may have meant."""
        name = args[0]
        if name not in _MODULES and not name.startswith("-"):
            if Path(name).exists():
                ctx.fail(f"{name} is no command, but a path: write krm-otel render {name}, or validate or diff")
            near = nearest(name, _MODULES)
            ctx.fail(f"there is no command {name}: " + (f"did you mean {near}?" if near else "krm-otel -h lists all"))
        return super().resolve_command(ctx, args)


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
  eval "$(_KRM_OTEL_COMPLETE=bash_source krm-otel)"    # completion; also zsh_source, fish_source

Standard error says what happened to each workload, and ends with a line that sums it up. Exit code 0: no error; 1:
errors, and no object of the input is changed; 2: krm-otel cannot do what you ask for; 130: stopped by Ctrl-C.
"""


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    help=_HELP,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 120,
        # click makes no help narrower than 50 columns by itself.
        "terminal_width": columns if (columns := shutil.get_terminal_size().columns) < 50 else None,
    },
)
@click.version_option(krm_otel.__version__, prog_name="krm-otel")
@options.report
@options.printing
@click.pass_context
def cli(ctx: click.Context, report: str | None, detail: Detail) -> None:
    """The function, if there is no subcommand; on a terminal, the help."""
    if ctx.invoked_subcommand is not None:
        # What stands before the command holds for it, too.
        given = {"report": report, "detail": None if detail == "normal" else detail}
        ctx.default_map = {ctx.invoked_subcommand: {name: value for name, value in given.items() if value}}
        return
    if sys.stdin is not None and sys.stdin.isatty():
        click.echo(ctx.get_help())
        return
    ctx.exit(function(print_lines, report, detail))
