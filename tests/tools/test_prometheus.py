"""Metrics of a real SDK arrive in a real Prometheus by each of three ways, and say whose they are."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from tests.tools import prometheus, web
from tests.tools.package import Package, collecting, package
from tests.tools.prometheus import Prometheus, eventually
from tools.build import require

ROOT = Path(__file__).parents[2]
DURATIONS = ("20", "20", "20", "200")
"""What requests take, in ms."""
WAYS = ("prometheus-scrape", "prometheus-remote-write", "prometheus")
OWN = 'oaas_owner="echo",namespace="shop",oaas_function_key="greet",service_name="echo-function"'


def rendered(way: str, mode: str, address: str) -> Package:
    backend = {"type": way} if way == "prometheus-scrape" else {"type": way, "endpoint": f"http://{address}"}
    spec: dict[str, Any] = {"backends": {way: backend}}
    if way == "prometheus-scrape":
        spec["monitors"] = {}
    return package(spec, {"traces": "debug", "metrics": way, "logs": "debug"}, mode=mode)


def answers(made: Package, more: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Runs the function as it would run in its pod; the trace ids of its requests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env = {**kept, **made.function, **more, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, web.__file__, *DURATIONS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
@pytest.mark.parametrize("way", WAYS)
def test_metrics_arrive_and_say_whose_they_are(way: str, mode: str, tmp_path: Path) -> None:
    """Class, function, namespace and service are labels; names are the same by each way; exemplars lead to traces."""
    if way == "prometheus-scrape":
        made = rendered(way, mode, "")
        with (
            collecting(made, tmp_path),
            prometheus.running(require("prometheus"), tmp_path, scrape=made.scraped()) as server,
        ):
            arrived(server, answers(made))
            # The collector says itself whose its own metrics are; its own port is fetched, too.
            memory = 'otelcol_process_memory_rss{oaas_owner="echo",namespace="shop"}'
            assert eventually(lambda: server.value(memory), bool)
        return
    with prometheus.running(require("prometheus"), tmp_path) as server:
        made = rendered(way, mode, f"127.0.0.1:{server.port}")
        with collecting(made, tmp_path):
            arrived(server, answers(made))


def test_functions_without_metrics_are_seen_by_their_spans(tmp_path: Path) -> None:
    """With `span_metrics`, what the dashboard and the analyzer ask for is there although the function records none."""
    with prometheus.running(require("prometheus"), tmp_path) as server:
        address = f"http://127.0.0.1:{server.port}"
        spec = {
            "backends": {"prometheus-remote-write": {"type": "prometheus-remote-write", "endpoint": address}},
            "collector": {"span_metrics": {"interval": "1s"}, "sampling_stage": "collector"},
            "dashboards": {},
            "rules": {"format": "config_map"},
        }
        made = package(spec, {"traces": "debug", "metrics": "prometheus-remote-write", "logs": "debug"})
        silent = {"OTEL_METRICS_EXPORTER": "none"}
        with collecting(made, tmp_path):
            count = f'traces_span_metrics_duration_seconds_count{{{OWN},span_kind="SPAN_KIND_SERVER"}}'
            answers(made, silent)
            assert eventually(lambda: server.value(count), bool) == len(DURATIONS)
            answers(made, silent)
            assert eventually(lambda: server.value(count), lambda found: found != len(DURATIONS)) == 2 * len(DURATIONS)
            assert not server.query('{__name__=~"http_server_.*"}')
            (text,) = made.objects["ConfigMap/echo-otel-dashboard"]["data"].values()
            panels = {one["title"]: one.get("targets", ()) for one in json.loads(text)["panels"]}
            for title, fits in (("Requests", (0.0).__lt__), ("Failures", (0.0).__eq__), ("Duration", math.isfinite)):
                for target in panels[title]:
                    asked = target["expr"].replace("$__rate_interval", "5m").replace("$namespace", "shop")
                    asked = asked.replace("$function", "greet")
                    (series,) = eventually(lambda asked=asked: server.query(asked), bool)  # type: ignore[misc]
                    assert fits(float(series["value"][1])), asked
            (rules,) = made.objects["ConfigMap/echo-otel-rules"]["data"].values()
            record, *_ = yaml.safe_load(rules)["groups"][0]["rules"]
            assert record["record"] == "http_server_requests_seconds_bucket"
            assert len(server.query(record["expr"])) == len(prometheus.BOUNDS) + 1


def arrived(server: Prometheus, traces: list[str]) -> None:
    name = "http_server_request_duration_seconds"
    count = f'sum({name}_count{{{OWN},http_route="/greet",http_response_status_code="200"}})'
    assert eventually(lambda: server.value(count), bool) == len(DURATIONS)
    assert server.value(f'{name}_bucket{{{OWN},le="0.025"}}') == 3
    assert server.value(f'{name}_bucket{{{OWN},le="+Inf"}}') == 4
    assert server.value(f"sum({name}_sum{{{OWN}}})") == pytest.approx(0.26)
    assert server.value(f"count({name}_count)") == 1, "there is one series, and no other labels beside"
    found = eventually(lambda: server.exemplars(f"{name}_bucket"), bool)
    assert {one["labels"]["trace_id"] for one in found} <= set(traces)
