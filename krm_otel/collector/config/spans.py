"""What becomes of spans: metrics of them, and the policies by which whole traces are kept.

Facts behind it (collector v0.158.0): a policy that samples is enough to keep a trace, so the rest is sampled by the
rate and no more. In `and`, policies are asked in order and only until one refuses: a limit counts what the rate lets
through. In `composite` the first policy that samples a trace decides, within its own share of the total. `span_metrics`
names itself in `collector.instance.id`, anew with each start: needed where several collectors see the spans of one pod.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from krm_otel.config.schema.sampling import SpanMetrics, TailSampling
from krm_otel.config.settings import CollectorSettings, Sourced

SPAN_METRICS: Final = "span_metrics"
TAIL_SAMPLING: Final = "tail_sampling"
_EXPIRATION: Final = "15m"
_CACHE: Final = 10
"""Decisions that are remembered for each trace that is held, for spans that come late (as the processor advises)."""


def span_metrics(managed: CollectorSettings, wanted: SpanMetrics) -> dict[str, Any]:
    """The connector."""
    made: dict[str, Any] = {
        "histogram": {"unit": "s", "explicit": {"buckets": list(wanted.buckets)}},
        "exemplars": {"enabled": wanted.exemplars},
    }
    if wanted.dimensions:
        made["dimensions"] = [{"name": name.replace("$", "$$")} for name in wanted.dimensions]
    if managed.mode.value == "sidecar":
        made["exclude_dimensions"] = ["collector.instance.id"]  # a pod has one collector: a restart makes no new series
    return {
        **made,
        "add_resource_attributes": True,
        "aggregation_cardinality_limit": wanted.cardinality_limit,
        "metrics_flush_interval": wanted.interval,
        # Pods that are gone are forgotten.
        "metrics_expiration": _EXPIRATION,
    }


def tail_sampling(wanted: TailSampling, slow: Sourced[int] | None, rate: float) -> dict[str, Any]:
    """The processor."""
    kept = _CACHE * wanted.num_traces
    return {
        "decision_wait": wanted.decision_wait,
        "num_traces": wanted.num_traces,
        "decision_cache": {"sampled_cache_size": kept, "non_sampled_cache_size": kept},
        "policies": [*wanted.policies, *_policies(wanted, slow, rate)],
    }


def percentage(rate: float) -> float | int:
    """A rate in percent. In decimal: 0.07 * 100 is 7.000000000000001."""
    exact = Decimal(repr(rate)) * 100
    return int(exact) if exact == int(exact) else float(exact)


def _policies(wanted: TailSampling, slow: Sourced[int] | None, rate: float) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if wanted.errors:
        made.append({"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}})
    if slow:
        made.append({"name": "slow", "type": "latency", "latency": {"threshold_ms": slow.value}})
    made.append(_rest(wanted, rate))
    return [_within(made, wanted.total_spans_per_second)] if wanted.total_spans_per_second else made


def _rest(wanted: TailSampling, rate: float) -> dict[str, Any]:
    sampled = {"type": "probabilistic", "probabilistic": {"sampling_percentage": percentage(rate)}}
    limits: list[dict[str, Any]] = []
    if wanted.spans_per_second:
        limit = {"spans_per_second": wanted.spans_per_second}
        limits.append({"name": "spans", "type": "rate_limiting", "rate_limiting": limit})
    if wanted.bytes_per_second:
        limit = {"bytes_per_second": wanted.bytes_per_second}
        limits.append({"name": "bytes", "type": "bytes_limiting", "bytes_limiting": limit})
    if not limits:
        return {"name": "rest", **sampled}
    return {"name": "rest", "type": "and", "and": {"and_sub_policy": [{"name": "rate", **sampled}, *limits]}}


def _within(policies: list[dict[str, Any]], total: int) -> dict[str, Any]:
    """All of them within one limit: half of it for the first, the other half shared by the others."""
    others = len(policies) - 1
    shares = [50, *([50 // others] * others)] if others else [100]
    named = [policy["name"] for policy in policies]
    return {
        "name": "all",
        "type": "composite",
        "composite": {
            "max_total_spans_per_second": total,
            "policy_order": named,
            "composite_sub_policy": policies,
            "rate_allocation": [{"policy": name, "percent": share} for name, share in zip(named, shares, strict=True)],
        },
    }
