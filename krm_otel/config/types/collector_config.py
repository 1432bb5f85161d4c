"""Checks of what users merge into a collector's config."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from krm_otel.config.types.finding import Finding, faults
from krm_otel.config.types.text import matching
from krm_otel.credential import credentials_in, headers_twice
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import fields as field_rules
from krm_otel.diagnostics.suggestion import listed, nearest

SECTIONS: Final = ("receivers", "processors", "exporters", "connectors", "extensions", "service")
"""The sections of a collector's config that `collector.config` may have."""


def collector_config(value: dict[str, Any]) -> dict[str, Any]:
    """A config with known sections and without literal secrets, or findings."""
    return _without_faults(value, [*_section_findings(value), *_secret_findings(value)])


def component_config(value: dict[str, Any]) -> dict[str, Any]:
    """A part of a config without literal secrets, or findings."""
    return _without_faults(value, list(_secret_findings(value)))


component_id = matching(
    r"[a-z][a-z0-9_]{0,62}(/[^\s/][^\s]*)?",
    rules.COMPONENT_ID,
    "must be the id of a component: its type, and a name after a / where there are several, as in filter/health",
)


def _without_faults(value: dict[str, Any], findings: list[Finding]) -> dict[str, Any]:
    if findings:
        raise faults(findings)
    return value


def _secret_findings(value: dict[str, Any]) -> Iterator[Finding]:
    text, fix = "is a credential as plain text", "write ${env:NAME}, and collector.env.NAME with its Secret"
    for steps in credentials_in(value):
        yield Finding(field_rules.LITERAL_SECRET, text, fix, steps=steps)
    for steps, first in headers_twice(value):
        yield Finding(field_rules.HEADER_TWICE, f"is the same header as {first}", "leave one of them out", steps=steps)


def _section_findings(value: dict[str, Any]) -> Iterator[Finding]:
    for section, body in value.items():
        if section not in SECTIONS:
            meant = nearest(section, SECTIONS)
            yield Finding(
                rules.COLLECTOR_CONFIG, f"has no section {section}", f"write {meant or listed(SECTIONS)}", meant
            )
        elif body is not None and not isinstance(body, dict):
            text = f"has a section {section} that is not a mapping"
            yield Finding(rules.COLLECTOR_CONFIG, text, "write a mapping")
