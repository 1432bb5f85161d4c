"""Which of our generated objects stay, change, come and go.

State lives in the manifests: an object is ours if it carries our generated-by annotation and the labels
`oaas.io/owner` and `component=otel`. A user's object that merely has the name is never touched: that is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krm_otel import names
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode

Key = tuple[str, str, str, str]
"""(API group, kind, namespace, name): what makes two manifests one object."""

COMPONENT: Final = "otel"
_END: Final = len("-otel-config")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object that a class wants to have. `path` is where kpt is to write it, beside the class (no path: kpt does not
    say where the class is), and `package` where that path starts; `file` is the same for plain files."""

    data: dict[str, Any]
    owner: Ref
    path: str = ""
    file: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class Existing:
    """A generated object of the input."""

    item: Item
    resource: Resource

    @property
    def owner(self) -> str:
        return self.resource.labels.get(names.L_OWNER, "")

    @property
    def enabled_by(self) -> str:
        """What enabled its class, where that is not the ClassRuntime alone."""
        return self.resource.annotations.get(names.A_ENABLED_BY, "")


def key_of(data: Mapping[str, Any]) -> Key:
    """The identity of plain data."""
    metadata = data["metadata"]
    return data["apiVersion"].rpartition("/")[0], data["kind"], metadata.get("namespace", ""), metadata["name"]


def keys_of(resource: Resource) -> list[Key]:
    """The identities of an object of the input: by its name, and by those that kustomize changed."""
    return [(resource.group, resource.kind, resource.namespace, name) for name in resource.names]


def existing(items: Iterable[Item]) -> list[Existing]:
    """The generated objects among the items."""
    return [
        Existing(item, resource)
        for item in items
        if item.mentions(names.A_GENERATED_BY) and (resource := item.resource) is not None and is_ours(resource)
    ]


def is_ours(resource: Resource) -> bool:
    """Whether an object may be pruned: annotation and both labels."""
    return (
        resource.annotations.get(names.A_GENERATED_BY) == names.GENERATOR
        and names.L_OWNER in resource.labels
        and resource.labels.get("component") == COMPONENT
    )


Taken = tuple[Ref, Result]
"""Who cannot have an object, and why."""


def collisions(items: Iterable[Item], wanted: Mapping[Key, Wanted], ours: Sequence[Existing]) -> list[Taken]:
    """Users' objects that have the name of one that is wanted; `ours` are no users' objects."""
    passed = {one.item.position for one in ours}
    # A cheap first question: the names that are wanted end alike, so that a few words tell who may have one of them;
    # only behind an escape could a name hide.
    ends: dict[tuple[str, str], set[str]] = {}
    for group, kind, _, name in wanted:
        ends.setdefault((group, kind), {"\\"}).add(name[-_END:])
    found = []
    for item in items:
        words = ends.get((item.group, item.kind), ())
        if item.position in passed or not any(item.mentions(word) for word in words):
            continue
        resource = item.resource
        if resource is None:
            continue
        for key in keys_of(resource):
            if key in wanted:
                owner = wanted[key].owner
                message = (
                    f"{owner} needs to generate {resource.kind} {resource.name}, and this one was not generated: "
                    "rename it, or set collector.endpoint and keep your own collector"
                )
                said = Result("name-taken", "error", message, resource.ref, "metadata.name", resource.name)
                found.append((owner, said))
                break
    return found


def both_want(key: Key, one: Ref, other: Ref) -> Taken:
    """Two owners need to generate the same object."""
    _, kind, _, name = key
    message = f"{one} and {other} both need to generate {kind} {name}: rename one of them"
    return other, Result("name-taken", "error", message, other, "metadata.name", name)


def same(found: Existing, wanted: Mapping[str, Any]) -> bool:
    """Whether a generated object is as it is wanted, but for what kpt and kustomize add on the way."""
    try:
        data = decode(found.resource.root)
    except SourceError:
        return False
    annotations = data.get("metadata", {}).get("annotations", {})
    kept = {name: value for name, value in annotations.items() if not names.in_transit(name)}
    return bool({**data, "metadata": {**data["metadata"], "annotations": kept}} == wanted)


def renewed(found: Existing, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted object with the place in the package that the existing one has."""
    transit = {name: value for name, value in found.resource.annotations.items() if names.in_transit(name)}
    return with_annotations(wanted, transit)


def placed(wanted: Wanted, index: int) -> dict[str, Any]:
    """The wanted object with the annotations that make kpt write it into its file."""
    if not wanted.path:
        return wanted.data
    place = {
        names.A_PATH: wanted.path,
        names.A_INDEX: str(index),
        names.A_INTERNAL_PATH: wanted.path,
        names.A_INTERNAL_INDEX: str(index),
    }
    if wanted.package:
        place[names.A_PACKAGE_PATH] = wanted.package
    return with_annotations(wanted.data, place)


def with_annotations(data: Mapping[str, Any], more: Mapping[str, str]) -> dict[str, Any]:
    """The object with further annotations."""
    metadata = data["metadata"]
    return {**data, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **more}}}


File = tuple[str, str]
"""A package, empty where kpt says none, and a path in it."""


def free_indexes(path: File, taken: Sequence[Existing]) -> Iterable[int]:
    """Indexes in a file that no generated object of it has, lowest first."""
    used = {found.resource.annotations.get(names.A_INDEX, "0") for found in taken if path_of(found) == path}
    index = 0
    while True:
        if str(index) not in used:
            yield index
        index += 1


def path_of(found: Existing) -> File:
    """Where kpt keeps a generated object."""
    annotations = found.resource.annotations
    return annotations.get(names.A_PACKAGE_PATH, ""), annotations.get(names.A_PATH, "")
