"""Checks of what users merge into a collector's config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from krm_otel.config.types.finding import fault
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import fields as field_rules
from krm_otel.diagnostics.suggestion import listed, nearest

SECTIONS: Final = ("receivers", "processors", "exporters", "connectors", "extensions", "service")
"""The sections of a collector's config that `collector.config` may have."""

_SECRET: Final = re.compile(r"(password|passwd|token|secret|api_?key|access_?key|secret_?key|authorization)\Z", re.I)


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
    for path in _literal_secrets(value, ()):
        text = f"contains a secret as plain text at {'.'.join(path)}"
        raise fault(field_rules.LITERAL_SECRET, text, fix="write ${env:NAME}, and env.NAME with its Secret")
    return value


def _literal_secrets(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if isinstance(member, str) and member and _SECRET.search(str(key)) and "${" not in member:
                yield (*path, str(key))
            yield from _literal_secrets(member, (*path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, member in enumerate(value):
            yield from _literal_secrets(member, (*path, str(index)))
