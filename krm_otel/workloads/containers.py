"""The containers of a pod, and the faults of their list; init containers, which only their workload can choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import deref, is_null, items_of, lookup, text_of

UNNAMED: Final = "user-container"
"""What Knative calls a container that has no name."""

INIT_CONTAINERS: Final = "initContainers"

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of `spec.containers`, or of `spec.initContainers`.

    Args:
        name: as written, or as Knative will call it.
        index: its index in the list.
        image: its image reference, as written.
        node: the entry's mapping, an alias followed; an edit has to look for aliases in the list itself.
        path: its path in the object.
        named: whether the name is written in the text.
    """

    name: str
    index: int
    image: str
    node: Mapping
    path: Path
    named: bool = True

    @property
    def place(self) -> tuple[str, int]:
        """The list that it is in, and its index there."""
        return str(self.path[-2]), self.index

    @property
    def is_init(self) -> bool:
        """Whether it is an init container."""
        return self.path[-2] == INIT_CONTAINERS

    @property
    def stays(self) -> bool:
        """Whether it runs along with the pod: also as a native sidecar, an init container that stays."""
        return not self.is_init or text_of(lookup(self.node, "restartPolicy")) == "Always"


def read_containers(
    resource: Resource, pod_path: Path, knative: bool
) -> tuple[tuple[Container, ...], tuple[Result, ...]]:
    """The containers of the pod spec at `pod_path`, and every fault of the list; faulty entries are left out."""
    path = (*pod_path, "containers")
    node = resource.node(*path)
    ref, field = resource.ref, field_path(*path)
    if is_null(node) or (isinstance(node, SequenceNode) and not node.items):
        # Only a warning: patches for kustomize look like this, and are in the same folders as workloads.
        return (), (rules.CONTAINERS_MISSING.at(Location(ref, field), "there are no containers to instrument"),)
    if not isinstance(node, SequenceNode):
        location = Location(ref, field, "containers")
        fix = "write [{name: function, image: example}]"
        return (), (rules.CONTAINERS_NOT_A_LIST.at(location, "has to be a list", fix=fix),)

    faults: list[Result] = []
    entries: list[tuple[int, Mapping, str]] = []
    for index, item in enumerate(node.items):
        entry = deref(item)
        if isinstance(entry, Mapping):
            entries.append((index, entry, text_of(lookup(entry, "name")) or ""))
        else:
            location = Location(ref, field_path(*path, index), f"containers[{index}]")
            fix = "write {name: function, image: example}"
            faults.append(rules.CONTAINER_NOT_A_MAPPING.at(location, "has to be a mapping", fix=fix))

    taken = {name for _, _, name in entries if name}
    taken |= {text_of(lookup(item, "name")) or "" for item in items_of(resource.node(*pod_path, INIT_CONTAINERS))}
    default_names = _default_names(len(node.items), taken) if knative else iter(())
    containers: dict[str, Container] = {}
    for index, entry, written_name in entries:
        name = written_name or next(default_names, "")
        if not name:
            location = Location(ref, field_path(*path, index, "name"))
            faults.append(rules.CONTAINER_WITHOUT_NAME.at(location, "a container has no name", fix="write one"))
        elif name in containers:
            location = Location(ref, field_path(*path, index, "name"))
            text = f"two containers have the name {name}, entries {containers[name].index} and {index}"
            faults.append(rules.CONTAINER_NAME_TWICE.at(location, text, fix="rename one", current=name))
        else:
            image = text_of(lookup(entry, "image")) or ""
            containers[name] = Container(name, index, image, entry, (*path, index), bool(written_name))
    return tuple(containers.values()), tuple(faults)


def read_init_containers(resource: Resource, pod_path: Path, containers: Iterable[Container]) -> tuple[Container, ...]:
    """The init containers of a pod that have a name of their own."""
    path, taken = (*pod_path, INIT_CONTAINERS), {container.name for container in containers}
    found: dict[str, Container] = {}
    for index, item in enumerate(items_of(resource.node(*path))):
        entry, name = deref(item), text_of(lookup(item, "name"))
        if isinstance(entry, Mapping) and name and name not in taken:
            found.setdefault(name, Container(name, index, text_of(lookup(entry, "image")) or "", entry, (*path, index)))
    return tuple(found.values())


def _default_names(containers: int, taken: set[str]) -> Iterator[str]:
    """The names that Knative gives to unnamed containers, in order.

    Its webhook (`applyDefaultContainerNames`) adds a number as soon as the pod has two containers, named or not. It
    skips names that are taken, by init containers too.
    """
    if containers == 1 and UNNAMED not in taken:
        yield UNNAMED
    yield from (name for number in count() if (name := f"{UNNAMED}-{number}") not in taken)
