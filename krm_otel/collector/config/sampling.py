"""The processor that drops traces: single ones by the rate, or whole ones by policies of tail sampling.

Facts behind it (collector v0.158.0): tail_sampling keeps a trace as soon as one policy samples it, so the rest is
sampled by the rate only. In `and`, policies are asked in order until one refuses: a limit counts what the rate lets
through. In `composite` the first policy that samples a trace decides, within its own share of the total.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from krm_otel.collector.tiers import Tier
from krm_otel.config.schema.sampling import TailSampling, Target
from krm_otel.config.settings import Sourced

TAIL_SAMPLING: Final = "tail_sampling"
_PROBABILISTIC: Final = "probabilistic_sampler"
SAMPLERS: Final = (_PROBABILISTIC, TAIL_SAMPLING)
"""Processors that drop traces; a collector has at most one of them."""
_TRACES_AT_ONCE: Final = 10
_CACHE: Final = 10
"""Decisions that the cache remembers for each trace in memory, for spans that come late (the processor's advice)."""


def sampler(tier: Tier) -> dict[str, Any]:
    """The one processor that drops traces, by its id; empty where this collector drops none."""
    collector, rate = tier.collector, tier.settings.sampling_rate.value
    stage = tier.settings.sampling_stage.value
    if collector.tail_sampling:
        options, written = collector.tail_sampling.value, not tier.settings.sampling_rate.is_default
        rest = _rest(options, rate if written or not options.target else None, collector.replicas.value)
        return {TAIL_SAMPLING: _tail_sampling(options, collector.slow_after, rest)}
    if stage == "sdk" or collector.gateway:
        return {}
    # `both` is exactly the proposal's template.
    mode = {} if stage == "both" else {"mode": "proportional"}
    return {_PROBABILISTIC: {**mode, "sampling_percentage": _percentage(rate)}}


def _percentage(rate: float) -> float | int:
    """A rate in percent. In decimal: 0.07 * 100 is 7.000000000000001."""
    exact = Decimal(repr(rate)) * 100
    return int(exact) if exact == int(exact) else float(exact)


def _tail_sampling(options: TailSampling, slow_after: Sourced[int] | None, rest: dict[str, Any]) -> dict[str, Any]:
    cached = _CACHE * options.num_traces
    policies: list[dict[str, Any]] = []
    if options.errors:
        policies.append({"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}})
    if slow_after:
        policies.append({"name": "slow", "type": "latency", "latency": {"threshold_ms": slow_after.value}})
    policies.append(rest)
    if options.total_spans_per_second:
        policies = [_composite(policies, options.total_spans_per_second)]
    return {
        "decision_wait": options.decision_wait,
        "num_traces": options.num_traces,
        "decision_cache": {"sampled_cache_size": cached, "non_sampled_cache_size": cached},
        "policies": [*options.policies, *policies],
    }


def _rest(options: TailSampling, rate: float | None, deciders: int) -> dict[str, Any]:
    """The policy for all other traces: the rate, where there is one, and below it the target and the limits.

    `deciders` are the collectors that share the target.
    """
    parts: list[dict[str, Any]] = []
    if rate is not None:
        share = {"sampling_percentage": _percentage(rate)}
        parts.append({"name": "rate", "type": "probabilistic", "probabilistic": share})
    if options.target:
        parts.append({"name": "target", "type": "rate_limiting", "rate_limiting": _limit(options.target, deciders)})
    parts += [
        {"name": name, "type": f"{kind}_limiting", f"{kind}_limiting": {f"{name}_per_second": limit}}
        for name, kind, limit in (
            ("spans", "rate", options.spans_per_second),
            ("bytes", "bytes", options.bytes_per_second),
        )
        if limit
    ]
    if len(parts) == 1:
        return {**parts[0], "name": "rest"}
    return {"name": "rest", "type": "and", "and": {"and_sub_policy": parts}}


def _limit(target: Target, deciders: int) -> dict[str, int]:
    """A target of traces as a limit of spans for one collector. A trace with more spans than fit at once never passes,
    so some of average size always do."""
    spans = max(1, round(target.traces_per_second * target.spans_per_trace / deciders))
    return {"spans_per_second": spans, "burst_capacity": max(2 * spans, _TRACES_AT_ONCE * target.spans_per_trace)}


def _composite(policies: list[dict[str, Any]], total: int) -> dict[str, Any]:
    """All policies within one limit: half of it for the first, the other half shared by the others."""
    others = len(policies) - 1
    shares = [50, *([50 // others] * others)] if others else [100]
    order = [policy["name"] for policy in policies]
    return {
        "name": "all",
        "type": "composite",
        "composite": {
            "max_total_spans_per_second": total,
            "policy_order": order,
            "composite_sub_policy": policies,
            "rate_allocation": [{"policy": name, "percent": share} for name, share in zip(order, shares, strict=True)],
        },
    }
