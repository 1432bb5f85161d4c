"""kustomizations among the files of the input: which files they name that are no objects, but patches and values.

A strategic-merge patch looks like a Deployment, and a patch of a class like a class. kustomize merges them into the
objects that it builds; by themselves they are nothing.

Source: kustomize, `api/types/kustomization.go` (v5.8).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import Workload
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode

FILE_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_GROUP: Final = "kustomize.config.k8s.io"
_WITH_PATH: Final = ("patches", "patchesJson6902", "replacements")
"""Lists of mappings with a `path`."""
_PATHS: Final = ("patchesStrategicMerge", "configurations", "crds")
"""Lists of paths."""
_GENERATORS: Final = ("configMapGenerator", "secretGenerator")


@dataclass(frozen=True, slots=True)
class Kustomizations:
    """The kustomizations of an input.

    `named_by`: file that is no object → the kustomization that names it.
    """

    named_by: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[Item]) -> Kustomizations:
        """Reads the kustomizations among some items."""
        named_by: dict[str, str] = {}
        for item in items:
            if _may_be(item) and (resource := item.resource) and (file := resource.ref.file):
                for path in _named_files(resource):
                    named_by.setdefault(posixpath.normpath(posixpath.join(posixpath.dirname(file), path)), file)
        return cls(named_by)

    def naming(self, resource: Resource) -> str:
        """The kustomization that names the file of an object as a patch or the like; empty where none does."""
        if not self.named_by:
            return ""
        return self.named_by.get(posixpath.normpath(resource.ref.file), "")

    def patch_reason(self, workload: Workload) -> str:
        """Why an object is a patch for kustomize, and no workload; empty where it is none.

        In files, and beside a kustomization, also a container without an image says so: Kubernetes demands one.
        """
        if file := self.naming(workload.resource):
            folder = posixpath.dirname(file) or "."
            return f"a patch named in {file}; to render what that builds: kustomize build {folder} | krm-otel render -"
        without_image = [container.name for container in workload.containers if not container.image]
        if without_image and (workload.resource.file or self.named_by):
            return f"a patch: the container {without_image[0]} has no image"
        return ""


def _may_be(item: Item) -> bool:
    """Whether an item is a kustomization: `apiVersion` and `kind` may be absent in the file."""
    if item.kind in ("Kustomization", "Component"):
        return item.group in ("", _GROUP)
    return not item.kind and posixpath.basename(item.file) in FILE_NAMES


def _named_files(resource: Resource) -> Iterator[str]:
    """The paths of files that are no objects, relative to the kustomization's folder."""
    try:
        data: Any = decode(resource.root)
    except (SourceError, RecursionError):
        return
    for key in _WITH_PATH:
        yield from (str(entry["path"]) for entry in _list(data, key) if isinstance(entry, dict) and "path" in entry)
    for key in _PATHS:
        yield from (entry for entry in _list(data, key) if isinstance(entry, str) and "\n" not in entry)
    for key in _GENERATORS:
        for generator in _list(data, key):
            for entry in (*_list(generator, "files"), *_list(generator, "envs")):
                yield str(entry).rpartition("=")[2]
    openapi = data.get("openapi")
    if isinstance(openapi, dict) and isinstance(openapi.get("path"), str):
        yield openapi["path"]
    for chart in _list(data, "helmCharts"):
        if isinstance(chart, dict) and isinstance(chart.get("valuesFile"), str):
            yield chart["valuesFile"]
        yield from (entry for entry in _list(chart, "additionalValuesFiles") if isinstance(entry, str))


def _list(data: Any, key: str) -> list[Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else []
