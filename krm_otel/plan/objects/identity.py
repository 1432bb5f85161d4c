"""Generated objects: those that classes need, those that the input holds, and names that users' objects have already.

The state is in the manifests: an object is generated if it has the annotation `generated-by` of krm-otel and the labels
`oaas.io/owner` and `component=otel`. A user's object that merely has the name is never touched: that is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krm_otel import names
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource

Key = tuple[str, str, str, str]
"""(API group, kind, namespace, name): what makes two manifests one object."""

Blocked = tuple[Ref, Result]
"""What owns objects that cannot be generated (a class or the OTelConfig), and why they cannot."""

COMPONENT: Final = "otel"
_ENDING: Final = len("-otel-config")


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """An object that a class needs.

    Args:
        data: the object.
        owner: the class, or the OTelConfig.
        path: where kpt writes the object, next to the class; empty: kpt does not say where the class is.
        file: the same for plain files.
        package: the package that `path` starts in.
    """

    data: dict[str, Any]
    owner: Ref
    path: str = ""
    file: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class ExistingObject:
    """A generated object of the input."""

    item: Item
    resource: Resource

    @property
    def owner_label(self) -> str:
        """The value of `oaas.io/owner`, which may be a shortened form of the class's name."""
        return self.resource.labels.get(names.L_OWNER, "")

    @property
    def enabled_by(self) -> str:
        """What enabled its class, where that is not the ClassRuntime alone."""
        return self.resource.annotations.get(names.A_ENABLED_BY, "")

    def key(self, desired: Mapping[Key, DesiredObject]) -> Key | None:
        """Its key among the desired objects; None where it is not desired."""
        return next((key for key in keys_of(self.resource) if key in desired), None)


def key_of(data: Mapping[str, Any]) -> Key:
    """The identity of plain data."""
    metadata = data["metadata"]
    return data["apiVersion"].rpartition("/")[0], data["kind"], metadata.get("namespace", ""), metadata["name"]


def keys_of(resource: Resource) -> list[Key]:
    """The identities of an object of the input: by its name, and by the earlier names that kustomize recorded."""
    return [(resource.group, resource.kind, resource.namespace, name) for name in resource.names]


def existing_objects(items: Iterable[Item]) -> list[ExistingObject]:
    """The generated objects among the items."""
    return [
        ExistingObject(item, resource)
        for item in items
        if item.mentions(names.A_GENERATED_BY)
        and (resource := item.resource) is not None
        and is_generated_object(resource)
    ]


def is_generated_object(resource: Resource) -> bool:
    """Whether an object may be pruned: it has the annotation and both labels."""
    return (
        resource.annotations.get(names.A_GENERATED_BY) == names.GENERATOR
        and names.L_OWNER in resource.labels
        and resource.labels.get("component") == COMPONENT
    )


def name_collisions(
    items: Iterable[Item], desired: Mapping[Key, DesiredObject], existing: Sequence[ExistingObject]
) -> list[Blocked]:
    """The owners whose objects have the name of a user's object."""
    generated = {entry.item.position for entry in existing}
    # Composing an item is expensive. Desired names end alike, so a few words tell which items may have one of them;
    # only an escape could hide a name.
    endings: dict[tuple[str, str], set[str]] = {}
    for group, kind, _, name in desired:
        endings.setdefault((group, kind), {"\\"}).add(name_ending(name))
    blocked = []
    for item in items:
        words = endings.get((item.group, item.kind), ())
        if item.position in generated or not any(item.mentions(word) for word in words):
            continue
        resource = item.resource
        key = ExistingObject(item, resource).key(desired) if resource else None
        if resource is not None and key is not None:
            owner = desired[key].owner
            text = f"{owner} needs to generate {resource.kind} {resource.name}, and this one was not generated"
            fix = "rename it, or set collector.endpoint and keep your own collector"
            where = Location(resource.ref, "metadata.name")
            blocked.append((owner, rules.NAME_TAKEN.at(where, text, fix=fix, current=resource.name)))
    return blocked


def same_object_desired(key: Key, first: Ref, second: Ref) -> Blocked:
    """The second of two owners that need to generate the same object."""
    _, kind, _, name = key
    text = f"{first} and {second} both need to generate {kind} {name}"
    where = Location(second, "metadata.name")
    return second, rules.NAME_TAKEN.at(where, text, fix="rename one of them", current=name)


def name_ending(name: str) -> str:
    """The end that a generated name shares with most others."""
    return name[-_ENDING:]


def with_annotations(data: Mapping[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    """The object with further annotations."""
    metadata = data["metadata"]
    return {**data, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}
