"""What becomes of spans in a collector's config."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.collector import class_and_settings, config_of

BLOCK = "collector: {mode: %s, exporters: {traces: debug, metrics: debug}}\ntelemetry: {sampling_rate: 0.07}"


def made(mode: str, spec: str) -> dict[str, Any]:
    return config_of(class_and_settings(BLOCK % mode, f"collector: {{{spec}}}"))


def policies(block: str) -> list[dict[str, Any]]:
    found = made("deployment", f"tail_sampling: {block}")["processors"]["tail_sampling"]["policies"]
    assert isinstance(found, list)
    return found


RATE = {"type": "probabilistic", "probabilistic": {"sampling_percentage": 7}}


@pytest.mark.parametrize("stage", ["collector", "both"])
def test_spans_are_counted_before_any_are_dropped(stage: str) -> None:
    found = made("sidecar", f"sampling_stage: {stage}, span_metrics: {{}}")["service"]["pipelines"]
    assert found["traces/span_metrics"] == {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "resource"],
        "exporters": ["span_metrics"],
    }
    assert found["traces"]["exporters"] == ["debug"]
    assert found["metrics"]["receivers"] == ["otlp", "span_metrics"]


def test_where_none_are_dropped_one_pipeline_does() -> None:
    found = made("sidecar", "span_metrics: {}")["service"]["pipelines"]
    assert list(found) == ["traces", "metrics"]
    assert found["traces"]["exporters"] == ["debug", "span_metrics"]


def test_a_restart_of_the_only_collector_of_a_pod_makes_no_new_series() -> None:
    """Behind a Service several collectors see a pod's spans: there each needs series of its own."""
    sidecar = made("sidecar", "span_metrics: {}")["connectors"]["span_metrics"]
    assert sidecar["exclude_dimensions"] == ["collector.instance.id"]
    assert "exclude_dimensions" not in made("deployment", "span_metrics: {}")["connectors"]["span_metrics"]


def test_every_part_of_span_metrics_arrives() -> None:
    block = "dimensions: [http.route], buckets: [1ms, 1s], cardinality_limit: 7, interval: 1m, exemplars: false"
    found = made("deployment", f"span_metrics: {{{block}}}")["connectors"]["span_metrics"]
    assert found == {
        "histogram": {"unit": "s", "explicit": {"buckets": ["1ms", "1s"]}},
        "exemplars": {"enabled": False},
        "dimensions": [{"name": "http.route"}],
        "add_resource_attributes": True,
        "aggregation_cardinality_limit": 7,
        "metrics_flush_interval": "1m",
        "metrics_expiration": "15m",
    }


def test_traces_are_sampled_once() -> None:
    """Tail sampling is in the place of the sampler by rate."""
    found = made("deployment", "tail_sampling: {}")
    assert "probabilistic_sampler" not in found["processors"]
    assert found["service"]["pipelines"]["traces"]["processors"] == [
        "memory_limiter",
        "resource",
        "tail_sampling",
        "batch",
    ]
    assert found["service"]["pipelines"]["metrics"]["processors"] == ["memory_limiter", "resource", "batch"]
    assert found["processors"]["tail_sampling"] == {
        "decision_wait": "10s",
        "num_traces": 20000,
        "decision_cache": {"sampled_cache_size": 200000, "non_sampled_cache_size": 200000},
        "policies": policies("{}"),
    }


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("{}", ["errors", "rest"]),
        ("{latency_ms: 300}", ["errors", "slow", "rest"]),
        ("{errors: false, slow: false, latency_ms: 300}", ["rest"]),
        ("{policies: [{name: keep, type: always_sample}]}", ["keep", "errors", "rest"]),
        ("{total_spans_per_second: 9, policies: [{name: keep, type: always_sample}]}", ["keep", "all"]),
    ],
)
def test_which_policies_there_are_in_order(block: str, expected: list[str]) -> None:
    assert [policy["name"] for policy in policies(block)] == expected


def test_errors_are_kept_slow_ones_too_and_the_rest_by_the_rate() -> None:
    assert policies("{latency_ms: 300}") == [
        {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
        {"name": "slow", "type": "latency", "latency": {"threshold_ms": 300}},
        {"name": "rest", **RATE},
    ]


def test_a_limit_holds_for_what_the_rate_lets_through() -> None:
    assert policies("{errors: false, spans_per_second: 9, bytes_per_second: 99}") == [
        {
            "name": "rest",
            "type": "and",
            "and": {
                "and_sub_policy": [
                    {"name": "rate", **RATE},
                    {"name": "spans", "type": "rate_limiting", "rate_limiting": {"spans_per_second": 9}},
                    {"name": "bytes", "type": "bytes_limiting", "bytes_limiting": {"bytes_per_second": 99}},
                ]
            },
        }
    ]


@pytest.mark.parametrize(
    ("block", "shares"),
    [
        ("", {"errors": 50, "rest": 50}),
        ("latency_ms: 300, ", {"errors": 50, "slow": 25, "rest": 25}),
        ("errors: false, ", {"rest": 100}),
    ],
)
def test_a_limit_for_everything_has_shares(block: str, shares: dict[str, int]) -> None:
    (found,) = policies(f"{{{block}total_spans_per_second: 99}}")
    composite = found["composite"]
    assert composite["max_total_spans_per_second"] == 99
    assert composite["policy_order"] == list(shares)
    assert {one["policy"]: one["percent"] for one in composite["rate_allocation"]} == shares
    assert [one["name"] for one in composite["composite_sub_policy"]] == list(shares)
