"""What `krm-otel init` writes: for each client a working starting point, in the folder of its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from string import Template
from typing import Final

import krm_otel
from krm_otel.dataclass import replace
from krm_otel.starters.place import Place
from krm_otel.starters.steps import STEPS, render_command

CLIENTS: Final = tuple(STEPS)


def starter_files(client: str, place: Place) -> Iterator[tuple[PurePosixPath, str]]:
    """Paths below the user's folder, and texts, in order."""
    values = {
        "VERSION": krm_otel.__version__,
        "NAME": _scalar(place.name),
        "RESOURCES": "".join(f"\n  - {_scalar(path)}" for path in place.manifests) or " []",
        "RENDER": render_command(replace(place, folder=place.path_in_repository)),
        "RENDERED": _scalar(f"./{PurePosixPath(place.path_in_repository, 'rendered')}"),
    }
    others = place.existing.keys() - {"Kptfile", "kustomization.yaml"}  # of which kustomize takes one
    for path, text in _files_below(resources.files("krm_otel.starters") / client, PurePosixPath()):
        if others and path == PurePosixPath("kustomization.yaml"):
            continue
        yield path, Template(text).substitute(values)


def _scalar(text: str) -> str:
    """As YAML reads it back: quoted unless it is a plain path or name."""
    plain = re.fullmatch(r"[A-Za-z_./][\w./-]*", text, re.ASCII)
    word = re.fullmatch(r"y|n|yes|no|on|off|true|false|null", text, re.IGNORECASE)
    return text if plain and not word else json.dumps(text, ensure_ascii=False)


def _files_below(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files_below(entry, path / entry.name)
        else:
            yield path / entry.name, entry.read_text(encoding="utf-8")
