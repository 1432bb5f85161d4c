"""Checks of what users merge into a collector's config."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.config.types.finding import Finding, fault, faults
from krm_otel.config.types.text import matching
from krm_otel.credential import credentials_in, headers_twice
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import fields as field_rules
from krm_otel.diagnostics.suggestion import listed, nearest

SECTIONS: Final = ("receivers", "processors", "exporters", "connectors", "extensions", "service")
"""The sections of a collector's config that `collector.config` may have."""


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
    return component_config(value)


def component_config(value: dict[str, Any]) -> dict[str, Any]:
    """A part of a config without literal secrets, or findings."""
    text, fix = "is a credential as plain text", "write ${env:NAME}, and collector.env.NAME with its Secret"
    findings = [Finding(field_rules.LITERAL_SECRET, text, fix, steps=steps) for steps in credentials_in(value)]
    for steps, first in headers_twice(value):
        text = f"is the same header as {first}"
        findings.append(Finding(field_rules.HEADER_TWICE, text, "leave one of them out", steps=steps))
    if findings:
        raise faults(findings)
    return value


component_id = matching(
    r"[a-z][a-z0-9_]{0,62}(/[^\s/][^\s]*)?",
    rules.COMPONENT_ID,
    "must be the id of a component: its type, and a name after a / where there are several, as in filter/health",
)
