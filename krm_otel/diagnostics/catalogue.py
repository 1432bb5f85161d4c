"""The catalogue of all rules."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule
from krm_otel.diagnostics.rules import (
    classes,
    collector,
    destinations,
    fields,
    inputs,
    merged_config,
    near_misses,
    sampling,
    sdk_variables,
    sidecars,
    workloads,
)

_MODULES: Final = (
    *(inputs, fields, classes, near_misses, destinations, collector, sidecars, merged_config, sampling, sdk_variables),
    workloads,
)
RULES: Final[dict[str, Rule]] = {
    rule.code: rule for module in _MODULES for rule in vars(module).values() if isinstance(rule, Rule)
}
"""Code → rule."""


def section_url(docs: str, code: str) -> str:
    """The section about a code in `docs/results.md`; `docs` is the URL of that folder."""
    return f"{docs.rstrip('/')}/results.md#{code}"
