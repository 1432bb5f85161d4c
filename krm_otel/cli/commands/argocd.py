"""`krm-otel argocd`: the commands of a config management plugin."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import click

from krm_otel.argocd import PARAMETERS, announcement, contains_kind, function_config
from krm_otel.cli import options
from krm_otel.cli.inputs.files import InputFile, Inputs, manifest_files, read_function_config, read_paths
from krm_otel.cli.output import print_lines, write_report
from krm_otel.cli.pipe import write_stdout
from krm_otel.cli.stream import stream
from krm_otel.names import CLASS_KIND, CONFIG_KIND
from krm_otel.run import Source, run
from krm_otel.views.lines import Detail, lines
from krm_otel.workloads.kustomizations import FILE_NAMES

_ACTIONS = ("discover", "generate", "parameters")


@click.command()
@click.argument("action", metavar="|".join(_ACTIONS), type=click.Choice(_ACTIONS))
@click.option("-c", "--fn-config", metavar="FILE", help="An OTelConfig that is not among the application's files.")
@options.report
@options.printing
@click.pass_context
def argocd(ctx: click.Context, action: str, fn_config: str | None, report: str | None, detail: Detail) -> None:
    """Serve Argo CD as a config management plugin. It runs in the folder of an application.

    discover prints the files that have a ClassRuntime: without one, the application is for another plugin. generate
    prints the manifests of the folder, or what `kustomize build` makes of it, with OpenTelemetry in them. The
    application's parameters (ARGOCD_APP_PARAMETERS) outrank an OTelConfig. If generate has nothing to print, it fails.

    \b
    Examples, in a plugin.yaml:
      discover: {find: {command: [krm-otel, argocd, discover]}}
      generate: {command: [krm-otel, argocd, generate]}
      parameters: {dynamic: {command: [krm-otel, argocd, parameters]}}
    """
    if action == "parameters":
        click.echo(json.dumps(announcement()))
    elif action == "discover":
        # It succeeds without any file, too: Argo CD would report an exit code as an error.
        for file in [] if _is_chart() else manifest_files(Path()):
            if _contains_kind(CLASS_KIND, file):
                click.echo(file)
    else:
        _generate(ctx, fn_config, report, detail)


def _generate(ctx: click.Context, fn_config: str | None, report: str | None, detail: Detail) -> None:
    if _is_chart():
        raise click.ClickException(
            "this is a Helm chart, which has no manifests yet: leave the Application to Helm, or commit what "
            "`helm template --post-renderer krm-otel` prints, and name that folder"
        )
    try:
        config = function_config(os.environ.get(PARAMETERS, ""))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    inputs = _read_application(has_config=fn_config is not None)
    if fn_config is not None:
        resource = read_function_config(fn_config)
        if resource is None or resource.kind != CONFIG_KIND:
            raise click.UsageError(f"-c {fn_config}: the file has no {CONFIG_KIND}: write one in it")
        # It is one of the items, so that the parameters can outrank it; the output does not have it.
        inputs = _joined(inputs, read_paths([fn_config]))
    outcome = run(inputs.sources, os.environ, function_config=config, complete=True)
    write_report(outcome, report)
    print_lines(lines(outcome, detail))
    text = "" if outcome.exit_code else stream(inputs, outcome)[0].decode()
    if unreadable := [result.ref.file for result in outcome.results if result.code == "unreadable-input"]:
        raise click.ClickException(
            f"{', '.join(unreadable)} cannot be read, and Argo CD would delete its objects, so nothing is printed: fix "
            "it, or move it into a hidden folder"
        )
    if not outcome.exit_code and not text.strip():
        raise click.ClickException(
            "the application has no manifests, and Argo CD would delete all its objects, so nothing is printed: add one"
        )
    write_stdout([text.encode()])
    ctx.exit(outcome.exit_code)


def _is_chart() -> bool:
    return Path("Chart.yaml").exists() and not any(Path(name).exists() for name in FILE_NAMES)


def _contains_kind(kind: str, file: Path) -> bool:
    """Whether a file contains an object of a kind; False for a file that cannot be read, which `generate` reports."""
    try:
        return file.is_file() and contains_kind(kind, file.read_bytes())
    except OSError:
        return False


def _read_application(*, has_config: bool) -> Inputs:
    """The files of the working folder, or what kustomize builds of them, with the OTelConfigs that it leaves out.

    Args:
        has_config: the user gives an OTelConfig, so those of the folder do not count.
    """
    if not any(Path(name).exists() for name in FILE_NAMES):
        inputs = read_paths(["."])
        for file in inputs.files:
            if not file.path.resolve().is_relative_to(Path.cwd()):
                raise click.ClickException(
                    f"{file.path} is a link that leads out of the application's folder, and whatever is there would be "
                    "printed among its manifests: put the file into the folder"
                )
        return inputs
    try:
        built = subprocess.run(["kustomize", "build", "."], capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise click.ClickException(
            "the folder has a kustomization, and there is no kustomize on PATH: use the argocd image"
        ) from None
    except subprocess.CalledProcessError as error:
        message = error.stderr.decode(errors="replace").strip()
        if "unable to load external plugin" in message:
            message += "\nThe plugin runs no functions: remove krm-otel's transformer or component, it does the same"
        raise click.ClickException(f"kustomize build failed: {message}") from None
    # With a name, generated objects are documents of their own at the end.
    path = Path("build.yaml")
    inputs = Inputs.of([InputFile(Source(built, str(path)), path, path)], is_complete=True)
    if has_config or contains_kind(CONFIG_KIND, built):
        return inputs
    # An OTelConfig is not a resource of a kustomization, and kustomize drops those with `local-config`.
    configs = [str(file) for file in sorted(Path().glob("*.y*ml")) if _contains_kind(CONFIG_KIND, file)]
    return _joined(inputs, read_paths(configs)) if configs else inputs


def _joined(first: Inputs, second: Inputs) -> Inputs:
    return Inputs.of(first.files + second.files, is_complete=True)
