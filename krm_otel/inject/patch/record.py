"""The record: what was injected into one object, in its annotation `oaas.io/otel-injected`.

It holds what cannot be derived when the injection is taken out again: the names that are ours with a hash of each
value (a value that no longer fits is the user's), the exact text that an edit replaced, and which keys were ours.
It is compact JSON, in ASCII, sorted: the same injection has the same record everywhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

VERSION: Final = 1
MAX_BYTES: Final = 32 * 1024
"""All annotations of an object together may have 256 KiB; a record that needs more than this is a mistake."""


@dataclass(slots=True)
class Merge:
    """A scalar of the user's that our keys were merged into: `OTEL_RESOURCE_ATTRIBUTES`.

    `text` is its exact old text, `keys` our keys with hashes of their values, `digest` that of the whole new value.
    """

    text: str
    keys: dict[str, str]
    digest: str


@dataclass(slots=True)
class Adopted:
    """A value of the user's that ours stands for: its exact old text, and a hash of the new value."""

    text: str
    digest: str


@dataclass(slots=True)
class ContainerRecord:
    """What is ours in one container: variables with hashes of their values, and in its other lists (`volumeMounts`,
    `ports`) hashes of whole entries. `opened`: list → what `Editor.append` returned."""

    env: dict[str, str] = field(default_factory=dict)
    merge: Merge | None = None
    lists: dict[str, list[str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    adopted: dict[str, Adopted] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    """With `adopt`: variables that were changed by hand since; they are the user's for good."""


@dataclass(slots=True)
class StateRecord:
    """What is ours in the `status` of a ClassRuntime: entries of `conditions` and `resource_refs` by their hashes,
    and the values that ours stand for: condition type → field → the exact old text and a hash of the new value.

    `added` are fields that such a condition did not have, `generation` says that `observed_generation` is ours.
    """

    conditions: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    replaced: dict[str, dict[str, Adopted]] = field(default_factory=dict)
    added: dict[str, dict[str, str]] = field(default_factory=dict)
    generation: bool = False


@dataclass(slots=True)
class Record:
    """What is ours in one object: in its containers, in lists of the pod's spec (`volumes`, `containers`) by hashes of
    whole entries, and in the metadata of its pod template (`annotations`, `labels`) by hashes of values. `opened`:
    place → what `Editor.append` or `Editor.add` returned."""

    class_name: str
    containers: dict[str, ContainerRecord] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    template: dict[str, dict[str, str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    enabled_by: str = ""
    """What enabled the class, where that is not the ClassRuntime itself: `OTelConfig`."""
    state: StateRecord | None = None
    """In a ClassRuntime: what is ours in its status."""

    def dump(self) -> str:
        """The annotation's value."""
        return json.dumps(_compact(self), separators=(",", ":"), sort_keys=True)


def digest(value: Any) -> str:
    """A short hash of plain data; it tells an edited value from ours, it protects nothing."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _compact(record: Record) -> dict[str, Any]:
    data: dict[str, Any] = {"v": VERSION, "class": record.class_name}
    containers: dict[str, Any] = {}
    for name, part in record.containers.items():
        entry: dict[str, Any] = {"env": part.env}
        if part.merge:
            entry["merge"] = {"text": part.merge.text, "keys": part.merge.keys, "hash": part.merge.digest}
        if part.adopted:
            entry["adopted"] = _adopted(part.adopted)
        if part.own:
            entry["own"] = part.own
        if part.lists:
            entry["lists"] = part.lists
        if part.opened:
            entry["opened"] = part.opened
        containers[name] = entry
    data["containers"] = containers
    if record.lists:
        data["lists"] = record.lists
    if record.template:
        data["template"] = record.template
    if record.opened:
        data["opened"] = record.opened
    if record.enabled_by:
        data["enabledBy"] = record.enabled_by
    if state := record.state:
        written = {"conditions": state.conditions, "refs": state.refs, "added": state.added}
        replaced = {kind: _adopted(fields) for kind, fields in state.replaced.items()}
        generation = {"generation": True} if state.generation else {}
        data["status"] = {k: v for k, v in {**written, "replaced": replaced}.items() if v} | generation
    return data


def _adopted(values: dict[str, Adopted]) -> dict[str, dict[str, str]]:
    return {name: {"text": one.text, "hash": one.digest} for name, one in values.items()}


def load(text: str) -> Record | None:
    """The record in an annotation's value; None where it is none (edited, cut off, of another version)."""
    try:
        data = json.loads(text)
        if data["v"] != VERSION:
            return None
        containers = {_text(name): _container(part) for name, part in data["containers"].items()}
        template = {_text(kind): _texts(members) for kind, members in data.get("template", {}).items()}
        lists, opened = _lists(data.get("lists", {})), _texts(data.get("opened", {}))
        state = _state(data["status"]) if "status" in data else None
        enabled_by = _text(data.get("enabledBy", ""))
        return Record(_text(data["class"]), containers, lists, template, opened, enabled_by, state)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _container(data: Any) -> ContainerRecord:
    merge = data.get("merge")
    return ContainerRecord(
        _texts(data["env"]),
        Merge(_text(merge["text"]), _texts(merge["keys"]), _text(merge["hash"])) if merge else None,
        _lists(data.get("lists", {})),
        _texts(data.get("opened", {})),
        _values(data.get("adopted", {})),
        [_text(name) for name in _list(data.get("own", []))],
    )


def _state(data: Any) -> StateRecord:
    lists = _lists({key: data.get(key, []) for key in ("conditions", "refs")})
    return StateRecord(
        lists["conditions"],
        lists["refs"],
        {_text(kind): _values(fields) for kind, fields in data.get("replaced", {}).items()},
        {_text(kind): _texts(fields) for kind, fields in data.get("added", {}).items()},
        data.get("generation") is True,
    )


def _values(data: Any) -> dict[str, Adopted]:
    return {_text(k): Adopted(_text(v["text"]), _text(v["hash"])) for k, v in data.items()}


def _texts(data: Any) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in data.items()}


def _lists(data: Any) -> dict[str, list[str]]:
    return {_text(name): [_text(entry) for entry in _list(digests)] for name, digests in data.items()}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
