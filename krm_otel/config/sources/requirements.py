"""`spec.nfr_requirements` of a ClassRuntime: what upstream's CRD lets a class require.

krm-otel does not define them: a value that it cannot use is a warning, and counts as absent.
"""

from __future__ import annotations

import math
from typing import Final

from krm_otel.config.settings import Requirements
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules.classes import REQUIREMENT_INVALID
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.query import is_null, text_of

FIELD: Final = "nfr_requirements"

_HIGHEST: Final = {"max_latency_ms": math.inf, "min_throughput_rps": math.inf, "availability_pct": 100.0}
"""Requirement → its highest value; the value must be above zero."""


def requirements(resource: Resource) -> tuple[Requirements, list[Result]]:
    """The requirements of a class, and warnings for unusable ones."""
    numbers: dict[str, float] = {}
    results = []
    for name, highest in _HIGHEST.items():
        path = ("spec", FIELD, name)
        if is_null(resource.node(*path)):
            continue
        text = text_of(resource.node(*path)) or ""
        number = _number(text)
        if number is not None and 0 < number <= highest:
            numbers[name] = number
        elif number != 0:  # zero requires nothing
            limit = "" if math.isinf(highest) else f" and at most {highest:g}"
            where = Location(resource.ref, ".".join(path), ".".join(path))
            wrong = f"must be a number above 0{limit}"
            results.append(REQUIREMENT_INVALID.at(where, f"{wrong}, so there is no rule for it", current=text))
    return Requirements(**numbers), results


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
