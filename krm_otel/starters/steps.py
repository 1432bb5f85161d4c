"""What is left to do after `krm-otel init`: the commands to run, and what to add to files that were there before."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Final

from krm_otel.starters.place import Place
from krm_otel.workloads.kustomizations import FILE_NAMES


def steps(client: str, place: Place) -> list[str]:
    """What to do, in order. The last one ends with a command. Lines that are to be run or written are indented."""
    found = list(STEPS[client](place))
    if place.missing_on_path is not None:
        found.insert(0, f'Put krm-otel on your PATH:\n  export PATH={shlex.quote(place.missing_on_path)}:"$PATH"')
    return found


def render_command(place: Place) -> str:
    """How the folder that Flux applies is written."""
    config, output = _quoted(place, "krm-otel/otelconfig.yaml"), _quoted(place, "rendered")
    return f"krm-otel render {shlex.quote(place.folder)} -c {config} -o {output}"


def _kpt(place: Place) -> Iterator[str]:
    yield from _class_step(place)
    text = place.existing.get("Kptfile")
    if text is not None and not re.search(r"^[^#\n]*\b(exec|image):.*krm-otel", text, re.MULTILINE):
        yield (
            f"In {place.inside('Kptfile')}, add to the mutators of the pipeline:\n"
            "  pipeline:\n    mutators:\n      - exec: krm-otel\n        configPath: otelconfig.yaml"
        )
    yield f"Run:\n  kpt fn render {shlex.quote(place.folder)} --allow-exec"


def _kustomize(place: Place) -> Iterator[str]:
    file = _kustomization(place)
    if file is None and not place.has_class:
        yield f"{_class_text(place)},\nand list their files as resources in {place.inside('kustomization.yaml')}."
    yield from _component_step(place, file)
    yield f"Run:\n  kustomize build --enable-alpha-plugins --enable-exec {shlex.quote(place.folder)}"


def _argocd(place: Place) -> Iterator[str]:
    if place.has_class:
        yield (
            "To see what Argo CD will get, run in the folder of an application:\n"
            f"  cd {shlex.quote(place.folder)} && krm-otel argocd generate"
        )
    file = _kustomization(place)
    if file is not None and not place.has_class:
        yield from _component_step(place, file)
        yield f"Add the plugin to your Argo CD:\n  kubectl apply -k {shlex.quote(place.folder)} --namespace argocd"
    else:
        yield (
            f"Copy {place.inside('krm-otel')} beside the kustomization.yaml of your Argo CD, write in that file\n"
            "  components:\n    - krm-otel\nand run there:\n  kubectl apply -k . --namespace argocd"
        )


def _helm(place: Place) -> Iterator[str]:
    chart = "CHART" if place.chart is None else shlex.quote(place.chart)
    template = f"helm template {place.name} {chart} --post-renderer krm-otel"
    config = f"--post-renderer-args -c --post-renderer-args {_quoted(place, 'otelconfig.yaml')}"
    plugin = f"./{place.inside('plugin')}".replace("././", "./").replace(".//", "/")
    yield (
        f"Run{', with your chart instead of CHART' if place.chart is None else ''}. Helm 3:\n"
        f"  {template} \\\n    --post-renderer-args render --post-renderer-args - \\\n    {config}\n"
        "Helm 4:\n"
        f"  helm plugin install {shlex.quote(plugin)}\n"
        f"  {template} \\\n    {config}"
    )


def _flux(place: Place) -> Iterator[str]:
    yield from _class_step(place)
    yield (
        f"Run this, now and after each change, and commit {place.inside('rendered')}, which\n"
        f"{place.inside('krm-otel/sync.yaml')} tells Flux to apply:\n  {render_command(place)}"
    )


STEPS: Final[dict[str, Callable[[Place], Iterator[str]]]] = {
    "kpt": _kpt,
    "kustomize": _kustomize,
    "argocd": _argocd,
    "flux": _flux,
    "helm": _helm,
}
"""Client → what to do after its files are written."""


def _class_text(place: Place) -> str:
    where = "the working folder" if place.folder == "." else place.folder
    return f"Put a ClassRuntime with spec.observability.enabled: true, and its workloads, into {where}"


def _class_step(place: Place) -> Iterator[str]:
    if not place.has_class:
        yield f"{_class_text(place)}."


def _kustomization(place: Place) -> str | None:
    return next((name for name in FILE_NAMES if name in place.existing), None)


def _component_step(place: Place, file: str | None) -> Iterator[str]:
    if file is not None and not re.search(
        r"(^[ \t]*-|components:.*\W)[ \t]*krm-otel\b", place.existing[file], re.MULTILINE
    ):
        yield f"In {place.inside(file)}, add:\n  components:\n    - krm-otel"


def _quoted(place: Place, path: str) -> str:
    return shlex.quote(place.inside(path))
