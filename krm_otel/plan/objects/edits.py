"""Generated objects that somebody has edited: what is about to be overwritten, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel import names
from krm_otel.diagnostics.field_path import Step, field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.krm.digest import sha256_hex
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode

_LENGTH: Final = 8
_SHOWN: Final = 3
_SETTINGS: Final = {
    "data": "collector.config",
    "spec.replicas": "collector.replicas",
    "spec.template.spec": "collector.pod, collector.resources or collector.image",
    "spec.template": "collector.pod",
    "spec.ingress": "collector.network_policy",
    "spec.maxReplicas": "collector.autoscaling",
    "spec.metrics": "collector.autoscaling",
}
"""The beginning of a field's path → the setting that decides it."""


def digest(data: Mapping[str, Any]) -> str:
    """A hash of an object's content, without its metadata, which orchestrators change."""
    content = _without_blank_ends({key: value for key, value in data.items() if key != "metadata"})
    import json  # few packages have generated objects

    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    # A bare hash such as 5e123456 is a number to some readers of YAML.
    return f"sha256-{sha256_hex(text.encode())[:_LENGTH]}"


def overwritten_edit(resource: Resource, desired: Mapping[str, Any]) -> Result | None:
    """A warning for an object that is not as krm-otel has written it, and is written anew; None for one that is."""
    written = resource.annotations.get(names.A_WRITTEN)
    try:
        data = decode(resource.root)
    except (SourceError, RecursionError):
        return None
    if written is None or digest(data) == written:
        return None
    paths = list(_different(data, desired, ()))
    if not paths:
        return None
    first, *others = [field_path(*path) for path in paths]
    setting = next((name for start, name in _SETTINGS.items() if first.startswith(start)), "the setting")
    as_well = f", as {'was' if len(others) == 1 else 'were'} {listed(others[:_SHOWN], 'and')}" if others else ""
    text = f"was edited by hand{as_well}, and krm-otel writes its own again"
    where = Location(resource.ref, first, first)
    return rules.EDIT_OVERWRITTEN.at(where, text, fix=f"write {setting} in the OTelConfig instead")


def _different(old: Any, new: Any, path: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The paths below which two values differ, without metadata."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*new, *(key for key in old if key not in new)):
            if path or key != "metadata":
                yield from _different(old.get(key), new.get(key), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _different(before, after, (*path, index))
    elif _without_blank_ends(old) != _without_blank_ends(new):
        yield path


def _without_blank_ends(value: Any) -> Any:
    """The same with no white space at the ends of texts: what follows a block scalar may become a part of it."""
    if isinstance(value, Mapping):
        return {key: _without_blank_ends(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_blank_ends(member) for member in value]
    return value.rstrip() if isinstance(value, str) else value
