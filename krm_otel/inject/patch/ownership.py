"""Which parts of an object krm-otel injected: those whose hashes are in its record. An edited value is the user's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbcMapping
from typing import Any, Final

from krm_otel import names
from krm_otel.dataclass import dataclass, field
from krm_otel.inject.patch.additions import Place, PodPath
from krm_otel.inject.patch.record import ContainerRecord, Record, digest
from krm_otel.inject.patch.renames import before_renaming
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import decode, direct, items_of, lookup, text_of


@dataclass(frozen=True, slots=True)
class InjectedObject:
    """A workload that has a record.

    Args:
        text, root: the object as it is.
        record: its record.
        pod: the path of the pod spec.
        container_names: the names of the pod's containers and init containers, by list and index.
    """

    text: str
    root: Mapping
    record: Record
    pod: PodPath
    container_names: AbcMapping[Place, str]
    _own_variables: dict[Place, dict[int, str]] = field(default_factory=dict)

    def own_variables(self, place: Place, container: ContainerRecord) -> dict[int, str]:
        """The entries of a recorded container's `env` that krm-otel injected: their names by index."""
        if place not in self._own_variables:
            hashes, own = container.env, dict[int, str]()
            for i, item in enumerate(self.env(place)):
                name, hashed = _name_and_hash(item, self.text)
                if name in hashes and (hashes[name] == hashed or is_injected(item, hashes)):
                    own[i] = name
            self._own_variables[place] = own
        return self._own_variables[place]

    def env(self, place: Place) -> list[Node]:
        """The entries of a container's `env`."""
        return items_of(lookup(self.root, *self.pod, *place, "env"))

    def containers(self) -> list[tuple[Place, ContainerRecord]]:
        """The recorded containers, by place: found by name, and a renamed container by its variables."""
        recorded, present = self.record.containers, self.container_names
        containers = [(place, recorded[name]) for place, name in present.items() if name in recorded]
        missing = [container for name, container in recorded.items() if name not in present.values()]
        for place, name in present.items():
            if missing and name not in recorded:
                # Of two renamed containers, the one with more of the variables: values differ by the container's name.
                counts = [sum(is_injected(item, container.env) for item in self.env(place)) for container in missing]
                if max(counts):
                    containers.append((place, missing.pop(counts.index(max(counts)))))
        return containers


def hand_edited(injected: InjectedObject) -> dict[str, tuple[str, ...]]:
    """Container → injected variables that somebody has edited, before this run or an earlier one."""
    edited = {}
    for place, container in injected.containers():
        hashes = container.env | {name: adopted.digest for name, adopted in container.adopted.items()}
        variables = {
            name
            for item in injected.env(place)
            if (name := text_of(lookup(item, "name"))) is not None
            and (name in container.hand_edited or (name in hashes and not is_injected(item, hashes)))
        }
        if variables:
            edited[injected.container_names[place]] = tuple(sorted(variables))
    return edited


def is_injected(item: Node, hashes: AbcMapping[str, str]) -> bool:
    """Whether an entry of `env` is as krm-otel wrote it; `hashes` are by name."""
    name = name_of(item)
    if not isinstance(item, Mapping) or name not in hashes:
        return False
    try:
        return hashes[name] in _digests(_value(item))
    except SourceError:
        return False  # deeper or larger than anything that is injected


_MOST_ENTRIES: Final = 4096
_entries: Final[dict[tuple[str, int], tuple[str, str]]] = {}
"""Text and column of an entry of `env` → its name and hash: most are the same in each workload of a class."""


def _name_and_hash(item: Node, text: str) -> tuple[str, str]:
    """The name of an entry of `env` in this text, and the hash of its value; empty where it has none."""
    entry = text[item.start : item.end]
    key = (entry, item.column)
    known = _entries.get(key)
    if known is None:
        try:
            known = (name_of(item), digest(_value(item)) if isinstance(item, Mapping) else "")
        except SourceError:
            return name_of(item), ""
        # What an alias means depends on other entries.
        if len(_entries) < _MOST_ENTRIES and not any(mark in entry for mark in "&*!<"):
            _entries[key] = known
    return known


def _value(item: Mapping) -> Any:
    """The value of an entry of `env`, as it is hashed: its text, or plain data where it has other fields."""
    if len(item.pairs) == 2 and isinstance(value := direct(item, "value"), Scalar):
        return value.value  # nearly every entry
    fields = {key: value for key, value in decode(item).items() if key != "name"}
    value = lookup(item, "value")
    return value.value if isinstance(value, Scalar) and set(fields) == {"value"} else fields.get("valueFrom", fields)


def injected_entries(node: Node | None, digests: list[str]) -> list[int]:
    """Indexes of the entries of a list that are as krm-otel wrote them: of several equal ones, the last."""
    remaining, indexes = list(digests), []
    for i, item in reversed(list(enumerate(node.items if isinstance(node, Sequence) else ()))):
        if not remaining:
            break
        if hashed := _first_match(item, remaining):
            remaining.remove(hashed)
            indexes.append(i)
    return indexes[::-1]


def _first_match(item: Node, digests: list[str]) -> str | None:
    try:
        return next((hashed for hashed in _digests(decode(item)) if hashed in digests), None)
    except SourceError:
        return None


def _digests(value: Any) -> Iterator[str]:
    """The hash of a value, then the hashes of what it may have been before kustomize renamed its references."""
    yield digest(value)
    yield from map(digest, before_renaming(value))


def injected_members(node: Mapping, hashes: AbcMapping[str, str]) -> list[int]:
    """Indexes of the members of a mapping that are as krm-otel wrote them, or that only krm-otel can write."""
    return [
        i
        for i, (key, value) in enumerate(node.pairs)
        if isinstance(key, Scalar)
        and key.value in hashes
        and (
            key.value in names.TEMPLATE_MEMBERS
            or (isinstance(value, Scalar) and hashes[key.value] == digest(value.value))
        )
    ]


def attributes_value(env: Iterable[tuple[int, Node]]) -> tuple[int, Scalar] | None:
    """Index and text of OTEL_RESOURCE_ATTRIBUTES in the entries of an `env`; of two, the last counts. None without
    one."""
    value = None
    for index, item in env:
        if name_of(item) == names.E_ATTRIBUTES and isinstance(scalar := direct(item, "value"), Scalar):
            value = index, scalar
    return value


def name_of(item: Node) -> str:
    """The name of an entry of a list; empty where it has none."""
    return text_of(lookup(item, "name")) or ""
