"""Checks of single values that decide what becomes of spans; as in `checks`, each returns the value or raises."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from krm_otel.config.findings import fault

RESERVED: Final = ("service.name", "span.name", "span.kind", "status.code", "collector.instance.id")
"""Dimensions that `span_metrics` has by itself, and refuses to have twice."""
OWN_POLICIES: Final = ("errors", "slow", "rest", "all")
"""How our own policies are called."""
_UNITS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def nanoseconds(duration: str) -> Fraction:
    """What a duration as Go spells it comes to; it has been checked."""
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)", duration)
    return sum((Fraction(number) * _UNITS[unit] for number, unit in parts), Fraction(0))


def dimension(value: str) -> str:
    """An attribute that is no dimension already."""
    if value in RESERVED:
        raise fault("dimension-reserved", f"names {value}, which is a label already: leave it out")
    return value


def bounds(value: tuple[str, ...]) -> tuple[str, ...]:
    """Bounds of a histogram: above zero, and each above the one before."""
    if not value:
        raise fault("empty", "must not be empty: write [10ms, 100ms, 1s], or leave the field out")
    numbers = [Fraction(0), *map(nanoseconds, value)]
    if any(low >= high for low, high in pairwise(numbers)):
        better = sorted({one for one in value if nanoseconds(one)}, key=nanoseconds)
        text = "must be above zero and go up: write " + ", ".join(better)
        raise fault("buckets-order", text, better)
    return value


def policy(value: dict[str, Any]) -> dict[str, Any]:
    """A policy with a name of its own, and a type."""
    for key in ("name", "type"):
        if not isinstance(value.get(key), str) or not value[key]:
            raise fault("policy-invalid", f"has no {key}: write name and type, as in the collector's own config")
    if value["name"] in OWN_POLICIES:
        raise fault("policy-invalid", f"has the name {value['name']}, which is ours: write another one")
    return value


def policies(value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Policies of different names: the collector does not start with two of one."""
    named = [one["name"] for one in value]
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise fault("policy-invalid", f"has two policies of the name {twice}: write another name for one of them")
    return value
