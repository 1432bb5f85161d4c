"""Workloads whose collector has a part of the user's: its ports in their pods, and the protocol that they speak."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.support.laws import assert_laws

STREAM = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec:
  telemetry: {{propagators: [w3c]}}
  flavor: {flavor}
  collector: {{mode: {mode}, exporters: {{traces: debug, metrics: debug}}, config: {config}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: echo, namespace: shop}}
spec: {{observability: {{enabled: true}}}}
---
{workload}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: echo, namespace: shop, labels: {{oaas.io/owner: echo}}, annotations: {{{annotations}}}}}
spec: {{template: {{spec: {{containers: [{{name: function, image: echo, ports: [{ports}]}}]}}}}}}
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: echo, namespace: shop, labels: {oaas.io/owner: echo}}
spec: {template: {spec: {containers: [{image: echo}]}}}
"""
MOVED = "{receivers: {otlp: {protocols: {grpc: {endpoint: '%s:5317'}, http: {endpoint: '%s:5318'}}}}}"


def deployment(annotations: str = "", ports: str = "") -> str:
    return DEPLOYMENT.format(annotations=annotations, ports=ports)


def rendered(config: str, mode: str, workload: str, flavor: str = "native") -> tuple[list[str], dict[str, Any]]:
    """The errors, and the objects by kind and name."""
    text = STREAM.format(config=config, mode=mode, workload=workload, flavor=flavor)
    out, outcome = assert_laws(text.encode())
    errors = [result.message for result in outcome.results if result.severity == "error"]
    objects = {f"{data['kind']}/{data['metadata']['name']}": data for data in yaml.safe_load_all(out)}
    return errors, objects


def endpoint(data: dict[str, Any]) -> str:
    (container, *_) = data["spec"]["template"]["spec"]["containers"]
    found: str = next(entry["value"] for entry in container["env"] if entry["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT")
    return found


@pytest.mark.parametrize(
    ("mode", "annotations", "url"),
    [
        ("deployment", "", "http://echo-otel-collector:5317"),
        ("deployment", "oaas.io/otel-protocol: http", "http://echo-otel-collector:5318"),
        ("sidecar", "", "http://127.0.0.1:5317"),
        ("sidecar", "oaas.io/otel-protocol: http", "http://127.0.0.1:5318"),
        ("daemonset", "", "http://oaas-otel-collector.oaas-system.svc:4317"),
    ],
)
def test_sdks_send_where_the_collector_receives(mode: str, annotations: str, url: str) -> None:
    errors, objects = rendered(
        MOVED.replace("%s", "127.0.0.1" if mode == "sidecar" else ""), mode, deployment(annotations)
    )
    assert errors == []
    assert endpoint(objects["Deployment/echo"]) == url


def test_with_the_operator_they_send_there_too() -> None:
    errors, objects = rendered(MOVED.replace("%s", ""), "deployment", deployment(), "operator")
    assert errors == []
    assert objects["Instrumentation/echo-otel"]["spec"]["exporter"]["endpoint"] == "http://echo-otel-collector:5317"


@pytest.mark.parametrize("annotations", ["", "oaas.io/otel-protocol: http"])
def test_a_protocol_that_nobody_receives_is_an_error(annotations: str) -> None:
    config = "{receivers: {otlp: {protocols: {http: {enabled: false}}}}}"
    errors, _ = rendered(config, "deployment", deployment(annotations))
    assert len(errors) == (1 if annotations else 0)
    for error in errors:
        assert "the SDK speaks http/protobuf, which the collector's merged config does not receive" in error


@pytest.mark.parametrize(
    ("ports", "says"),
    [
        ("{containerPort: 9411}", "the sidecar listens on port 9411 of the same pod: write mode: deployment"),
        ("{containerPort: 8125, protocol: UDP}", "the sidecar listens on port 8125 of the same pod"),
        ("{containerPort: 8125}", ""),
        ("{containerPort: 4317}", ""),
    ],
)
def test_the_function_may_have_the_port_of_a_receiver(ports: str, says: str) -> None:
    config = (
        "{receivers: {otlp: {protocols: {grpc: {endpoint: 'localhost:5317'}}}, zipkin: {endpoint: 'localhost:9411'}, "
        "statsd: {endpoint: 'localhost:8125'}}, service: {pipelines: {traces: {receivers: [otlp, zipkin]}, "
        "metrics: {receivers: [otlp, statsd]}}}}"
    )
    errors, _ = rendered(config, "sidecar", deployment(ports=ports))
    assert len(errors) == (1 if says else 0)
    assert all(says in error for error in errors)


def zipkin(address: str) -> str:
    pipelines = "{traces: {receivers: [otlp, zipkin]}}"
    return f"{{receivers: {{zipkin: {{endpoint: '{address}'}}}}, service: {{pipelines: {pipelines}}}}}"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("localhost:9411", ""),
        ("localhost:8012", "zipkin listens on port 8012, which Knative's queue-proxy has in a Knative pod: write "
         "another port in collector.config at receivers.zipkin.endpoint"),
        ("localhost:8080", "the sidecar's zipkin listens on port 8080, which the function has in a Knative pod"),
        ("${env:MY_POD_IP}:9411", "refers to the variable MY_POD_IP, which no sidecar has in a Knative pod"),
        ("${env:MY_POD_IP:-127.0.0.1}:9411", ""),
    ],
)  # fmt: skip
def test_knative_has_ports_of_its_own_and_no_fields_of_the_pod(address: str, says: str) -> None:
    errors, _ = rendered(zipkin(address), "sidecar", KNATIVE)
    assert len(errors) == (1 if says else 0)
    assert all(says in error for error in errors)


def test_what_is_wrong_for_all_classes_is_said_once() -> None:
    another = re.sub(r"\becho\b", "other", f"---\n{deployment()}" + STREAM.split("---\n")[1].format())
    errors, _ = rendered("{service: {extensions: []}}", "sidecar", deployment() + another)
    assert len(errors) == 1


@pytest.mark.parametrize(("logs", "says"), [("true", []), ("false", ["component-unused"])])
def test_what_one_class_uses_is_not_unused(logs: str, says: list[str]) -> None:
    """One part is for all classes, and not each has every signal."""
    config = "{exporters: {debug: {verbosity: detailed}}}"
    text = STREAM.format(config=config, mode="deployment", workload=deployment(), flavor="native")
    text = text.replace("metrics: debug", "metrics: 'http://m:4317', logs: debug").replace(
        "traces: debug", "traces: 'http://t:4317'"
    )
    other = "---\n" + deployment() + STREAM.split("---\n")[1].format()
    other = re.sub(r"\becho\b", "other", other).replace(
        "{enabled: true}", f"{{enabled: true, telemetry: {{logs: {logs}}}}}"
    )
    _, outcome = assert_laws((text + other).encode())
    assert [result.code for result in outcome.results if result.code == "component-unused"] == says


def test_the_platforms_collector_is_checked_as_those_of_classes() -> None:
    text = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c]}
  collector: {mode: deployment, exporters: {traces: debug, metrics: debug}, config: {service: {extensions: []}}}
  platform: {enabled: true, components: {gateway: {match_labels: {app: gateway}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, labels: {app: gateway}}
spec: {template: {metadata: {labels: {app: gateway}}, spec: {containers: [{name: gateway, image: g}]}}}
"""
    _, outcome = assert_laws(text.encode())
    assert [result.code for result in outcome.results if result.severity == "error"] == ["config-unreachable"]
