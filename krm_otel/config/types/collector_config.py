"""Checks of what users merge into a collector's config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from krm_otel.config.types.finding import Finding, fault, faults
from krm_otel.credential import is_credential, is_header_credential
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import fields as field_rules
from krm_otel.diagnostics.suggestion import listed, nearest

SECTIONS: Final = ("receivers", "processors", "exporters", "connectors", "extensions", "service")
"""The sections of a collector's config that `collector.config` may have."""

Steps = tuple[str | int, ...]


def collector_config(value: dict[str, Any]) -> dict[str, Any]:
    """A config with known sections and without literal secrets, or a finding."""
    for section, body in value.items():
        if section not in SECTIONS:
            meant = nearest(section, SECTIONS)
            fix = f"write {meant or listed(SECTIONS)}"
            raise fault(rules.COLLECTOR_CONFIG, f"has no section {section}", fix=fix, proposed=meant)
        if body is not None and not isinstance(body, dict):
            text = f"has a section {section} that is not a mapping"
            raise fault(rules.COLLECTOR_CONFIG, text, fix="write a mapping")
    if paths := list(_literal_secrets(value, ())):
        text, fix = "is a credential as plain text", "write ${env:NAME}, and collector.env.NAME with its Secret"
        raise faults([Finding(field_rules.LITERAL_SECRET, text, fix, steps=path) for path in paths])
    return value


def _literal_secrets(value: Any, path: Steps) -> Iterator[Steps]:
    """Where credentials are, also in lists of names and values, as headers are written in some components."""
    if isinstance(value, Mapping):
        name = value.get("key", value.get("name"))
        for key, member in value.items():
            here = (*path, str(key))
            if isinstance(name, str) and key == "value" and _is_text(member):
                found = _is_literal(name, str(member), path)
            elif _is_text(member):
                found = _is_literal(_name_of(here), str(member), here)
            else:
                found = False
            if found:
                yield here
            elif not _is_text(member):
                yield from _literal_secrets(member, here)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, member in enumerate(value):
            here = (*path, index)
            if not _is_text(member):
                yield from _literal_secrets(member, here)
            elif is_credential(_name_of(path).removesuffix("s"), str(member)):
                yield here


def _is_literal(name: str, text: str, path: Steps) -> bool:
    """Whether the text is a credential; below `headers` names are those of headers."""
    if any(str(step).endswith("headers") for step in path[-2:-1]):
        return is_header_credential(name.rpartition(".")[2], text)
    return is_credential(name, text)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _name_of(path: Steps) -> str:
    """The last two names of a path: `api.key` says more than `key`."""
    return ".".join([str(step) for step in path if isinstance(step, str)][-2:])
