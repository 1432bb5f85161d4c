"""Near misses: what a user most likely meant for krm-otel, and what it would otherwise pass over in silence.

Each check is a small function with one rule. Half an input is normal (selectors, one folder of two), so what only looks
wrong where something is absent is a warning where the input is complete, and an info otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel.diagnostics.result import Result
from krm_otel.plan.draft import Draft
from krm_otel.plan.near_misses.classes import misplaced_block, not_enabled
from krm_otel.plan.near_misses.kinds import misspelt_kinds


def near_misses(draft: Draft) -> Iterator[Result]:
    """The near misses of one input; those of single workloads are among their own results."""
    yield from misspelt_kinds(draft.request)
    for oaas_class in draft.request.configuration.classes:
        yield from misplaced_block(oaas_class)
        yield from not_enabled(oaas_class)
    if draft.request.configuration.config_given:
        from krm_otel.plan.near_misses.unmatched import unmatched_components, unmatched_entries, unmatched_sdk_rules

        yield from unmatched_entries(draft)
        yield from unmatched_components(draft)
        yield from unmatched_sdk_rules(draft)
