"""Checks of single values that decide what becomes of spans; as in `checks`, each returns the value or raises."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from krm_otel.config.types.collector import nanoseconds
from krm_otel.config.types.finding import Finding, fault, faults
from krm_otel.config.types.tail_policies import mistakes
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.rules import sampling as sampling_rules

RESERVED: Final = (
    *("service_name", "span_name", "span_kind", "status_code", "collector_instance_id"),
    *("oaas_owner", "oaas_function_key", "namespace", "le"),
)
"""Labels that series made of spans have by themselves, as Prometheus spells them."""
OWN_POLICIES: Final = ("errors", "slow", "rest", "all")
"""How our own policies are called."""


def dimension(value: str) -> str:
    """An attribute that is no dimension already."""
    if re.sub(r"[^A-Za-z0-9_]", "_", value) in RESERVED:
        raise fault(sampling_rules.DIMENSION_RESERVED, f"names {value}, which is a label already: leave it out")
    return value


def bounds(value: tuple[str, ...]) -> tuple[str, ...]:
    """Bounds of a histogram: above zero, and each above the one before."""
    if not value:
        raise fault(fields_rules.EMPTY, "must not be empty: write [10ms, 100ms, 1s], or leave the field out")
    numbers = [Fraction(0), *map(nanoseconds, value)]
    if any(low >= high for low, high in pairwise(numbers)):
        better = sorted({one for one in value if nanoseconds(one)}, key=nanoseconds)
        text = "must be above zero and go up: write " + ", ".join(better)
        raise fault(sampling_rules.BUCKETS_ORDER, text, proposed=better)
    return value


def policy(value: dict[str, Any]) -> dict[str, Any]:
    """A policy with a name of its own, as the collector knows them."""
    if found := [
        Finding(sampling_rules.POLICY_INVALID, text, proposed=better, at=at) for at, text, better in mistakes(value)
    ]:
        raise faults(found)
    if value["name"] in OWN_POLICIES:
        raise fault(sampling_rules.POLICY_INVALID, f"has the name {value['name']}, which is ours: write another one")
    return value


def policies(value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Policies of different names: the collector does not start with two of one."""
    named = [one["name"] for one in value]
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise fault(
            sampling_rules.POLICY_INVALID, f"has two policies of the name {twice}: write another name for one of them"
        )
    return value
