"""The record: what krm-otel injected into one object, in its annotation `oaas.io/otel-injected`.

It contains what an uninjection cannot derive: the injected names with a hash of each value (a value with another hash
is the user's), the exact text that an edit replaced, and which keys were added. It is compact JSON, in ASCII, in one
order: the same injection has the same record everywhere.

Lines break around hashes, so that two branches can be merged of which one changed the sampling rate and the other the
propagators: git merges changes that an unchanged line separates. Hashes that change together share a line.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from krm_otel.dataclass import dataclass, field, field_names
from krm_otel.krm.digest import sha256_hex
from krm_otel.krm.json_text import json_text, string

VERSION: Final = 1
MAX_BYTES: Final = 32 * 1024
"""All annotations of an object together may have 256 KiB; a record that needs more than this is a mistake."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Adopted:
    """A value of the user's that was replaced: its exact old text, and a hash of the new value."""

    text: str
    digest: str


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
        return _object({"v": str(VERSION), **_member_texts(self)})


def load(text: str) -> Record | None:
    """The record in an annotation's value; None where it is not one (edited, cut off, of another version)."""
    import json  # no record, no reader

    try:
        data = json.loads(text)
        record: Record | None = _decoder(Record)(data) if data["v"] == VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record


def digest(value: Any) -> str:
    """A short hash of plain data; it distinguishes an edited value from the injected one, and protects nothing."""
    return _digest(value) if isinstance(value, str) else _digest_of_data(repr(value), value)


@lru_cache(maxsize=4096)  # most values are those of a class, and the same in each of its workloads
def _digest(text: str) -> str:
    return sha256_hex(text.encode("utf-8", "surrogatepass"))[:8]


_digests_of_data: Final[dict[str, str]] = {}
"""By how Python writes the data: most of it, such as references to fields of the pod, is the same in each workload."""


def _digest_of_data(key: str, value: Any) -> str:
    known = _digests_of_data.get(key)
    if known is None:
        known = _digest(json_text(value))
        if len(_digests_of_data) < 1024:
            _digests_of_data[key] = known
    return known


_KEYS: Final = {"class_name": "class", "digest": "hash", "enabled_by": "enabledBy", "hand_edited": "own"}
"""Field → its key in the JSON, where that has another name."""
_REQUIRED: Final = frozenset(("class", "containers", "env", "text", "keys", "hash"))
"""Keys that are written where their value is empty, too, and that a record has to have."""


def _data(record: Any) -> dict[str, Any]:
    """The fields of one part of a record by their keys in the JSON; the parts in it as they are."""
    data = {_KEYS.get(name, name): getattr(record, name) for name in field_names(record) or ()}
    return {key: value for key, value in data.items() if value or key in _REQUIRED}


# --- the layout of the JSON ------------------------------------------------------------------------------------------

_GROUPS: Final = ("OAAS_OTEL_", "OTEL_EXPORTER_OTLP_", "OTEL_TRACES_SAMPLER")
"""Beginnings of variables that share a line. Those of the first group always have the same values."""
_SIGNALS: Final = ("OTEL_LOGS_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER")


def _member_texts(record: Record | ContainerRecord) -> dict[str, str]:
    """The members of a part of a record as JSON; those without a layout of their own are on one line."""
    return {key: _LAYOUTS.get(key, _compact)(value) for key, value in _data(record).items()}


def _containers_text(containers: dict[str, ContainerRecord]) -> str:
    return _object({name: _object(_member_texts(record)) for name, record in containers.items()})


def _template_text(template: dict[str, dict[str, str]]) -> str:
    return _object({kind: _listed(hashes) for kind, hashes in template.items()})


def _env_text(env: dict[str, str]) -> str:
    """The variables in groups: a line ends with the first name of a group, and the next one has all its hashes."""
    groups: dict[str, list[str]] = {}
    for name in sorted(env):
        groups.setdefault(_group(name), []).append(name)
    texts = []
    for group, names in groups.items():
        text = ",".join([f"{string(name)}:{string(env[name])}" for name in names])
        first, colon, hashes = text.partition(":")
        texts.append(f"\n{text}\n" if group == _GROUPS[0] else f"{first}{colon}\n{hashes}\n")
    return f"{{{','.join(texts)}}}"


@lru_cache(maxsize=1024)
def _group(name: str) -> str:
    if name in _SIGNALS:
        return _SIGNALS[0]
    return next((start for start in _GROUPS if name.startswith(start)), name)


def _own_line(value: Any) -> str:
    return f"\n{_compact(value)}\n"


def _listed(members: dict[str, Any]) -> str:
    """A JSON object with each value on a line of its own."""
    return _object({key: _own_line(value) for key, value in members.items()})


def _object(members: dict[str, str]) -> str:
    """A JSON object of members that are JSON already, in the order of their keys."""
    return f"{{{','.join(f'{string(key)}:{value}' for key, value in sorted(members.items()))}}}"


def _compact(value: Any) -> str:
    return json_text(value, ",", ":", _data)


_LAYOUTS: Final[dict[str, Callable[[Any], str]]] = {
    "adopted": _listed,
    "containers": _containers_text,
    "env": _env_text,
    "lists": _listed,
    "merge": _own_line,
    "template": _template_text,
}
"""Key of a record or of a container in it → its value as JSON, for those that have lines."""


# --- reading ---------------------------------------------------------------------------------------------------------


@cache
def _decoder(annotation: Any) -> Callable[[Any], Any]:
    """Plain data → a value of the annotated type; TypeError, KeyError or AttributeError where it is not one."""
    if isinstance(annotation, UnionType):
        return _decoder(get_args(annotation)[0])
    if field_names(annotation):
        record_type: Any = annotation
        hints = get_type_hints(record_type).items()
        decoders = [(name, _KEYS.get(name, name), _decoder(hint)) for name, hint in hints]
        return lambda data: record_type(
            **{name: decode(data[key]) for name, key, decode in decoders if key in data or key in _REQUIRED}
        )
    if get_origin(annotation) is dict:
        decode_value = _decoder(get_args(annotation)[1])
        return lambda data: {_checked(key, str): decode_value(value) for key, value in data.items()}
    if get_origin(annotation) is list:
        decode_entry = _decoder(get_args(annotation)[0])
        return lambda data: [decode_entry(entry) for entry in _checked(data, list)]
    return lambda data: _checked(data, annotation)


def _checked(value: Any, expected: type) -> Any:
    if not isinstance(value, expected):
        raise TypeError
    return value
