"""`krm-otel argocd`: the commands of a config management plugin."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import click

from krm_otel.argocd import PARAMETERS, announcement, applied, function_config, holds
from krm_otel.cli import options
from krm_otel.cli.files import Input, below, read_function_config, read_paths, stream
from krm_otel.cli.output import tell, write_report, write_stdout
from krm_otel.names import CLASS_KIND, CONFIG_KIND
from krm_otel.run import Source, run

_ASKED = ("discover", "generate", "parameters")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@click.command("argocd")
@click.argument("what", metavar="discover|generate|parameters", type=click.Choice(_ASKED))
@click.option(
    "-c", "--fn-config", "fn_config", metavar="FILE", help="An OTelConfig beside the application's own files."
)
@options.report
@click.pass_context
def command(ctx: click.Context, what: str, fn_config: str | None, report: str | None) -> None:
    """What Argo CD asks a config management plugin, in the folder of an application.

    discover prints the files that hold a ClassRuntime: an application with none is another plugin's. generate prints
    its manifests: the folder's, or what `kustomize build` makes of it, with OpenTelemetry in them. The application's
    parameters (ARGOCD_APP_PARAMETERS) rank above an OTelConfig. It never prints nothing and succeeds.

    \b
    Examples, in a plugin.yaml:
      discover: {find: {command: [krm-otel, argocd, discover]}}
      generate: {command: [krm-otel, argocd, generate]}
      parameters: {dynamic: {command: [krm-otel, argocd, parameters]}}
    """
    if what == "parameters":
        click.echo(json.dumps(announcement()))
        return
    if what == "discover":
        # Without a file it prints nothing, and that is no failure: Argo CD takes one for an error.
        for file in [] if _is_chart() else below(Path()):
            if _has(CLASS_KIND, file):
                click.echo(file)
        return
    if _is_chart():
        raise click.ClickException(
            "this is a Helm chart, which has no manifests yet: leave the Application to Helm, or commit what "
            "`helm template --post-renderer krm-otel` prints, and name that folder"
        )
    try:
        config = function_config(os.environ.get(PARAMETERS, ""))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    given = _folder(configured=fn_config is not None)
    if fn_config is not None:
        named = read_function_config(fn_config)
        if named is None or named.kind != CONFIG_KIND:  # it goes through with the manifests, and is left out of them
            raise click.UsageError(f"-c {fn_config}: an {CONFIG_KIND} is expected")
        given = _joined(given, read_paths([fn_config]))
    outcome = run(given.sources, os.environ, function_config=config, complete=True)
    write_report(outcome, report)
    tell(outcome)
    text = "" if outcome.exit_code else applied(stream(given, outcome).decode())
    if lost := [result.ref.file for result in outcome.results if result.code == "unreadable-input"]:
        raise click.ClickException(
            f"{', '.join(lost)} cannot be read, and what stands there would be deleted, so nothing is printed: mend "
            "it, or move it into a hidden folder"
        )
    if not outcome.exit_code and not text.strip():
        raise click.ClickException("the application has no manifests: nothing is printed, since that would delete all")
    write_stdout(text.encode())
    ctx.exit(outcome.exit_code)


def _is_chart() -> bool:
    return Path("Chart.yaml").exists() and not any(Path(name).exists() for name in _KUSTOMIZATIONS)


def _has(kind: str, file: Path) -> bool:
    """Whether a file holds an object of a kind; one that cannot be read is left for `generate` to tell of."""
    try:
        return file.is_file() and holds(kind, file.read_bytes())
    except OSError:
        return False


def _folder(*, configured: bool) -> Input:
    """The working folder's files, or what kustomize builds of them; `configured`: by a file beside them."""
    if not any(Path(name).exists() for name in _KUSTOMIZATIONS):
        return read_paths(["."])
    try:
        built = subprocess.run(["kustomize", "build", "."], capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise click.ClickException("there is a kustomization, and no kustomize on PATH: use the argocd image") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        if "unable to load external plugin" in said:
            said += (
                "\nThe plugin runs no functions: take the transformer or component of krm-otel out, it does the same"
            )
        raise click.ClickException(f"kustomize build failed: {said}") from None
    # A name makes generated objects follow as documents of their own.
    name = Path("build.yaml")
    made = Input((Source(built, str(name)),), (name,), (name,), complete=True)
    # An OTelConfig is no resource, and kustomize drops one that says local-config: what lies there counts.
    beside = [] if configured or holds(CONFIG_KIND, built) else sorted(Path().glob("*.y*ml"))
    configs = [str(file) for file in beside if _has(CONFIG_KIND, file)]
    return _joined(made, read_paths(configs)) if configs else made


def _joined(one: Input, other: Input) -> Input:
    return Input(one.sources + other.sources, one.files + other.files, one.places + other.places, complete=True)
