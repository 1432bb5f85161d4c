"""Rules: what is in them; `tests/tools/test_rules.py` runs them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.collector.monitoring.prometheus_rules import rule_assets, rule_groups
from krm_otel.collector.monitoring.promql import request_histogram
from krm_otel.config.schema.monitoring import Rules
from krm_otel.config.settings import OaasClass, Requirements
from krm_otel.dataclass import replace
from tests.support.collector import class_and_settings

ANALYZER = ["http_server_requests_seconds_bucket", "activator_request_count", "activator_request_latencies_bucket"]


def requiring(space: str = "demo", /, **wanted: float) -> OaasClass:
    return replace(class_and_settings(namespace=space)[0], requirements=Requirements(**wanted))


def required(**wanted: float) -> list[dict[str, Any]]:
    """The rules of a class that requires this."""
    rules = Rules(format="config_map", analyzer=False, requirements=True)
    return [rule for group in rule_groups(requiring(**wanted), rules) for rule in group["rules"]]


def test_both_formats_have_the_same_rules() -> None:
    rules = Rules(format="prometheus_rule", requirements=True, labels={"release": "p"})
    (one,) = rule_assets(requiring(max_latency_ms=5), rules)
    (other,) = rule_assets(requiring(max_latency_ms=5), rules.replaced(format="config_map"))
    assert (one.data["kind"], other.data["kind"]) == ("PrometheusRule", "ConfigMap")
    assert yaml.safe_load(other.data["data"]["rules.yaml"]) == one.data["spec"]
    assert one.data["metadata"] == other.data["metadata"]
    assert one.data["metadata"]["labels"]["release"] == "p"


@pytest.mark.parametrize(
    ("rules", "groups"),
    [
        (Rules(format="config_map"), ["demo.echo.analyzer"]),
        (Rules(format="config_map", requirements=True), ["demo.echo.analyzer", "demo.echo.requirements"]),
        (Rules(format="config_map", analyzer=False, requirements=True), ["demo.echo.requirements"]),
        (Rules(format="config_map", analyzer=False), []),
    ],
)
def test_each_group_is_there_where_it_is_asked_for(rules: Rules, groups: list[str]) -> None:
    found = rule_groups(requiring(max_latency_ms=5), rules)
    assert [group["name"] for group in found] == groups
    assert len(rule_assets(requiring(max_latency_ms=5), rules)) == bool(groups)


def test_a_class_that_requires_nothing_has_no_such_rules() -> None:
    assert required() == []


@pytest.mark.parametrize(
    ("spec", "spans"),
    [
        ("collector: {span_metrics: {}, sampling_stage: collector}", True),
        ("collector: {span_metrics: {}}\ntelemetry: {sampling_rate: 1.0}", True),
        ("collector: {span_metrics: {}}", False),
        ("collector: {span_metrics: {enabled: false}, sampling_stage: collector}", False),
        ("collector: {sampling_stage: collector}", False),
    ],
)
def test_requests_are_counted_by_spans_where_all_of_them_are(spec: str, spans: bool) -> None:
    """Not where SDKs sample: then only the functions' own metrics know of every request."""
    oaas_class, settings = class_and_settings(config=spec)
    (group,) = rule_groups(oaas_class, Rules(format="config_map"), request_histogram(settings))
    assert ("traces_span_metrics_duration_seconds" in group["rules"][0]["expr"]) == spans
    assert ("http_server_request_duration_seconds" in group["rules"][0]["expr"]) != spans


@pytest.mark.parametrize("namespace", ["demo", ""])
def test_the_analyzer_gets_the_series_that_it_queries(namespace: str) -> None:
    """Only series of this namespace count, where it is known."""
    (group,) = rule_groups(requiring(namespace), Rules(format="config_map"))
    assert [rule["record"] for rule in group["rules"]] == ANALYZER
    for rule in group["rules"]:
        assert 'oaas_owner="echo"' in rule["expr"]
        assert ('namespace="demo"' in rule["expr"]) == bool(namespace)
        assert rule["labels"].get("oaas_owner", rule["labels"].get("configuration_name")) == "echo"


@pytest.mark.parametrize(
    ("percent", "thresholds"),
    [
        (99.9, ["0.0144", "0.006", "0.001"]),
        (99.95, ["0.0072", "0.003", "0.0005"]),
        (100, ["0", "0", "0"]),
        (90, ["0.6", "0.1"]),
        (50, ["0.5"]),
    ],
)
def test_an_alert_that_could_never_fire_is_not_made(percent: float, thresholds: list[str]) -> None:
    """14.4 times a budget of a tenth is more than all requests. Numbers are written in decimal."""
    alerts = [rule for rule in required(availability_pct=percent) if "alert" in rule]
    assert [rule["expr"].rpartition("> ")[2] for rule in alerts] == thresholds


def test_requirements_are_recorded_once() -> None:
    found = required(availability_pct=99, min_throughput_rps=5, max_latency_ms=1.5)
    records = [rule["record"] for rule in found if "record" in rule]
    assert len(records) == len(set(records)) == 4
    alerts = {rule["alert"]: rule["expr"] for rule in found if "alert" in rule}
    assert alerts["OaasThroughputBelowRequirement"].endswith("< 5")
    assert alerts["OaasLatencyAboveRequirement"].endswith("> 1.5")
