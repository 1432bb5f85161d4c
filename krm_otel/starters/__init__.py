"""What `krm-otel init` writes: a working starting point for each client, as files below a folder of its name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

import krm_otel

NEXT: Final = {
    "kpt": (
        "In a Kptfile that was there already, add the function to pipeline.mutators:\n"
        "    - exec: krm-otel\n"
        "      configPath: otelconfig.yaml",
        "Then: kpt fn render --allow-exec",
    ),
    "kustomize": (
        "In your overlay's kustomization.yaml, add:\n  components:\n    - krm-otel",
        "Then: kustomize build --enable-alpha-plugins. It runs the image that krm-otel/otelconfig.yaml names: build\n"
        "it from the Dockerfile, or write exec there, and --enable-exec.",
    ),
    "argocd": (
        "In the kustomization.yaml of your installation of Argo CD, add:\n  components:\n    - <this folder>",
        "The image is the Dockerfile's target argocd. application.yaml is an example of one.",
        "Try it in an application's folder: krm-otel argocd generate",
    ),
    "helm": (
        "Helm 3: helm template RELEASE CHART --post-renderer krm-otel --post-renderer-args render \\\n"
        "  --post-renderer-args - --post-renderer-args -c --post-renderer-args otelconfig.yaml",
        "Helm 4: helm plugin install plugin, then\n"
        "  helm template RELEASE CHART --post-renderer krm-otel --post-renderer-args -c "
        "--post-renderer-args otelconfig.yaml",
    ),
}
"""Client → what to do with the files."""


def files(client: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Paths below the folder, and texts, in order."""
    yield from _below(resources.files("krm_otel.starters") / client, PurePosixPath())


def _below(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _below(entry, path / entry.name)
        else:
            yield path / entry.name, entry.read_text(encoding="utf-8").replace("@VERSION@", krm_otel.__version__)
