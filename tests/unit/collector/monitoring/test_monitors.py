"""Monitors find what is generated: labels and ports are those of the other objects."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.collector.monitoring.monitors import monitor_assets
from krm_otel.collector.naming import client_labels
from krm_otel.config.schema.monitoring import Monitors
from krm_otel.config.settings import OaasClass, Settings
from tests.support.collector import class_and_settings, node_collectors_and_settings

SCRAPED = "collector: {mode: %s, exporters: {traces: debug, metrics: %s}}"
NODES = "collector: {daemonset: {manage: true}, exporters: {traces: debug, metrics: prometheus-scrape}}"


def monitor(oaas_class: OaasClass, settings: Settings, wanted: Monitors | None = None) -> dict[str, Any]:
    (asset,) = monitor_assets(oaas_class, settings, wanted or Monitors())
    return asset.data


@pytest.mark.parametrize("metrics", ["debug", "prometheus-scrape"])
@pytest.mark.parametrize("mode", ["deployment", "daemonset"])
def test_a_service_is_found(mode: str, metrics: str) -> None:
    """The monitor selects the Service, and none of its endpoints is missing."""
    found = (
        class_and_settings(SCRAPED % (mode, metrics)) if mode == "deployment" else node_collectors_and_settings(NODES)
    )
    made = monitor(*found)
    (service,) = (asset.data for asset in assets(*found) if asset.data["kind"] == "Service")
    assert made["kind"] == "ServiceMonitor"
    assert made["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert made["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ports = [endpoint["port"] for endpoint in made["spec"]["endpoints"]]
    assert ports == [p["name"] for p in service["spec"]["ports"] if p["name"] in ("metrics", "prometheus")]


@pytest.mark.parametrize("metrics", ["debug", "prometheus-scrape"])
def test_sidecars_are_found(metrics: str) -> None:
    """By the label that their pods get, at every port that the sidecar declares."""
    found = class_and_settings(SCRAPED % ("sidecar", metrics))
    made = monitor(*found)
    assert made["kind"] == "PodMonitor"
    assert made["spec"]["selector"] == {"matchLabels": client_labels("echo")}
    declared = [port["name"] for port in sidecar(*found, knative=False).container["ports"]]
    assert [endpoint["port"] for endpoint in made["spec"]["podMetricsEndpoints"]] == declared


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_each_tier_is_found_and_no_pod_twice(mode: str) -> None:
    """With a gateway there are two collectors, and each Service is selected by one monitor."""
    found = class_and_settings(SCRAPED % (mode, "prometheus-scrape"), "collector: {tail_sampling: {}, gateway: {}}")
    made = [asset.data for asset in monitor_assets(*found, Monitors())]
    assert [one["metadata"]["name"] for one in made] == ["echo-otel-collector", "echo-otel-gateway"]
    assert [one["kind"] for one in made] == ["PodMonitor" if mode == "sidecar" else "ServiceMonitor", "ServiceMonitor"]
    for service in (asset.data for asset in assets(*found) if asset.data["kind"] == "Service"):
        labels = service["metadata"]["labels"].items()
        fits = [one for one in made if one["spec"]["selector"]["matchLabels"].items() <= labels]
        assert [one["metadata"]["name"] for one in fits] == [service["metadata"]["name"]]


def test_labels_of_others_stay() -> None:
    own, passed_on = monitor(*class_and_settings(SCRAPED % ("deployment", "prometheus-scrape")))["spec"]["endpoints"]
    assert own == {"port": "metrics"}, "whose they are, the collector's own metrics say"
    assert passed_on == {"port": "prometheus", "honorLabels": True}


def test_nothing_is_monitored_where_nothing_runs() -> None:
    assert monitor_assets(*class_and_settings("collector: {endpoint: 'http://c:4317'}"), Monitors()) == ()


def test_prometheus_finds_it_by_its_labels() -> None:
    made = monitor(*class_and_settings(), Monitors(labels={"release": "p", "component": "mine"}, interval="30s"))
    assert made["metadata"]["labels"]["release"] == "p"
    assert made["metadata"]["labels"]["component"] == "otel", "what pruning goes by stays"
    assert [one["interval"] for one in made["spec"]["podMetricsEndpoints"]] == ["30s"]
