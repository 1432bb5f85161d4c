"""Checks of what is recorded: sampling rates, propagators, service names, attributes. Each returns the value to use, or
raises a finding."""

from __future__ import annotations

import math
import re
from typing import Final

from krm_otel.config.types.finding import Finding, fault, faults, warning, write
from krm_otel.config.types.kubernetes import label_key
from krm_otel.config.types.text import printable
from krm_otel.credential import is_credential
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.rules import sampling as sampling_rules
from krm_otel.diagnostics.suggestion import listed, nearest
from krm_otel.regex import regex

_HIGH_RATE: Final = 0.5
"""A sampling rate above this gets a warning (the proposal's section 13)."""

PLACEHOLDERS: Final = ("class", "class_key", "container", "function_key", "workload", "namespace")
"""What `service_name_template` may name in braces, besides labels."""
DEFAULT_TEMPLATE: Final = "{class}-{container}"
LABEL: Final = "label:"
"""What precedes the key of a label there."""

RESERVED_LABELS: Final = (
    *("service_name", "span_name", "span_kind", "status_code", "collector_instance_id"),
    *("oaas_owner", "oaas_function_key", "namespace", "le"),
)
"""Labels that metrics of spans already have, as Prometheus spells them."""

_IN_BRACES: Final = regex(r"\{([^{}]*)\}")
_ATTRIBUTE_KEY: Final = regex(r"[!-~]+")
_NOT_IN_KEYS: Final = regex(r"[^!-~]|[=,%;\"\\]")


def share(value: float) -> float:
    """A share from 0.0 to 1.0; a number outside is clamped with a warning."""
    example = "0.1 for one trace in ten"
    if not math.isfinite(value):
        text = "must be a number between 0.0 and 1.0"
        raise fault(sampling_rules.SAMPLING_RATE_INVALID, text, fix=write(example), proposed=0.1)
    clamped = min(max(value, 0.0), 1.0)
    if clamped != value:
        text, fix = f"is outside 0.0 to 1.0, so {clamped} is used", f"write {clamped}, or {example}"
        raise warning(Finding(sampling_rules.SAMPLING_RATE_CLAMPED, text, fix, clamped), clamped)
    return abs(clamped)  # a written -0.0 is 0.0 in a sampler's argument


def sampling_rate(value: float) -> float:
    """A share of all traces, with a warning above 0.5."""
    rate = share(value)
    if rate > _HIGH_RATE:
        text, fix = "keeps more than half of all traces, which is costly in production", f"write {_HIGH_RATE} or less"
        raise warning(Finding(sampling_rules.SAMPLING_RATE_HIGH, text, fix, _HIGH_RATE), rate)
    return rate


def propagator(value: str) -> str:
    """A propagator, with a warning for those that OpenTelemetry has deprecated."""
    if value in ("jaeger", "ottrace"):
        text, fix = f"names the deprecated propagator {value}", "write w3c, or b3 where older services need it"
        raise warning(Finding(sampling_rules.PROPAGATOR_DEPRECATED, text, fix, "w3c"), value)
    return value


def propagators(value: tuple[str, ...]) -> tuple[str, ...]:
    """Propagators without duplicates; `none` must be alone, and an empty list has no meaning."""
    unique = tuple(dict.fromkeys(value))
    if not unique:
        text, fix = "must name at least one propagator", "write [none] to propagate nothing"
        raise fault(sampling_rules.PROPAGATORS_EMPTY, text, fix=fix, proposed=["none"])
    if "none" in unique and len(unique) > 1:
        others = [name for name in unique if name != "none"]
        text, fix = f"has none together with {listed(others, 'and')}", "write [none] alone, or leave none out"
        raise fault(sampling_rules.PROPAGATORS_NONE, text, fix=fix, proposed=others)
    return unique


def service_name(value: str) -> str:
    """A name that is not blank, has no control characters, and is no template: it would stay as it is written."""
    for name in _IN_BRACES.findall(value):
        if name in PLACEHOLDERS or name.startswith(LABEL):
            text = f"is one name for all containers, and {{{name}}} would be a part of it"
            fix = "write the name itself, or write this to telemetry.service_name_template of the OTelConfig"
            raise fault(rules.TEMPLATE_PLACEHOLDER, text, fix=fix)
    return _name(value)


def _name(value: str) -> str:
    if not value.strip():
        raise fault(rules.SERVICE_NAME_EMPTY, "must not be empty", fix="write a name, or leave the field out")
    return printable(value)


def service_name_template(value: str) -> str:
    """A service name with placeholders in braces."""
    _name(value)
    for name in _IN_BRACES.findall(value):
        if name.startswith(LABEL):
            label_key(name.removeprefix(LABEL))
        elif name not in PLACEHOLDERS:
            meant = f"{LABEL}{name}" if "/" in name else nearest(name, PLACEHOLDERS)
            known = [*(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS), f"{{{LABEL}<key>}}"]
            text = f"can contain {listed(known, 'and')}, not {{{name}}}"
            fix = f"write {{{meant}}}" if meant else "write one of them"
            proposed = value.replace(f"{{{name}}}", f"{{{meant}}}") if meant else None
            raise fault(rules.TEMPLATE_PLACEHOLDER, text, fix=fix, proposed=proposed)
    if re.search(r"[{}]", _IN_BRACES.sub("", value)):
        text = "has an unmatched brace"
        raise fault(rules.TEMPLATE_PLACEHOLDER, text, fix="write {class}-{container}")
    return value


def not_empty(value: tuple[str, ...]) -> tuple[str, ...]:
    """A list with at least one entry."""
    if not value:
        raise fault(rules.EMPTY, "must not be empty", fix="write {class}-{container}, or leave the field out")
    return value


def attribute_key(value: str) -> str:
    """A resource attribute's key, as OTEL_RESOURCE_ATTRIBUTES can carry it: it has no escapes for keys."""
    if not _ATTRIBUTE_KEY.fullmatch(value) or _NOT_IN_KEYS.search(value):
        proposed = _NOT_IN_KEYS.sub("_", value).strip("_") or None
        text = 'must be a key of printable ASCII without spaces and = , % ; " \\'
        raise fault(rules.ATTRIBUTE_KEY, text, fix=write(proposed or "a name"), proposed=proposed)
    return value


def resource_attributes(value: dict[str, str]) -> dict[str, str]:
    """Attributes, none of which is a credential: they stand in every manifest, and go to every backend."""
    text, fix = "is a credential as plain text", "leave it out, since attributes go to every backend"
    found = [name for name, one in value.items() if is_credential(name, one)]
    if found:
        raise faults([Finding(rules.LITERAL_SECRET, text, fix, steps=(name,)) for name in found])
    return value


def dimension(value: str) -> str:
    """An attribute of spans that is not a label of the metrics already."""
    if re.sub(r"[^A-Za-z0-9_]", "_", value) in RESERVED_LABELS:
        text = f"names {value}, which is a label already"
        raise fault(sampling_rules.DIMENSION_RESERVED, text, fix="leave it out")
    return value
