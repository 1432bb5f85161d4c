"""Endpoints in the user's own manifest stay; where nothing would arrive, a warning says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from tests.support.laws import assert_laws

STREAM = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c], logs: false}
  collector: {mode: external, endpoint: "http://collector:4317"}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: cart}
spec: {observability: {enabled: true}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {OTEL_EXPORTER_OTLP_ENDPOINT: "http://$(HOST_IP):4317", AGENT: agent}
---
"""
Entry = Mapping[str, Any] | tuple[str, str]
HOST_IP = {"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
FROM_MAP = {"envFrom": [{"configMapRef": {"name": "settings"}}]}


def warnings(env: Sequence[Entry], more: Mapping[str, Any] | None = None) -> list[str]:
    """What is said of a container with these variables, each with its code; a tuple is an OTLP variable."""
    entries = [
        {"name": f"OTEL_EXPORTER_OTLP_{entry[0]}", "value": entry[1]} if isinstance(entry, tuple) else entry
        for entry in env
    ]
    container = {"name": "function", "image": "add", "env": entries, **(more or {})}
    workload = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "labels": {"oaas.io/owner": "cart"}},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    out, outcome = assert_laws((STREAM + yaml.safe_dump(workload, sort_keys=False)).encode())
    kept = list(yaml.safe_load_all(out))[-1]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert kept[: len(entries)] == entries
    return [f"{found.code}: {found.message}" for found in outcome.results if found.severity != "info"]


@pytest.mark.parametrize(
    ("env", "code", "says"),
    [
        ([("ENDPOINT", "http://agent"), ("PROTOCOL", "grpc")], "endpoint-port", "write http://agent:4317"),
        ([("TRACES_ENDPOINT", "agent"), ("PROTOCOL", "grpc")], "endpoint-port", "write http://agent:4317"),
        ([HOST_IP, ("ENDPOINT", "http://$(HOST_IP)"), ("PROTOCOL", "grpc")], "endpoint-port", "$(HOST_IP):4317"),
        ([("ENDPOINT", "http://agent:4318/v1/traces")], "endpoint-path", "write http://agent:4318"),
        ([("ENDPOINT", "http://agent:4317/base"), ("PROTOCOL", "grpc")], "endpoint-path", "write http://agent:4317"),
        ([("TRACES_ENDPOINT", "http://agent:4318")], "endpoint-signal-path", "write http://agent:4318/v1/traces"),
        ([("TRACES_ENDPOINT", "http://agent:4318/")], "endpoint-signal-path", "write http://agent:4318/v1/traces"),
        ([("METRICS_ENDPOINT", "http://a:4318/v1/traces")], "endpoint-signal-path", "write http://a:4318/v1/metrics"),
        ([("ENDPOINT", "http://$(HOST_IP):4317")], "endpoint-variable", "has no variable HOST_IP"),
        ([("ENDPOINT", "http://$(HOST_IP):4317"), HOST_IP], "endpoint-variable", "put HOST_IP in front of it"),
        ([("ENDPOINT", "$(AGENT_URL)")], "endpoint-variable", "has no variable AGENT_URL"),
    ],
)
def test_an_endpoint_at_which_nothing_arrives(env: Sequence[Entry], code: str, says: str) -> None:
    (found,) = warnings(env)
    assert found.startswith(f"{code}: ")
    assert says in found


def test_what_comes_by_env_from_is_not_expanded() -> None:
    (found,) = warnings([HOST_IP], FROM_MAP)
    assert found.startswith("endpoint-variable: ")
    assert "set OTEL_EXPORTER_OTLP_ENDPOINT in env" in found


@pytest.mark.parametrize(
    ("env", "more"),
    [
        ([("ENDPOINT", "http://agent")], {}),  # HTTP, as before: port 80
        ([("ENDPOINT", "https://api.vendor.example"), ("PROTOCOL", "grpc")], {}),
        ([("ENDPOINT", "agent:4317"), ("PROTOCOL", "grpc")], {}),
        ([("ENDPOINT", "http://agent:4317/"), ("PROTOCOL", "grpc")], {}),
        ([("ENDPOINT", "http://agent:4318/base")], {}),
        ([("TRACES_ENDPOINT", "http://agent:4318/otlp/v1/traces")], {}),
        ([("LOGS_ENDPOINT", "http://agent:4318")], {}),  # logs are off
        ([("ENDPOINT", "http://agent"), ("PROTOCOL", "$(SPOKEN)")], {}),
        ([("ENDPOINT", "http://[::1"), ("PROTOCOL", "grpc")], {}),
        ([("ENDPOINT", "http://a b"), ("PROTOCOL", "grpc")], {}),
        ([("TRACES_ENDPOINT", "http://agent:99999")], {}),
        ([HOST_IP, ("ENDPOINT", "http://$(HOST_IP):4317")], {}),
        ([("ENDPOINT", "http://$(AGENT_SERVICE_HOST):4317")], {}),
        ([("ENDPOINT", "http://$(AGENT):4317")], FROM_MAP),
        ([("ENDPOINT", "http://$(OTHER):4317")], {"envFrom": [{"secretRef": {"name": "unknown"}}]}),
        ([{"name": "AGENT", "value": "a:4317"}, ("ENDPOINT", "http://$(AGENT)"), ("PROTOCOL", "grpc")], {}),
        ([{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}], {}),
    ],
)
def test_others_are_right_or_nobody_knows(env: Sequence[Entry], more: Mapping[str, Any]) -> None:
    assert warnings(env, more) == []
