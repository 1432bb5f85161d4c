"""The record: what krm-otel injected into one object, in its annotation `oaas.io/otel-injected`.

It contains what an uninjection cannot derive: the injected names with a hash of each value (a value with another hash
is the user's), the exact text that an edit replaced, and which keys were added. It is compact JSON, in ASCII, sorted:
the same injection has the same record everywhere.
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
    """A scalar of the user's that pairs were added to: `OTEL_RESOURCE_ATTRIBUTES`.

    Args:
        text: its exact old text.
        keys: the added keys, with hashes of their values.
        digest: the hash of the whole new value.
    """

    text: str
    keys: dict[str, str]
    digest: str


@dataclass(slots=True)
class Adopted:
    """A value of the user's that was replaced: its exact old text, and a hash of the new value."""

    text: str
    digest: str


@dataclass(slots=True)
class ContainerRecord:
    """What is injected into one container.

    Args:
        env: variables with hashes of their values.
        merge: the addition to the user's `OTEL_RESOURCE_ATTRIBUTES`.
        lists: hashes of whole entries of other lists (`volumeMounts`, `ports`).
        opened: list → what `Editor.append` returned.
        adopted: variables of the user's that were taken over.
        hand_edited: with `adopt`, variables that somebody has edited since; they stay the user's.
    """

    env: dict[str, str] = field(default_factory=dict)
    merge: Merge | None = None
    lists: dict[str, list[str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    adopted: dict[str, Adopted] = field(default_factory=dict)
    hand_edited: list[str] = field(default_factory=list)


@dataclass(slots=True)
class StatusRecord:
    """What is written into the `status` of a ClassRuntime.

    Args:
        conditions, refs: hashes of the added entries of `conditions` and `resource_refs`.
        replaced: condition type → field → the exact old text of a replaced value, and a hash of the new one.
        added: condition type → field that the condition did not have → hash of the value.
        generation: whether `observed_generation` was added.
    """

    conditions: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    replaced: dict[str, dict[str, Adopted]] = field(default_factory=dict)
    added: dict[str, dict[str, str]] = field(default_factory=dict)
    generation: bool = False


@dataclass(slots=True)
class Record:
    """What is injected into one object.

    Args:
        class_name: its class.
        containers: by name.
        lists: hashes of whole entries of lists of the pod's spec (`volumes`, `containers`).
        template: hashes of the members of the pod template's metadata (`annotations`, `labels`).
        opened: key → what `Editor.append` or `Editor.add` returned.
        enabled_by: what enabled the class, where that is not the ClassRuntime itself: `OTelConfig`.
        status: in a ClassRuntime, what is written into its status.
    """

    class_name: str
    containers: dict[str, ContainerRecord] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    template: dict[str, dict[str, str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    enabled_by: str = ""
    status: StatusRecord | None = None

    def dump(self) -> str:
        """The annotation's value."""
        data: dict[str, Any] = {"v": VERSION, "class": self.class_name}
        data["containers"] = {name: _dump_container(container) for name, container in self.containers.items()}
        data |= _filled(lists=self.lists, template=self.template, opened=self.opened, enabledBy=self.enabled_by)
        if self.status:
            data["status"] = _dump_status(self.status)
        return json.dumps(data, separators=(",", ":"), sort_keys=True)


def digest(value: Any) -> str:
    """A short hash of plain data; it distinguishes an edited value from the injected one, it protects nothing."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _dump_container(record: ContainerRecord) -> dict[str, Any]:
    merge = record.merge
    return {"env": record.env} | _filled(
        merge={"text": merge.text, "keys": merge.keys, "hash": merge.digest} if merge else None,
        adopted=_dump_adopted(record.adopted),
        own=record.hand_edited,
        lists=record.lists,
        opened=record.opened,
    )


def _dump_status(record: StatusRecord) -> dict[str, Any]:
    replaced = {kind: _dump_adopted(fields) for kind, fields in record.replaced.items()}
    return _filled(
        conditions=record.conditions,
        refs=record.refs,
        added=record.added,
        replaced=replaced,
        generation=record.generation,
    )


def _dump_adopted(values: dict[str, Adopted]) -> dict[str, dict[str, str]]:
    return {name: {"text": adopted.text, "hash": adopted.digest} for name, adopted in values.items()}


def _filled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def load(text: str) -> Record | None:
    """The record in an annotation's value; None where it is not one (edited, cut off, of another version)."""
    try:
        data = json.loads(text)
        if data["v"] != VERSION:
            return None
        return Record(
            _text(data["class"]),
            {_text(name): _load_container(container) for name, container in data["containers"].items()},
            _lists(data.get("lists", {})),
            {_text(kind): _texts(members) for kind, members in data.get("template", {}).items()},
            _texts(data.get("opened", {})),
            _text(data.get("enabledBy", "")),
            _load_status(data["status"]) if "status" in data else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _load_container(data: Any) -> ContainerRecord:
    merge = data.get("merge")
    return ContainerRecord(
        _texts(data["env"]),
        Merge(_text(merge["text"]), _texts(merge["keys"]), _text(merge["hash"])) if merge else None,
        _lists(data.get("lists", {})),
        _texts(data.get("opened", {})),
        _load_adopted(data.get("adopted", {})),
        _lists({"own": data.get("own", [])})["own"],
    )


def _load_status(data: Any) -> StatusRecord:
    lists = _lists({key: data.get(key, []) for key in ("conditions", "refs")})
    return StatusRecord(
        lists["conditions"],
        lists["refs"],
        {_text(kind): _load_adopted(fields) for kind, fields in data.get("replaced", {}).items()},
        {_text(kind): _texts(fields) for kind, fields in data.get("added", {}).items()},
        data.get("generation") is True,
    )


def _load_adopted(data: Any) -> dict[str, Adopted]:
    return {_text(k): Adopted(_text(v["text"]), _text(v["hash"])) for k, v in data.items()}


def _texts(data: Any) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in data.items()}


def _lists(data: Any) -> dict[str, list[str]]:
    if not all(isinstance(entries, list) for entries in data.values()):
        raise TypeError
    return {_text(name): [_text(entry) for entry in entries] for name, entries in data.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
