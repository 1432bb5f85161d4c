"""Endpoints with a variable as their host: what the SDK of a container, or a collector, is left with in the end.

Each stream goes through the whole function, and the kubelet's rules are applied to what comes out.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.support.kubelet import POD_FIELDS, environment
from tests.support.laws import assert_laws

NODE = POD_FIELDS["status.hostIP"]
AT_NODE = f"http://{NODE}:4317"
CONFIG = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec: {{telemetry: {{propagators: [w3c]}}, {spec}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: cart, namespace: shop}}
spec: {{observability: {{enabled: true}}}}
---
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, namespace: shop, labels: {{oaas.io/owner: cart}}, annotations: {{{annotations}}}}}
spec: {{template: {{spec: {{{pod} containers: [{{name: function, image: add, {container}}}]}}}}}}
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {oaas.io/owner: cart}}
spec: {template: {spec: {containers: [{image: add}]}}}
"""
HOST_IP = "{name: HOST_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}"
ON_NODES = "collector: {mode: daemonset, daemonset: {manage: false, host_port: true}}"
AT_HOST_IP = "collector: {mode: external, endpoint: 'http://$(HOST_IP):4317'}"


def deployment(container: str = "", pod: str = "", annotations: str = "") -> str:
    return DEPLOYMENT.format(container=container, pod=pod, annotations=annotations)


def rendered(spec: str, workload: str) -> tuple[list[tuple[str, str, str]], dict[str, Any]]:
    """Code, severity and message of what is said but for infos, and the objects by kind and name."""
    out, outcome = assert_laws((CONFIG.format(spec=spec) + workload).encode())
    said = [(found.code, str(found.severity), found.message) for found in outcome.results if found.severity != "info"]
    return said, {f"{data['kind']}/{data['metadata']['name']}": data for data in yaml.safe_load_all(out)}


def function_of(objects: dict[str, Any], kind: str = "Deployment") -> dict[str, str]:
    """The environment of the function."""
    pod = objects[f"{kind}/cart"]["spec"]["template"]["spec"]
    return environment(pod["containers"][0], POD_FIELDS, {})


@pytest.mark.parametrize(
    ("spec", "workload", "endpoint"),
    [
        (AT_HOST_IP, deployment(), AT_NODE),
        (AT_HOST_IP, deployment(f"env: [{HOST_IP}]"), AT_NODE),
        (AT_HOST_IP, deployment("env: [{name: HOST_IP, value: 10.1.2.3}]"), "http://10.1.2.3:4317"),
        (AT_HOST_IP, deployment("envFrom: [{secretRef: {name: unknown}}]"), AT_NODE),
        (AT_HOST_IP, deployment(pod="hostNetwork: true,"), AT_NODE),
        (AT_HOST_IP, deployment(annotations="oaas.io/otel-protocol: http"), f"http://{NODE}:4318"),
        ("collector: {mode: external, endpoint: 'http://$(NODE_IP)'}", deployment(), AT_NODE),
        ("collector: {mode: external, endpoint: 'http://$(K8S_NODE_IP):4318/base'}", deployment(),
         f"http://{NODE}:4318/base"),
        ("collector: {mode: external, endpoint: 'http://$(MY_HOST_IP):4317'}",
         deployment("env: [{name: MY_HOST_IP, value: a}]"), "http://a:4317"),
        ("collector: {mode: external, endpoint: 'http://$(AGENT):4317'}",
         deployment("env: [{name: AGENT, value: agent.obs}]"), "http://agent.obs:4317"),
        ("collector: {mode: external, endpoint: 'http://$(AGENT_SERVICE_HOST):4317'}", deployment(),
         "http://$(AGENT_SERVICE_HOST):4317"),  # the kubelet knows it, this test does not
        ("adopt: true, " + AT_HOST_IP, deployment("env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://a:4317'}]"),
         "http://a:4317"),
        ("adopt: true, " + AT_HOST_IP,
         deployment(f"env: [{HOST_IP}, {{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://a:4317'}}]"), AT_NODE),
        ("adopt: true, " + AT_HOST_IP,
         deployment(f"env: [{{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://a:4317'}}, {HOST_IP}]"),
         "http://a:4317"),
        ("classes: {cart: {enabled: true, " + AT_HOST_IP + "}}", deployment(), AT_NODE),
        (ON_NODES, deployment(), AT_NODE),
        (ON_NODES, deployment(pod="hostNetwork: true,"), AT_NODE),
        (ON_NODES, deployment(annotations="oaas.io/otel-protocol: http"), f"http://{NODE}:4318"),
    ],
)  # fmt: skip
def test_an_sdk_reaches_what_the_variable_stands_for(spec: str, workload: str, endpoint: str) -> None:
    """After the kubelet has expanded the container's environment; nothing is said where it is right."""
    said, objects = rendered(spec, workload)
    assert said == []
    assert function_of(objects)["OTEL_EXPORTER_OTLP_ENDPOINT"] == endpoint


def test_an_endpoint_of_one_signal_has_the_variable_too() -> None:
    said, objects = rendered(
        "collector: {mode: external, exporters: {traces: 'http://$(HOST_IP):4318', metrics: 'http://$(HOST_IP)'}}",
        deployment(),
    )
    assert said == []
    env = function_of(objects)
    assert env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == f"http://{NODE}:4318/v1/traces"
    assert env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] == AT_NODE


@pytest.mark.parametrize(
    ("spec", "workload", "severity", "says"),
    [
        ("collector: {mode: external, endpoint: 'http://$(AGENT):4317'}", deployment(), "error", "no variable AGENT"),
        ("collector: {mode: external, endpoint: 'http://$(NODE_NAME):4317'}", deployment(), "error",
         "write $(HOST_IP) for the address of the node"),
        ("collector: {mode: external, endpoint: 'http://$(AGENT):4317'}",
         deployment("envFrom: [{configMapRef: {name: unknown}}]"), "warning", "unless it comes by envFrom"),
        ("collector: {mode: external, endpoint: 'http://$(AGENT_SERVICE_HOST):4317'}",
         deployment(pod="enableServiceLinks: false,"), "error", "no variable AGENT_SERVICE_HOST"),
        ("collector: {mode: external, endpoint: 'http://$(AGENT_SERVICE_HOST):4317'}", KNATIVE, "error",
         "no variable AGENT_SERVICE_HOST"),
        (AT_HOST_IP, KNATIVE, "error", "Knative refuses the address of the node"),
        ("collector: {mode: sidecar, exporters: {traces: 'http://$(HOST_IP):4317', metrics: debug}}", KNATIVE, "error",
         "no sidecar knows the address of its node in a Knative pod"),
        ("collector: {mode: deployment, exporters: {traces: 'http://$(AGENT):4317', metrics: debug}}", deployment(),
         "error", "the collector has no variable AGENT"),
        ("collector: {mode: deployment, env_from: [{secret: s}], "
         "exporters: {traces: 'http://$(AGENT):4317', metrics: debug}}", deployment(), "warning",
         "unless it comes by env_from"),
    ],
)  # fmt: skip
def test_a_variable_that_is_not_there_is_named(spec: str, workload: str, severity: str, says: str) -> None:
    said, _ = rendered(spec, workload)
    assert [(code, found) for code, found, _ in said] == [("endpoint-variable", severity)]
    assert says in said[0][2]


def test_knative_reaches_the_collector_of_its_node_by_the_service() -> None:
    """It may not know the address of its node, and needs no port of it."""
    said, objects = rendered(ON_NODES, KNATIVE)
    assert said == []
    endpoint = function_of(objects, "Service")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert endpoint == "http://oaas-otel-collector.oaas-system.svc:4317"
    said, objects = rendered(f"knative: {{field_ref: true}}, {ON_NODES}", KNATIVE)
    assert said == []
    assert function_of(objects, "Service")["OTEL_EXPORTER_OTLP_ENDPOINT"] == AT_NODE


@pytest.mark.parametrize(
    ("spec", "kind", "endpoint"),
    [
        ("mode: sidecar", "Deployment/cart", f"{NODE}:14317"),
        ("mode: deployment", "Deployment/cart-otel-collector", f"{NODE}:14317"),
        ("mode: deployment, env: {HOST_IP: {value: gw}}", "Deployment/cart-otel-collector", "gw:14317"),
        ("mode: daemonset, daemonset: {manage: true}", "DaemonSet/oaas-otel-collector", f"{NODE}:14317"),
        ("mode: sidecar, tail_sampling: {}, gateway: {}", "Deployment/cart-otel-gateway", f"{NODE}:14317"),
    ],
)
def test_a_collector_reaches_the_node(spec: str, kind: str, endpoint: str) -> None:
    """Nothing expands `$(NAME)` in a config: it has a reference to a variable, which the container has."""
    exporters = "{traces: 'http://$(HOST_IP):14317', metrics: debug, logs: debug}"
    said, objects = rendered(f"collector: {{exporters: {exporters}, {spec}}}", deployment())
    assert said == []
    pod = objects[kind]["spec"]["template"]["spec"]
    containers = [*pod.get("initContainers", ()), *pod["containers"]]
    (collector,) = [found for found in containers if "otel" in found["name"]]
    env = environment(collector, {**POD_FIELDS, "status.podIP": "127.0.0.1"}, {})
    (volume,) = [found for found in pod["volumes"] if "configMap" in found]
    (text,) = objects[f"ConfigMap/{volume['configMap']['name']}"]["data"].values()
    (exporter,) = [body for name, body in yaml.safe_load(text)["exporters"].items() if name.startswith("otlp_grpc/")]
    assert re.sub(r"\$\{env:(\w+)\}", lambda match: env[match[1]], exporter["endpoint"]) == endpoint


def test_the_operator_has_a_variable_of_its_own() -> None:
    """It puts OTEL_NODE_IP in front of a container's environment, and opens the ports of `spec.ports` on the node."""
    exporters = "exporters: {traces: debug, metrics: debug, logs: debug}"
    spec = f"collector: {{mode: daemonset, daemonset: {{manage: true, host_port: true}}, {exporters}}}"
    said, objects = rendered(f"flavor: operator, {spec}", deployment())
    assert said == []
    assert objects["Instrumentation/cart-otel"]["spec"]["exporter"]["endpoint"] == "http://$(OTEL_NODE_IP):4317"
    ports = objects["OpenTelemetryCollector/oaas-otel"]["spec"]["ports"]
    assert [(port["name"], port["port"], port["hostPort"]) for port in ports] == [
        ("otlp-grpc", 4317, 4317),
        ("otlp-http", 4318, 4318),
    ]


def test_a_collector_on_a_node_does_not_send_to_itself() -> None:
    exporters = "{traces: 'http://$(HOST_IP):4317', metrics: debug, logs: debug}"
    collector = "collector: {{mode: daemonset, daemonset: {{manage: true{}}}, exporters: {}}}"
    said, _ = rendered(collector.format(", host_port: true", exporters), deployment())
    assert [code for code, _, _ in said] == ["endpoint-loop"]
    said, _ = rendered(collector.format("", exporters), deployment())
    assert said == []  # it may be another agent, which has the port


@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ("", ["proxy-in-the-way"]),
        ("localhost,.svc", ["proxy-in-the-way"]),
        ("10.0.0.0/8,.svc", []),
        ("*", []),
        ("$(HOST_IP),.svc", []),
    ],
)
def test_a_proxy_is_in_the_way_to_the_node(exceptions: str, expected: list[str]) -> None:
    env = f"env: [{{name: HTTP_PROXY, value: 'http://p:3128'}}, {{name: NO_PROXY, value: '{exceptions}'}}]"
    said, _ = rendered(AT_HOST_IP, deployment(env))
    assert [code for code, _, _ in said] == expected
