"""Labels on data points: which sources each has, in order."""

from __future__ import annotations

import re
from typing import Any

from krm_otel.collector.config.metric_attributes import METRIC_ATTRIBUTES, metric_attributes
from tests.support.collector import config_of, node_collectors_and_settings

PROMETHEUS = "collector: {daemonset: {manage: true}, exporters: {metrics: p}}\nbackends: {p: {type: prometheus-scrape}}"


def sources(processor: dict[str, Any]) -> dict[str, list[str]]:
    """Label → what it is set to, first come first served."""
    found: dict[str, list[str]] = {}
    for statement in processor["metric_statements"]:
        parts = re.fullmatch(
            r'set\(datapoint\.attributes\["(.+?)"\], (.+)\) where datapoint\.attributes\["(.+?)"\] == nil', statement
        )
        assert parts and parts[1] == parts[3]
        found.setdefault(parts[1], []).append(parts[2])
    return found


def test_attributes_of_the_sender_come_first_and_the_class_last() -> None:
    assert sources(metric_attributes("echo", "demo")) == {
        "oaas_owner": ['resource.attributes["oaas.class"]', 'resource.attributes["deployment.name"]', '"echo"'],
        "oaas_function_key": ['resource.attributes["oaas.function_key"]'],
        "namespace": [
            'resource.attributes["k8s.namespace.name"]',
            '"demo"',
            'resource.attributes["service.namespace"]',
        ],
        "service.name": ['resource.attributes["service.name"]'],
    }


def test_a_collector_of_all_classes_uses_only_attributes_that_it_receives() -> None:
    found = sources(config_of(node_collectors_and_settings(PROMETHEUS))["processors"][METRIC_ATTRIBUTES])
    assert all(source.startswith("resource.") for several in found.values() for source in several)


def test_a_name_is_a_text_whatever_it_holds() -> None:
    assert sources(metric_attributes('a"b\\$c'))["oaas_owner"][-1] == r'"a\"b\\$$c"'
