"""Checks of single values that only managed collectors have; as in `checks`, each returns the value or raises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from pydantic_core import PydanticCustomError

from krm_otel import names
from krm_otel.config.types.finding import fault
from krm_otel.config.types.quantity import parse
from krm_otel.config.types.text import is_key
from krm_otel.diagnostics.rules import collector as collector_rules
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.suggestion import listed, nearest

SECTIONS: Final = ("receivers", "processors", "exporters", "connectors", "extensions", "service")
"""The sections of a collector's config that `collector.config` may have."""

_DURATION: Final = re.compile(r"(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)\Z")
_PROMETHEUS_DURATION: Final = re.compile(r"([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?\Z")
_UNITS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_LONGEST: Final = 2**63 - 1
"""The nanoseconds that Go has for a duration."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_REGISTRY: Final = re.compile(r"[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([-._]+[a-z0-9]+)*)*\Z")
_OURS: Final = re.compile(r"(MY_POD_|OAAS_OTEL_|GOMEMLIMIT\Z)")
_SECRET: Final = re.compile(r"(password|passwd|token|secret|api_?key|access_?key|secret_?key|authorization)\Z", re.I)
_MOST: Final = 1_000_000_000


def number_as_text(value: Any) -> Any:
    """`cpu: 1` and `cpu: 0.5` are written without quotes everywhere: the text is what counts."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def quantity(value: str) -> str:
    """A Kubernetes quantity above zero."""
    if not parse(value):
        better = value.replace(" ", "").removesuffix("B").removesuffix("b")
        proposed = better if better != value and parse(better) else None
        text = "must be a Kubernetes quantity such as 100m or 256Mi"
        raise fault(
            fields_rules.QUANTITY_INVALID, text + (f": write {proposed}" if proposed else ""), proposed=proposed
        )
    return value


def count(value: int) -> int:
    """A number from 1 on."""
    if not 1 <= value <= _MOST:
        raise fault(
            fields_rules.NUMBER_RANGE, f"must be from 1 to {_MOST}: write 1 or more", proposed=1 if value < 1 else _MOST
        )
    return value


def percentage(value: int) -> int:
    """A share in percent, of which nothing is no aim."""
    if not 1 <= value <= 100:
        raise fault(fields_rules.NUMBER_RANGE, "must be from 1 to 100: write 75", proposed=75)
    return value


def duration(value: Any) -> Any:
    """A duration as Go spells it. A number has no unit: it is told at once what is meant, not first to be a text."""
    text = number_as_text(value)
    if isinstance(text, str) and (text is not value or not _DURATION.match(text)):
        raise _no_duration("must be a duration such as 200ms, 10s or 1m30s", text, _DURATION)
    if isinstance(text, str) and nanoseconds(text) > _LONGEST:
        raise fault(
            fields_rules.DURATION_INVALID, "is longer than the collector can count: write 24h or less", proposed="24h"
        )
    return value


def nanoseconds(duration: str) -> Fraction:
    """What a duration as Go spells it comes to; it has been checked."""
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)", duration)
    return sum((Fraction(number) * _UNITS[unit] for number, unit in parts), Fraction(0))


def positive_duration(value: str) -> str:
    """A duration above zero."""
    if not re.search("[1-9]", value):
        raise fault(fields_rules.DURATION_INVALID, "must be above zero: write 15s", proposed="15s")
    return value


def prometheus_duration(value: Any) -> Any:
    """A duration above zero as Prometheus spells it: whole numbers, the largest unit first."""
    text = number_as_text(value)
    fits = isinstance(text, str) and _PROMETHEUS_DURATION.match(text) and re.search("[1-9]", text)
    if isinstance(text, str) and not fits:
        at_least = re.compile("[1-9][0-9]*s")
        raise _no_duration("must be a duration of Prometheus such as 15s, 1m or 1m30s", text, at_least)
    return value


def _no_duration(text: str, written: str, pattern: re.Pattern[str]) -> PydanticCustomError:
    proposed = f"{written}s" if pattern.fullmatch(f"{written}s") else None
    return fault(fields_rules.DURATION_INVALID, text + (f": write {proposed}" if proposed else ""), proposed=proposed)


def registry(value: str) -> str:
    """A registry's host, with port and path."""
    bare = re.sub(r"^[a-z]+://", "", value).rstrip("/")
    if not _REGISTRY.match(bare):
        raise fault(collector_rules.REGISTRY_INVALID, "must be a registry such as registry.acme.example/mirror")
    if bare != value:
        raise fault(
            collector_rules.REGISTRY_INVALID,
            f"must be a registry without scheme and trailing slash: write {bare}",
            proposed=bare,
        )
    return value


def annotation_key(value: str) -> str:
    """A Kubernetes annotation's key."""
    if not is_key(value):
        raise fault(fields_rules.ANNOTATION_INVALID, "must have an annotation's key such as prometheus.io/scrape")
    if value in names.OUR_ANNOTATIONS or names.in_transit(value):
        raise fault(
            fields_rules.KEY_RESERVED, "is an annotation that we set ourselves: write another key, or leave it out"
        )
    return value


def variable_name(value: str) -> str:
    """The name of an environment variable of the collector's, none of ours."""
    if not _VARIABLE.match(value):
        raise fault(
            fields_rules.VARIABLE_NAME, "must have a variable's name as its key: letters, digits and _, as in API_TOKEN"
        )
    if _OURS.match(value):
        raise fault(fields_rules.VARIABLE_NAME, "has the name of a variable that we set: write another name")
    return value


def collector_config(value: dict[str, Any]) -> dict[str, Any]:
    """What is merged into a collector's config: known sections, and no secret written out."""
    for section, body in value.items():
        if section not in SECTIONS:
            meant = nearest(section, SECTIONS)
            text = f"has no section {section}: " + (f"write {meant}" if meant else f"known are {listed(SECTIONS)}")
            raise fault(collector_rules.COLLECTOR_CONFIG, text, proposed=meant)
        if body is not None and not isinstance(body, dict):
            raise fault(
                collector_rules.COLLECTOR_CONFIG, f"has a section {section} that is not a mapping: write a mapping"
            )
    for path in _written_out(value, ()):
        text = f"has a secret written out at {'.'.join(path)}: write ${{env:NAME}}, and env.NAME with its Secret"
        raise fault(fields_rules.LITERAL_SECRET, text)
    return value


def _written_out(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if isinstance(member, str) and member and _SECRET.search(str(key)) and "${" not in member:
                yield (*path, str(key))
            yield from _written_out(member, (*path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, member in enumerate(value):
            yield from _written_out(member, (*path, str(index)))
