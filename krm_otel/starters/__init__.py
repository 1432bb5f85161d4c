"""What `krm-otel init` writes: for each client a working starting point, in the folder of its name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

import krm_otel

NEXT_STEPS: Final = {
    "kpt": (
        "If you had a Kptfile already, add the function to pipeline.mutators:\n"
        "    - exec: krm-otel\n"
        "      configPath: otelconfig.yaml",
        "Then: kpt fn render --allow-exec",
    ),
    "kustomize": (
        "In your overlay's kustomization.yaml, add:\n  components:\n    - krm-otel",
        "Then: kustomize build --enable-alpha-plugins. It runs the image that krm-otel/otelconfig.yaml names: build\n"
        "it from the Dockerfile, or write exec in that file and add --enable-exec.",
    ),
    "argocd": (
        "In the kustomization.yaml of your installation of Argo CD, add:\n  components:\n    - <this folder>",
        "Build the image from the Dockerfile, target argocd. application.yaml is an example of an Application.",
        "To try it, run in the folder of an application: krm-otel argocd generate",
    ),
    "helm": (
        "Helm 3: helm template RELEASE CHART --post-renderer krm-otel --post-renderer-args render \\\n"
        "  --post-renderer-args - --post-renderer-args -c --post-renderer-args otelconfig.yaml",
        "Helm 4: helm plugin install plugin, then\n"
        "  helm template RELEASE CHART --post-renderer krm-otel --post-renderer-args -c "
        "--post-renderer-args otelconfig.yaml",
    ),
}
"""Client → what to do after the files are written."""


def starter_files(client: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Paths below the user's folder, and texts, in order."""
    yield from _files_below(resources.files("krm_otel.starters") / client, PurePosixPath())


def _files_below(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files_below(entry, path / entry.name)
        else:
            yield path / entry.name, entry.read_text(encoding="utf-8").replace("@VERSION@", krm_otel.__version__)
