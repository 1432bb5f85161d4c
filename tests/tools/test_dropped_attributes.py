"""Attributes without a bound are taken out of metrics, and what is left adds up: asked of the real collector."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support.collector import class_and_settings
from tests.support.otelcol import received
from tests.tools.backend import Collector, on_this_machine
from tests.tools.ports import FREE
from tests.tools.prometheus import Requests, as_otlp, attributes, counter, http_load, post, up_down_counter
from tests.tools.rendered import config_of
from tools.build import require

PATHS = [f"/api/class/shop/0/objects/cart-{number}" for number in range(40)]
METHODS = ("GET", "PUT")
RATE = 2.0
EXPORTS = (10.0, 20.0)
"""Seconds since the start, at which an SDK exports all of its series."""


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Name → all points that come out of the rendered collector."""
    folder = tmp_path_factory.mktemp("dropped")
    ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
    config: dict[str, Any] = on_this_machine(ports)
    config["exporters"] = {"file": {"path": str(folder / "metrics.jsonl")}}
    config["service"]["pipelines"] = {"metrics": {"exporters": ["file"]}}
    spec = {"batch": {"timeout": "100ms"}, "drop_metric_attributes": ["http.route"], "config": config}
    oaas_class, settings = class_and_settings(
        "telemetry: {traces: false}\ncollector: {mode: deployment, exporters: {metrics: debug}}",
        f"collector: {json.dumps(spec)}",
    )
    env = {"MY_POD_IP": "127.0.0.1"}
    collector = Collector(
        require("otelcol"), folder, "collector", config_of(oaas_class, settings), ports["health"], env
    )
    try:
        collector.start()
        began = time.time() - 60
        for at in EXPORTS:
            send(ports["http"], began, began + at)
        collector.stop()
    finally:
        collector.end()
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in received((folder / "metrics.jsonl").read_text()).metrics:
        for metric in (one for scope in resource["scopeMetrics"] for one in scope["metrics"]):
            kind = next(kind for kind in ("sum", "histogram", "gauge") if kind in metric)
            found.setdefault(metric["name"], []).extend(metric[kind]["dataPoints"])
    return found


def send(port: int, began: float, at: float) -> None:
    """One export: a point of every series, with what it has counted since the SDK started."""
    times: Any = {"start": began, "end": at, "every": at - began}
    labels = [{"http.method": method, "http.route": path} for method in METHODS for path in PATHS]
    resource = {"service.name": "oprc-gateway", "service.instance.id": "a"}

    def joined(points: list[dict[str, Any]]) -> dict[str, Any]:
        first, *others = points
        kind = "histogram" if "histogram" in first else "sum"
        for other in others:
            first[kind]["dataPoints"] += other[kind]["dataPoints"]
        first[kind]["dataPoints"] = first[kind]["dataPoints"][1::2]  # without the zeros of the start
        return first

    counted = joined([counter("http_requests_total", RATE, one, **times) for one in labels])
    open_ = joined([up_down_counter("http_active_connections", 1, one, **times) for one in labels])
    requests = [Requests(RATE, (0.2,), labels=one) for one in labels]
    load = http_load(requests, **times, resource=resource, name="http_request_duration_seconds", unit="")
    (histogram,) = load["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    histogram["histogram"]["dataPoints"] = histogram["histogram"]["dataPoints"][1::2]
    post(f"http://127.0.0.1:{port}/v1/metrics", as_otlp([counted, open_, histogram], resource))


def by_method(points: list[dict[str, Any]], method: str) -> list[dict[str, Any]]:
    wanted = attributes({"http.method": method})[0]
    return sorted((one for one in points if wanted in one["attributes"]), key=lambda one: int(one["timeUnixNano"]))


@pytest.mark.parametrize("method", METHODS)
def test_a_counter_of_all_paths_is_their_sum_and_grows(metrics: dict[str, list[dict[str, Any]]], method: str) -> None:
    points = by_method(metrics["http_requests_total"], method)
    assert [one["asDouble"] for one in points] == [pytest.approx(RATE * at * len(PATHS)) for at in EXPORTS]
    assert len({one["startTimeUnixNano"] for one in points}) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_histogram_of_all_paths_is_their_sum(metrics: dict[str, list[dict[str, Any]]], method: str) -> None:
    points = by_method(metrics["http_request_duration_seconds"], method)
    assert [int(one["count"]) for one in points] == [int(RATE * at) * len(PATHS) for at in EXPORTS]
    for one in points:
        assert sum(map(int, one["bucketCounts"])) == int(one["count"])


def test_what_is_open_is_added_up(metrics: dict[str, list[dict[str, Any]]]) -> None:
    points = metrics["http_active_connections"]
    assert [int(one["asInt"]) for one in points] == [len(PATHS)] * len(METHODS) * len(EXPORTS)


def test_no_path_is_left(metrics: dict[str, list[dict[str, Any]]]) -> None:
    """And each metric has a series for each of its other attributes."""
    for name, points in metrics.items():
        assert len(points) == len(METHODS) * len(EXPORTS), name
        assert not any(pair["key"] == "http.route" for one in points for pair in one["attributes"])
