"""kustomizations among the files of the input: which files they name that are no objects, but patches and values.

A strategic-merge patch looks like a Deployment, and a patch of a class like a class. kustomize merges them into the
objects that it builds; by themselves they are nothing.

Source: kustomize, `api/types/kustomization.go` (v5.8).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Any, Final

from krm_otel.dataclass import dataclass, field
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
_RESOURCES: Final = ("resources", "bases", "components")
"""Lists of files, folders and URLs with objects."""
_GENERATORS: Final = ("configMapGenerator", "secretGenerator")


@dataclass(frozen=True, slots=True)
class Kustomizations:
    """The kustomizations of an input.

    `named_by`: file that is no object → the kustomization that names it. `elsewhere`: kustomization → a folder, file or
    URL that it takes resources from, and that the input does not have.
    """

    named_by: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[Item]) -> Kustomizations:
        """Reads the kustomizations among some items."""
        named_by: dict[str, str] = {}
        resources: dict[str, list[str]] = {}
        items = list(items)
        for item in items:
            if _may_be(item) and (resource := item.resource) and (file := resource.ref.file):
                data = _decoded(resource)
                for path in _named_files(data):
                    named_by.setdefault(posixpath.normpath(posixpath.join(posixpath.dirname(file), path)), file)
                resources[file] = [str(entry) for key in _RESOURCES for entry in _list(data, key)]
        return cls(named_by, _elsewhere(resources, items) if any(resources.values()) else {})

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
        if not (workload.resource.file or self.named_by):
            return ""
        without_image = [container.name for container in workload.containers if not container.image]
        return f"a patch: the container {without_image[0]} has no image" if without_image else ""


def _may_be(item: Item) -> bool:
    """Whether an item is a kustomization: `apiVersion` and `kind` may be absent in the file."""
    if item.kind in ("Kustomization", "Component"):
        return item.group in ("", _GROUP)
    return not item.kind and posixpath.basename(item.file) in FILE_NAMES


def _decoded(resource: Resource) -> Any:
    try:
        return decode(resource.root)
    except (SourceError, RecursionError):
        return None


def _elsewhere(resources: dict[str, list[str]], items: Iterable[Item]) -> dict[str, str]:
    """Kustomization → the first of its resources that is neither a file of the input nor a folder with one."""
    files = {posixpath.normpath(item.file) for item in items if item.file}
    inside = files | {posixpath.dirname(file) or "." for file in files}
    elsewhere: dict[str, str] = {}
    for kustomization, entries in resources.items():
        folder = posixpath.dirname(kustomization)
        for entry in entries:
            if posixpath.normpath(posixpath.join(folder, entry)) not in inside:
                elsewhere.setdefault(kustomization, entry)
    return elsewhere


def _named_files(data: Any) -> Iterator[str]:
    """The paths of files that are no objects, relative to the kustomization's folder."""
    for key in _WITH_PATH:
        yield from (str(entry["path"]) for entry in _list(data, key) if isinstance(entry, dict) and "path" in entry)
    for key in _PATHS:
        yield from (entry for entry in _list(data, key) if isinstance(entry, str) and "\n" not in entry)
    for key in _GENERATORS:
        for generator in _list(data, key):
            for entry in (*_list(generator, "files"), *_list(generator, "envs")):
                yield str(entry).rpartition("=")[2]
    openapi = data.get("openapi") if isinstance(data, dict) else None
    if isinstance(openapi, dict) and isinstance(openapi.get("path"), str):
        yield openapi["path"]
    for chart in _list(data, "helmCharts"):
        if isinstance(chart, dict) and isinstance(chart.get("valuesFile"), str):
            yield chart["valuesFile"]
        yield from (entry for entry in _list(chart, "additionalValuesFiles") if isinstance(entry, str))


def _list(data: Any, key: str) -> list[Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else []
