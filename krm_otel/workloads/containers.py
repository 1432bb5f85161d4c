"""The containers of a pod: their names and images, and what is wrong with the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import deref, is_null, lookup, text_of

UNNAMED: Final = "user-container"
"""What Knative calls a container that has no name."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of `spec.containers`.

    `node` is the entry's mapping, an alias followed: whoever edits has to look at the list itself for
    aliases. `named` is False where the name is what Knative will give, and does not stand in the text.
    """

    name: str
    index: int
    image: str
    node: Mapping
    path: Path
    named: bool = True


@dataclass(frozen=True, slots=True)
class Image:
    """The parts of an image reference; tag and digest are empty where they are not given."""

    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def basename(self) -> str:
        """The last part of the repository: `otel/opentelemetry-collector` → `opentelemetry-collector`."""
        return self.repository.rpartition("/")[2]


def parse_image(reference: str) -> Image:
    """`host:5000/team/echo:v1@sha256:…` → repository `host:5000/team/echo`, tag `v1`, the digest.

    A colon before the last slash belongs to the registry's port.
    """
    name, _, digest = reference.strip().partition("@")
    before, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return Image(name, "", digest)
    return Image(before, tag, digest)


def read_containers(
    resource: Resource, pod_path: Path, knative: bool
) -> tuple[tuple[Container, ...], tuple[Result, ...]]:
    """The containers of the pod at `pod_path`, and every fault of the list; faulty entries are left out."""
    path = (*pod_path, "containers")
    node = resource.node(*path)
    if is_null(node) or (isinstance(node, SequenceNode) and not node.items):
        # Only a warning: patches for kustomize look like this, and lie in the same folders as workloads.
        message = "there are no containers to instrument"
        return (), (Result("containers-missing", "warning", message, resource.ref, field_path(*path)),)
    if not isinstance(node, SequenceNode):
        return (), (
            _fault(
                resource,
                "containers-not-a-list",
                "containers has to be a list: write [{name: function, image: example}]",
                path,
            ),
        )

    faults: list[Result] = []
    entries: list[tuple[int, Mapping, str]] = []
    for index, item in enumerate(node.items):
        entry = deref(item)
        if isinstance(entry, Mapping):
            entries.append((index, entry, text_of(lookup(entry, "name")) or ""))
        else:
            message = "an entry of containers has to be a mapping: write {name: function, image: example}"
            faults.append(_fault(resource, "container-not-a-mapping", message, (*path, index)))

    taken = {name for _, _, name in entries if name}
    defaults = _DefaultNames(len(node.items), taken | _init_names(resource, pod_path)) if knative else None
    containers: list[Container] = []
    first: dict[str, int] = {}
    for index, entry, written in entries:
        name = written or (next(defaults) if defaults else "")
        if not name:
            faults.append(
                _fault(resource, "container-without-name", "a container has no name: write one", (*path, index, "name"))
            )
        elif name in first:
            message = f"two containers have the name {name}: entries {first[name]} and {index}; rename one"
            faults.append(_fault(resource, "container-name-twice", message, (*path, index, "name"), current=name))
        else:
            first[name] = index
            image = text_of(lookup(entry, "image")) or ""
            containers.append(Container(name, index, image, entry, (*path, index), bool(written)))
    return tuple(containers), tuple(faults)


class _DefaultNames:
    """The names that Knative gives to unnamed containers, one after the other.

    Its webhook (`applyDefaultContainerNames`) adds a number as soon as the pod has two containers, named or
    not, and goes past names that are taken, by init containers too.
    """

    def __init__(self, count: int, taken: set[str]):
        self._numbered = count > 1 or UNNAMED in taken
        self._taken = taken
        self._next = 0

    def __next__(self) -> str:
        if not self._numbered:
            return UNNAMED
        while True:
            name = f"{UNNAMED}-{self._next}"
            self._next += 1
            if name not in self._taken:
                return name


def _init_names(resource: Resource, pod_path: Path) -> set[str]:
    node = resource.node(*pod_path, "initContainers")
    if not isinstance(node, SequenceNode):
        return set()
    return {text_of(lookup(item, "name")) or "" for item in node.items}


def _fault(resource: Resource, code: str, message: str, path: Path, current: str | None = None) -> Result:
    return Result(code, "error", message, resource.ref, field_path(*path), current=current)
