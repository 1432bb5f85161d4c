"""Ports of manifests follow the merged config."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.ports import listening_of, ports, sidecar_ports
from krm_otel.collector.monitoring.monitors import monitor_assets
from krm_otel.config.schema.monitoring import Monitors
from tests.support.collector import class_and_settings, first_tier, node_collectors_and_settings

DEPLOYMENT = "collector: {mode: deployment, exporters: {metrics: scraped}}"
BACKENDS = "\nbackends: {scraped: {type: prometheus-scrape}}"


def spec(config: str) -> str:
    return f"collector: {{config: {config}}}{BACKENDS}"


def receivers(*components: str) -> str:
    names = ", ".join(component.partition(":")[0] for component in components)
    written = ", ".join(components)
    return f"{{receivers: {{{written}}}, service: {{pipelines: {{traces: {{receivers: [otlp, {names}]}}}}}}}}"


def objects(*found: Any) -> dict[str, dict[str, Any]]:
    return {asset.data["kind"]: asset.data["spec"] for asset in assets(*found) if "spec" in asset.data}


@pytest.mark.parametrize(
    ("component", "name"),
    [
        ("zipkin: {endpoint: ':9411'}", "zipkin"),
        ("zipkin/Of_Team.b: {endpoint: ':9411'}", "tcp-9411"),
        ("zipkin/b: {endpoint: ':9411'}", "zipkin-b"),
        ("jaeger: {protocols: {thrift_compact: {endpoint: ':6831'}}}", "udp-6831"),
        ("otlp/b: {protocols: {http: {endpoint: ':9411'}}}", "otlp-b-http"),
        ("'123': {endpoint: ':9411'}", "tcp-9411"),
    ],
)
def test_a_port_has_a_name_that_kubernetes_accepts(component: str, name: str) -> None:
    tier = first_tier(class_and_settings(DEPLOYMENT, spec(receivers(component))))
    found = [port.name for port in ports(listening_of(tier))]
    assert found == ["otlp-grpc", "otlp-http", name, "metrics", "prometheus"]


def test_tcp_and_udp_of_one_number_are_two_ports() -> None:
    own = receivers("syslog: {tcp: {listen_address: ':5140'}, udp: {listen_address: ':5140'}}")
    found = objects(*class_and_settings(DEPLOYMENT, spec(own)))
    entries = [(port["name"], port["port"], port["protocol"]) for port in found["Service"]["ports"]]
    assert entries[2:4] == [("syslog-tcp", 5140, "TCP"), ("syslog-udp", 5140, "UDP")]
    (senders, *_) = found["NetworkPolicy"]["ingress"]
    assert senders["ports"][2:] == [{"protocol": "TCP", "port": 5140}, {"protocol": "UDP", "port": 5140}]


def test_other_packages_reach_the_collectors_of_nodes_wherever_they_listen() -> None:
    own = "{receivers: {otlp: {protocols: {grpc: {endpoint: ':5317'}}}}}"
    found = objects(*node_collectors_and_settings(f"collector: {{daemonset: {{manage: true}}, config: {own}}}"))
    service = {port["name"]: port["port"] for port in found["Service"]["ports"]}
    (container,) = found["DaemonSet"]["template"]["spec"]["containers"]
    assert (service["otlp-grpc"], container["ports"][0]["containerPort"]) == (4317, 5317)


def test_only_what_others_reach_is_a_port_of_a_sidecar() -> None:
    own = receivers("zipkin: {endpoint: 'localhost:9411'}", "statsd: {endpoint: ':8125'}")
    tier = first_tier(class_and_settings("collector: {exporters: {metrics: scraped}}", spec(own)))
    found = [(port.name, port.number) for port in sidecar_ports(listening_of(tier))]
    assert found == [("otel-statsd", 8125), ("otel-metrics", 8888), ("otel-prometheus", 8889)]


def test_without_own_metrics_nobody_is_told_to_fetch_them() -> None:
    own = "{service: {telemetry: {metrics: {level: none}}}}"
    scrapers = "network_policy: {scrapers: [{pod_labels: {app: prometheus}}]}, "
    block = "collector: {mode: deployment, exporters: {metrics: 'http://m:4317'}}"
    found = class_and_settings(block, spec(own).replace("config", f"{scrapers}config"))
    made = objects(*found)
    assert [port["name"] for port in made["Service"]["ports"]] == ["otlp-grpc", "otlp-http"]
    assert len(made["NetworkPolicy"]["ingress"]) == 1  # a rule without ports would allow all of them
    assert monitor_assets(*found, Monitors()) == ()


def test_every_exporter_that_listens_is_scraped() -> None:
    own = (
        "{exporters: {prometheus/own: {endpoint: ':9464'}}, "
        "service: {pipelines: {metrics: {exporters: [prometheus/scraped, prometheus/own]}}}}"
    )
    (monitor,) = monitor_assets(*class_and_settings(DEPLOYMENT, spec(own)), Monitors())
    honoured = {entry["port"]: entry.get("honorLabels", False) for entry in monitor.data["spec"]["endpoints"]}
    assert honoured == {"metrics": False, "prometheus": True, "prometheus-own": True}
