"""Collectors say themselves whose they are, whoever fetches their metrics: the dashboard finds them in both flavors.

Both tiers are real collectors on the configs as they are rendered, each at an address of its own of this machine. A
real Prometheus fetches them and puts nothing on but what is known of where it fetches: namespace and Service.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from tests.support.kubelet import POD_FIELDS, environment
from tests.tools import prometheus
from tests.tools.function import FUNCTION
from tests.tools.prometheus import Prometheus, eventually, post
from tests.tools.test_tiers import Rendered, address, collecting
from tools.build import require

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  flavor: FLAVOR
  telemetry: {propagators: [w3c]}
  monitors: {}
  dashboards: {}
  collector:
    batch: {enabled: false}
    tail_sampling: {decision_wait: 1s}
    gateway: {replicas: 1}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: shop, namespace: demo}
spec:
  observability:
    enabled: true
    telemetry: {logs: true}
    collector: {mode: deployment, exporters: {traces: debug, metrics: debug, logs: debug}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: demo}
spec: {template: {spec: {containers: [{name: function, image: acme/shop}]}}}
"""
SERVICES = {
    "native": {"first": "shop-otel-collector", "second": "shop-otel-gateway"},
    # As the OpenTelemetry Operator calls them.
    "operator": {"first": "shop-otel-collector-monitoring", "second": "shop-otel-gateway-collector-monitoring"},
}
NUMBERS = {"first": 20, "second": 21}
BOTH = {"first", "gateway"}
SEEN = {"Received": {"first"}, "Refused": BOTH, "Dropped": set[str](), "Queue": {"first"}, "Memory": BOTH}
"""What each panel finds: what the second tier receives, the first one has received before; nothing is lost here; and
what waits does so in the first one, since the backend, `debug`, has no queue."""


def rendered(flavor: str) -> tuple[Rendered, list[dict[str, Any]]]:
    """Both tiers, and the panels of the dashboard's row of the collector."""
    text = MANIFESTS.replace("FLAVOR", flavor)
    done = subprocess.run([FUNCTION], input=text.encode(), capture_output=True, check=True)
    objects = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(done.stdout)}
    configs, environments = {}, {}
    for tier, name in (("first", "shop-otel-"), ("second", "shop-otel-gateway-")):
        if flavor == "operator":
            spec = objects[f"OpenTelemetryCollector/{name.removesuffix('-')}"]["spec"]
            assert spec["observability"]["metrics"]["enableMetrics"]
            configs[tier], runs = yaml.safe_dump(spec["config"], sort_keys=False), spec
        else:
            configs[tier] = objects[f"ConfigMap/{name}config"]["data"]["collector.yaml"]
            made = objects[f"Deployment/{'shop-otel-collector' if tier == 'first' else 'shop-otel-gateway'}"]
            (runs,) = made["spec"]["template"]["spec"]["containers"]
        environments[tier] = environment(runs, {**POD_FIELDS, "status.podIP": address(NUMBERS[tier])}, {})
    (dashboard,) = objects["ConfigMap/shop-otel-dashboard"]["data"].values()
    panels = json.loads(dashboard)["panels"]
    titles = [panel["title"] for panel in panels]
    return Rendered({}, configs, environments), panels[titles.index("Collector") + 1 :]


@pytest.fixture(scope="module", params=list(SERVICES))
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Prometheus, list[dict[str, Any]]]]:
    """A Prometheus that fetches both tiers, through which spans go."""
    flavor: str = request.param
    folder = tmp_path_factory.mktemp(flavor)
    made, panels = rendered(flavor)
    hosts = "".join(
        f"{address(NUMBERS['second'])} {name}\n"
        for name in ("shop-otel-gateway", "shop-otel-gateway-collector-headless")
    )
    scrape = [
        {
            "job_name": service,
            "static_configs": [
                {
                    "targets": [f"{address(NUMBERS[tier])}:8888"],
                    "labels": {"namespace": "demo", "service": service},
                }
            ],
        }
        for tier, service in SERVICES[flavor].items()
    ]
    with ExitStack() as running:
        for tier in ("second", "first"):
            running.enter_context(collecting(made, tier, NUMBERS[tier], folder, hosts))
        server = running.enter_context(prometheus.running(require("prometheus"), folder, scrape=scrape))

        def spans_went_on() -> list[dict[str, Any]]:
            send()
            name, service = "otelcol_receiver_accepted_spans(_total)?", SERVICES[flavor]["second"]
            return server.query(f'rate({{__name__=~"{name}",service="{service}"}}[5m]) > 0')

        eventually(spans_went_on, bool)
        yield server, panels


def send() -> None:
    """Something of each signal, to the first tier."""
    base = f"http://{address(NUMBERS['first'])}:4318/v1"
    span = {"traceId": f"{1:032x}", "spanId": f"{1:016x}", "name": "a", "kind": 2}
    post(f"{base}/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    post(f"{base}/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "a"}}]}]}]})
    point = {"asInt": "1", "timeUnixNano": prometheus.nanoseconds(1)}
    gauge = {"name": "a", "gauge": {"dataPoints": [point]}}
    post(f"{base}/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]})


def selectors(panel: dict[str, Any]) -> list[str]:
    """What a panel's queries select, the namespace being chosen."""
    text = " ".join(target["expr"] for target in panel["targets"]).replace("$namespace", "demo")
    return re.findall(r"\w*\{[^}]*\}", text)


def test_every_panel_finds_the_collectors(seen: tuple[Prometheus, list[dict[str, Any]]]) -> None:
    server, panels = seen
    found = {
        panel["title"]: {
            series["metric"].get("oaas_tier", "first")
            for selector in selectors(panel)
            for series in server.query(selector)
        }
        for panel in panels
    }
    assert found == SEEN


def test_every_query_of_the_row_returns_numbers(seen: tuple[Prometheus, list[dict[str, Any]]]) -> None:
    server, panels = seen
    assert len(panels) == len(SEEN)
    for panel in panels:
        for target in panel["targets"]:
            asked = target["expr"].replace("$namespace", "demo").replace("$__rate_interval", "5m")
            assert server.query(asked), f"{panel['title']}: {asked}"


def test_nobody_else_is_meant(seen: tuple[Prometheus, list[dict[str, Any]]]) -> None:
    """Neither the class of another name nor the same one elsewhere."""
    server, panels = seen
    for panel in panels:
        for selector in selectors(panel):
            assert 'oaas_owner="shop"' in selector and 'namespace=~"demo"' in selector
            assert not server.query(selector.replace('"shop"', '"shop2"'))
            assert not server.query(selector.replace('"demo"', '"lab"'))
