"""`spec.nfr_requirements` of a ClassRuntime: what upstream's CRD lets a class ask for.

They are not ours: what is odd there is no error, it is not there.
"""

from __future__ import annotations

import math
from typing import Final

from krm_otel.config.settings import Requirements
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as classes_rules
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.query import is_null, text_of

FIELD: Final = "nfr_requirements"


_BOUNDS: Final = {"max_latency_ms": math.inf, "min_throughput_rps": math.inf, "availability_pct": 100.0}
"""What a number may not exceed; it must be above zero."""


def requirements(resource: Resource) -> tuple[Requirements, list[Result]]:
    """The requirements of a class, and warnings of those that are no use."""
    found: dict[str, float] = {}
    results = []
    for name, most in _BOUNDS.items():
        path = ("spec", FIELD, name)
        if is_null(resource.node(*path)):
            continue
        written = text_of(resource.node(*path)) or ""
        number = _number(written)
        if number is not None and 0 < number <= most:
            found[name] = number
        elif number != 0:  # nothing is required
            bound = "" if math.isinf(most) else f" and at most {most:g}"
            text = f"spec.{FIELD}.{name} must be a number above 0{bound}: no rule is made of it"
            results.append(
                classes_rules.REQUIREMENT_INVALID.at(Location(resource.ref, ".".join(path)), text, current=written)
            )
    return Requirements(**found), results


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
