"""Every query of every panel of a rendered dashboard, asked of a real Prometheus that has what a class sends."""

from __future__ import annotations

import json
import math
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import yaml

from krm_otel.collector.monitoring.dashboards import dashboard_json
from krm_otel.dataclass import replace
from krm_otel.names import PLATFORM_CLASS
from tests.support.collector import class_and_settings
from tests.tools import prometheus
from tests.tools.package import FIELDS, Package, collecting, package
from tests.tools.ports import FREE
from tests.tools.prometheus import (
    AHEAD,
    Prometheus,
    Requests,
    attributes,
    counter,
    eventually,
    http_load,
    post,
    up_down_counter,
)
from tools.build import require

BEGAN = 600
RATES = {"200": 8.0, "500": 2.0}
"""Requests per second by their status."""
SECONDS = tuple((number + 0.5) / 1000 for number in range(500))
WINDOW = "5m"


def resource(role: str, **more: str) -> dict[str, str]:
    """What a container of the class says of itself."""
    return {
        "service.name": f"echo-{role}",
        "service.instance.id": f"shop.{FIELDS['metadata.name']}.{role}",
        "oaas.class": "echo",
        "k8s.namespace.name": "shop",
        **more,
    }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Package, Prometheus]]:
    """A class with a collector, of which one backend is away and another one never answers, and what has come of it."""
    folder = tmp_path_factory.mktemp("dashboards")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        silent.listen()
        address = f"http://127.0.0.1:{next(FREE)}"
        away, stuck = f"http://127.0.0.1:{next(FREE)}", f"http://127.0.0.1:{silent.getsockname()[1]}"
        exporters = {"traces": ["away", "stuck"], "metrics": ["prometheus-remote-write", "away"], "logs": "away"}
        at_once = {"retry_on_failure": {"enabled": False}}
        made = package(
            {
                "dashboards": {},
                "monitors": {},
                "backends": {
                    "away": {"endpoint": away},
                    "stuck": {"endpoint": stuck},
                    "prometheus-remote-write": {"type": "prometheus-remote-write", "endpoint": address},
                },
                "telemetry": {"propagators": ["w3c"], "protocol": "http"},
                "collector": {"batch": {"enabled": False}},
                "config": {
                    "exporters": {
                        "otlp_http/away": at_once,
                        "otlp_http/stuck": {**at_once, "sending_queue": {"num_consumers": 1, "queue_size": 1}},
                    }
                },
            },
            exporters,
            mode="deployment",
        )
        port = int(address.rpartition(":")[2])
        binary = require("prometheus")
        with (
            prometheus.running(binary, folder, scrape=made.scraped(), port=port) as server,
            collecting(made, folder),
        ):
            send(made)
            # What is counted before it is first fetched is no rate.
            lost = 'rate({__name__=~"otelcol_exporter_(enqueue|send)_failed_spans(_total)?"}[5m]) > 0'

            def losing() -> list[dict[str, Any]]:
                lose(made)
                return server.query(lost)

            eventually(losing, lambda found: len(found) == 2)
            yield made, server


def send(made: Package) -> None:
    base, now = f"http://{made.address('http')}/v1", time.time()
    times: Any = {"start": now - BEGAN, "end": now + AHEAD, "every": 60.0}
    requests = [Requests(rate, SECONDS, status=int(status)) for status, rate in RATES.items()]
    post(
        f"{base}/metrics", http_load(requests, **times, resource=resource("function", **{"oaas.function_key": "greet"}))
    )
    # As upstream's ODGM names and labels them.
    odgm = [
        counter("odgm_get_total", 30, {"variant": "string"}, **times),
        counter("odgm_object_set_total", 20, {"variant": "numeric"}, **times),
        counter("odgm_entry_mutations_total", 10, {"key_variant": "string"}, **times),
        counter("odgm.events.emitted.create.total", 7, {}, **times),
        counter("odgm.events.emitted.update.total", 6, {}, **times),
        counter("odgm.events.emitted.delete.total", 5, {}, **times),
        counter("odgm.events.queue.drops.total", 3, {}, **times),
        counter("odgm.events.emit.failures.total", 2, {}, **times),
        counter("odgm.events.fanout.limited.total", 1, {}, **times),
        up_down_counter("odgm.events.queue.len", 4, {}, **times),
    ]
    post(f"{base}/metrics", prometheus.as_otlp(odgm, resource("odgm")))
    latency = http_load(
        [Requests(5, (0.2,))], **times, resource=resource("odgm"), name="odgm_normalize_latency_ms", unit=""
    )
    post(f"{base}/metrics", latency)
    # As the services of oaas-rs count their requests: the route is the path, also where ids are in it.
    gateway = {"service.name": "oprc-gateway", "oaas.class": "oaas-platform", "k8s.namespace.name": "shop"}
    route = {"http.method": "GET", "http.route": "/api/class/shop/0/objects/cart-1"}
    platform = [
        counter("http_requests_total", 12, route, **times),
        counter("http_errors_total", 3, {**route, "http.status_code": "404"}, **times),
        up_down_counter("http_active_connections", 5, route, **times),
        up_down_counter("http_active_connections", -2, {**route, "http.status_code": "200"}, **times),
    ]
    post(f"{base}/metrics", prometheus.as_otlp(platform, gateway))
    duration = http_load(
        [Requests(12, (0.25,))], **times, resource=gateway, name="http_request_duration_seconds", unit=""
    )
    post(f"{base}/metrics", duration)
    lose(made)
    record = {"body": {"stringValue": "done"}}
    post(f"{base}/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}, refused=True)


def lose(made: Package) -> None:
    """Spans for a backend that is away, and for one that takes the first of them and never answers."""
    for number in range(5):
        span = {"traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}", "name": "a", "kind": 2}
        spans = {"resource": {"attributes": attributes(resource("function"))}, "scopeSpans": [{"spans": [span]}]}
        post(f"http://{made.address('http')}/v1/traces", {"resourceSpans": [spans]}, refused=True)


def dashboard(made: Package) -> dict[str, Any]:
    (text,) = made.objects["ConfigMap/echo-otel-dashboard"]["data"].values()
    found: dict[str, Any] = json.loads(text)
    return found


def queries(made: Package) -> dict[tuple[str, str], str]:
    """(panel, legend) → the query as Grafana sends it, every choice at `All`."""
    found = {
        (panel["title"], target["legendFormat"]): chosen(target["expr"])
        for panel in dashboard(made)["panels"]
        for target in panel.get("targets", ())
    }
    assert len(found) > 20
    return found


def chosen(text: str) -> str:
    for name, value in (("__rate_interval", WINDOW), ("namespace", "(shop)"), ("function", ".*")):
        text = text.replace(f"${name}", value)
    return text


def test_every_query_of_every_panel_returns_data(seen: tuple[Package, Prometheus]) -> None:
    made, server = seen
    for (panel, legend), expr in queries(made).items():
        found = server.query(expr)
        assert found, f"{panel}: {legend}: {expr}"
        assert all(math.isfinite(float(series["value"][1])) for series in found), f"{panel}: {legend}: {expr}"


def test_every_metric_that_is_asked_for_is_there(seen: tuple[Package, Prometheus]) -> None:
    """Where a query stands in with 0, too; but for what the collector counts only once it happens."""
    made, server = seen
    text = " ".join(queries(made).values())
    names = {*re.findall(r'__name__=~"([^"]+)"', text), *re.findall(r"\b(\w+)\{", text)} - {""}
    happens = {f"otelcol_exporter_enqueue_failed_{signal}(_total)?" for signal in ("metric_points", "log_records")}
    assert len(names) > 15
    missing = {name for name in names if not server.query(f'{{__name__=~"{name}"}}')}
    assert missing <= happens


@pytest.mark.parametrize(
    ("panel", "legend", "value"),
    [
        ("Requests", "{{service_name}} {{oaas_function_key}}", 10),
        ("Failures", "{{service_name}} {{oaas_function_key}}", 0.2),
        ("Duration", "{{service_name}} {{oaas_function_key}} p99", 0.495),
        ("Reads", "{{variant}}", 30),
        ("Writes", "{{variant}}", 20),
        ("Changed entries", "{{key_variant}}", 10),
        ("Events", "create", 7),
        ("Lost events", "queue full", 3),
        ("Lost events", "not published", 2),
        ("Waiting events", "waiting", 4),
    ],
)
def test_panels_show_what_is_so(panel: str, legend: str, value: float, seen: tuple[Package, Prometheus]) -> None:
    made, server = seen
    (series,) = server.query(queries(made)[panel, legend])
    assert float(series["value"][1]) == pytest.approx(value, rel=0.05)
    labels = {name: series["metric"][name] for name in re.findall(r"\w+", legend) if name in series["metric"]}
    assert "{{" not in legend or labels, "the line has a name"


@pytest.mark.parametrize(
    ("panel", "value"), [("HTTP requests", 12), ("HTTP errors", 0.25), ("Mean duration", 0.25), ("Open connections", 3)]
)
def test_the_platforms_dashboard_shows_its_services(panel: str, value: float, seen: tuple[Package, Prometheus]) -> None:
    """The names of oaas-rs's own metrics, each as a series of its service."""
    found = [one for one in platform_dashboard()["panels"] if one["title"] == panel]
    assert len(found) == 1
    (query,) = found[0]["targets"]
    (series,) = seen[1].query(chosen(query["expr"]))
    assert series["metric"] == {"service_name": "oprc-gateway"}
    assert float(series["value"][1]) == pytest.approx(value, rel=0.05)


def platform_dashboard() -> dict[str, Any]:
    oaas_class, settings = class_and_settings("collector: {mode: deployment}", namespace="shop")
    found: dict[str, Any] = json.loads(dashboard_json(replace(oaas_class, name=PLATFORM_CLASS), settings))
    return found


def test_what_is_lost_shows(seen: tuple[Package, Prometheus]) -> None:
    made, server = seen
    dropped = server.value(queries(made)["Dropped", "spans"])
    assert dropped is not None and dropped > 0


def test_choices_are_found(seen: tuple[Package, Prometheus]) -> None:
    """`label_values` of a variable: the class's namespaces, and its functions."""
    made, server = seen
    variables = {one["name"]: one for one in dashboard(made)["templating"]["list"]}
    for name, values in (("namespace", {"shop"}), ("function", {"greet"})):
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", chosen(variables[name]["query"]))
        assert asked
        assert {series["metric"].get(asked[2]) for series in server.query(asked[1])} == values


def test_grafanas_variables_survive_yaml() -> None:
    """They are in the ConfigMap as Grafana reads them, and Flux is told to leave them alone."""
    made = package({"dashboards": {}}, {"traces": "debug", "metrics": "debug", "logs": "debug"})
    config_map = yaml.safe_load(yaml.safe_dump(made.objects["ConfigMap/echo-otel-dashboard"]))
    assert config_map["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
    (text,) = config_map["data"].values()
    assert all(name in text for name in ("${datasource}", '=~\\"$namespace\\"', "[$__rate_interval]"))
