"""What is to be put into one object, as plain data; how names and hashes tell what is ours in it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbcMapping
from dataclasses import dataclass, field, replace
from typing import Any

from krm_otel import names
from krm_otel.inject.patch.record import ContainerRecord, Record, digest
from krm_otel.inject.patch.renames import earlier
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import decode, direct, lookup, text_of

PodPath = tuple[str, ...]
"""Where the pod spec stands: `("spec", "template", "spec")` in a Deployment, `("spec",)` in a Pod."""
Lists = AbcMapping[str, tuple[dict[str, Any], ...]]
"""Name of a list → entries that are to be appended to it."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What joins a pod beside the environment: entries of the pod's lists, members of its template's metadata, and
    entries of lists of single containers, by index. `names`: a container without a name gets the one it goes by."""

    lists: Lists = field(default_factory=dict)
    template: AbcMapping[str, AbcMapping[str, str]] = field(default_factory=dict)
    containers: AbcMapping[int, Lists] = field(default_factory=dict)
    names: bool = False


@dataclass(frozen=True, slots=True)
class ContainerEdit:
    """What is to be put into one container: variables in order (value, or `valueFrom` as plain data), pairs to merge
    into the user's own `OTEL_RESOURCE_ATTRIBUTES` (env index, pairs), and entries of other lists (`volumeMounts`)."""

    name: str
    index: int
    env: tuple[tuple[str, str | dict[str, Any]], ...]
    merge: tuple[int, AbcMapping[str, str]] | None = None
    lists: Lists = field(default_factory=dict)
    adopted: tuple[tuple[int, str, str], ...] = ()
    """Values that are taken over: env index, name, new value."""
    own: tuple[str, ...] = ()
    """Variables that are not taken over, since they were changed by hand."""
    unnamed: bool = False
    """Whether the container has no name of its own and is to get `name`."""
    before: int | None = None
    """Index of the user's env entry that ours stood before; None: they go to the end."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put in."""
        return not self.env and self.merge is None and not self.adopted and not any(self.lists.values())


@dataclass(frozen=True, slots=True)
class ObjectEdit:
    """What is to be put into one object: into its containers, lists of the pod's spec (`volumes`, `containers`), and
    the metadata of its pod template (`annotations`, `labels`)."""

    class_name: str
    containers: tuple[ContainerEdit, ...]
    lists: Lists = field(default_factory=dict)
    template: AbcMapping[str, AbcMapping[str, str]] = field(default_factory=dict)
    enabled_by: str = ""
    """What enabled the class, where that is not the ClassRuntime itself."""

    template_alone: bool = False
    """The containers stay as they are: what the template's metadata says is all that there is."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put in."""
        return not self.template_alone and all(part.empty for part in self.containers)

    def standing_before(self, places: AbcMapping[int, int]) -> ObjectEdit:
        """The same with the places that `places` found."""
        containers = (replace(part, before=places.get(part.index)) for part in self.containers)
        return replace(self, containers=tuple(containers)) if places else self


def parts(record: Record, names_of: list[str], root: Mapping, pod: PodPath) -> list[tuple[int, ContainerRecord]]:
    """Which container (by index) each part of the record speaks of: by name, and a renamed one by what is in it.

    `names_of` are the names of the pod's containers, by index.
    """
    found = [(i, record.containers[name]) for i, name in enumerate(names_of) if name in record.containers]
    lost = [part for name, part in record.containers.items() if name not in names_of]
    for i, name in enumerate(names_of):
        if lost and name not in record.containers:
            env = lookup(root, *pod, "containers", i, "env")
            items = env.items if isinstance(env, Sequence) else []
            # Of two renamed ones, the one with more of its own: values differ by the container's name.
            likely = max(lost, key=lambda part: sum(is_ours(item, part.env) for item in items))
            if any(is_ours(item, likely.env) for item in items):
                found.append((i, likely))
                lost.remove(likely)
    return found


def changed_by_hand(record: Record, names_of: list[str], root: Mapping, pod: PodPath) -> dict[str, tuple[str, ...]]:
    """Container → variables of ours that somebody has changed since, now or earlier."""
    found = {}
    for index, part in parts(record, names_of, root, pod):
        env = lookup(root, *pod, "containers", index, "env")
        ours = part.env | {name: one.digest for name, one in part.adopted.items()}
        changed = {
            name
            for item in (env.items if isinstance(env, Sequence) else ())
            if (name := text_of(lookup(item, "name"))) is not None
            and (name in part.own or (name in ours and not is_ours(item, ours)))
        }
        if changed:
            found[names_of[index]] = tuple(sorted(changed))
    return found


def is_ours(item: Node, hashes: AbcMapping[str, str]) -> bool:
    """Whether an env entry is as we wrote it."""
    name = text_of(lookup(item, "name")) or ""
    if not isinstance(item, Mapping) or name not in hashes:
        return False
    try:
        return hashes[name] in _digests(_value(item))
    except SourceError:
        return False  # deeper or larger than anything of ours


def _value(item: Node) -> Any:
    """The value of an env entry as it is hashed: its text, or plain data where there is more than name and value."""
    if isinstance(item, Mapping) and len(item.pairs) == 2 and isinstance(value := direct(item, "value"), Scalar):
        return value.value  # nearly every entry
    rest = {key: value for key, value in decode(item).items() if key != "name"}
    value = lookup(item, "value")
    return value.value if isinstance(value, Scalar) and set(rest) == {"value"} else rest.get("valueFrom", rest)


def our_entries(node: Sequence, digests: list[str]) -> list[int]:
    """Indexes of the entries of a list that are as we wrote them: of several alike, the last ones."""
    left, found = list(digests), []
    for i in reversed(range(len(node.items))):
        if not left:
            break
        if ours := _first_in(left, node.items[i]):
            left.remove(ours)
            found.append(i)
    return found[::-1]


def _first_in(digests: list[str], item: Node) -> str | None:
    try:
        return next((hashed for hashed in _digests(decode(item)) if hashed in digests), None)
    except SourceError:
        return None


def _digests(value: Any) -> Iterator[str]:
    """The hash of a value as it is, then of what it may have been before a client carried names on."""
    yield digest(value)
    yield from map(digest, earlier(value))


def our_members(node: Mapping, hashes: AbcMapping[str, str]) -> list[int]:
    """Indexes of the members of a mapping that are as we wrote them, or that only we can write."""
    return [
        i
        for i, (k, v) in enumerate(node.pairs)
        if isinstance(k, Scalar)
        and k.value in hashes
        and (k.value in names.TEMPLATE_MEMBERS or (isinstance(v, Scalar) and hashes[k.value] == digest(v.value)))
    ]


def all_there(root: Mapping, pod: PodPath, record: Record, found: list[tuple[int, ContainerRecord]]) -> bool:
    """Whether nothing that the record tells of lists and metadata is missing or was changed; `found` are its parts."""
    lists: list[tuple[tuple[str | int, ...], list[str]]] = []
    lists += [((*pod, key), digests) for key, digests in record.lists.items()]
    lists += [((*pod, "containers", i, key), digests) for i, part in found for key, digests in part.lists.items()]
    for path, digests in lists:
        node = lookup(root, *path)
        if not isinstance(node, Sequence) or len(our_entries(node, digests)) < len(digests):
            return False
    for kind, hashes in record.template.items():
        node = lookup(root, *pod[:-1], "metadata", kind)
        if not isinstance(node, Mapping):
            return False
        values = {k.value: v for k, v in node.pairs if isinstance(k, Scalar)}
        if any(digest(text_of(values.get(key)) or "") != hashed for key, hashed in hashes.items()):
            return False
    return True


def attributes_in(env: Sequence) -> tuple[int, Scalar] | None:
    """The index and text of OTEL_RESOURCE_ATTRIBUTES in a container's `env`; None where it is not text."""
    indexes = [i for i, item in enumerate(env.items) if text_of(lookup(item, "name")) == names.E_ATTRIBUTES]
    value = direct(env.items[indexes[-1]], "value") if indexes else None
    return (indexes[-1], value) if isinstance(value, Scalar) else None
