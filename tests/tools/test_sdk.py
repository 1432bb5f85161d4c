"""What is injected, in the environment of a real SDK that sends to a real collector."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kubelet import POD_FIELDS, environment
from tests.support.otelcol import attributes, running
from tests.tools import application
from tests.tools.function import FUNCTION

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec:
  telemetry: {{protocol: {protocol}, propagators: {propagators}, env: {env}}}
  collector:
    endpoint: http://127.0.0.1:{port}
    headers: {{Authorization: {{secret: otlp, key: header}}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: shop}}
spec:
  functions: [{{function_key: greet, container_image: acme/greet}}]
  observability:
    enabled: true
    telemetry:
      logs: true
      sampling_rate: {rate}
      resource_attributes:
        team: core
        note: "a,b=c+d 100% $(HOME) äöü 日本 \\"q\\" ;"
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop}}
spec:
  template:
    metadata: {{labels: {{app.kubernetes.io/version: "1.10"}}}}
    spec:
      containers: [{{name: function, image: acme/greet}}]
"""
TOKEN = "s3cr3t"


def rendered(protocol: str, port: int, rate: float, propagators: str = "[w3c]", env: str = "{}") -> dict[str, str]:
    """The environment of the instrumented container."""
    text = MANIFESTS.format(protocol=protocol, port=port, rate=rate, propagators=propagators, env=env)
    done = subprocess.run([FUNCTION], input=text.encode(), capture_output=True, check=True)
    deployment: dict[str, Any] = list(yaml.safe_load_all(done.stdout))[-1]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    # OTLP headers in the environment are percent-encoded, so the Secret holds them so.
    return environment(container, POD_FIELDS, {("otlp", "header"): f"Bearer%20{TOKEN}"})


def run_application(env: dict[str, str], traces: int, packages: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the application with this environment, and with nothing of ours beside it.

    `packages`: where its packages are, if not where ours are.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    command = [sys.executable, application.__file__, str(traces)]
    if packages is not None:
        command.insert(1, "-S")
        kept["PYTHONPATH"] = str(packages)
    return subprocess.run(command, env={**kept, **env}, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_signals_arrive_with_their_identity(otelcol: Path, tmp_path: Path, protocol: str) -> None:
    """Traces, metrics and logs arrive over either protocol, authorised by the Secret, with every attribute intact."""
    with running(otelcol, tmp_path, TOKEN) as server:
        env = rendered(protocol, server.grpc if protocol == "grpc" else server.http, rate=1.0)
        done = run_application(env, traces=3)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["traceparent"]
    received = server.received()
    assert [span["name"] for span in received.spans()] == ["request"] * 3 + ["outgoing"]
    for resources in (received.traces, received.metrics, received.logs):
        assert resources, done.stderr
        found = attributes_of(resources)
        assert found == {
            "service.name": "shop-function",
            "service.namespace": "prod",
            "service.version": "1.10",
            "service.instance.id": "prod.shop-5d9c.function",
            "deployment.name": "shop",
            "oaas.class": "shop",
            "oaas.function_key": "greet",
            "k8s.namespace.name": "prod",
            "k8s.deployment.name": "shop",
            "k8s.pod.name": "shop-5d9c",
            "k8s.pod.uid": "0b1c",
            "k8s.node.name": "node-7",
            "k8s.container.name": "function",
            "team": "core",
            "note": 'a,b=c+d 100% $(HOME) äöü 日本 "q" ;',
        }


def attributes_of(resources: list[dict[str, Any]]) -> dict[str, str]:
    """The attributes of one resource, without what the SDK says of itself."""
    found = attributes(resources[0])
    return {key: value for key, value in found.items() if not key.startswith("telemetry.")}


@pytest.mark.parametrize(
    ("env", "temporality"), [("{}", 2), ("{OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: delta}", 1)]
)
def test_variables_of_the_users_reach_the_sdk(otelcol: Path, tmp_path: Path, env: str, temporality: int) -> None:
    """`telemetry.env`, with a variable whose effect is in the telemetry: sums are cumulative (2), or deltas (1)."""
    with running(otelcol, tmp_path, TOKEN) as server:
        done = run_application(rendered("http", server.http, rate=1.0, env=env), traces=1)
    assert done.returncode == 0, done.stderr
    metrics = [m for r in server.received().metrics for s in r["scopeMetrics"] for m in s["metrics"]]
    assert [m["sum"]["aggregationTemporality"] for m in metrics if m["name"] == "requests"] == [temporality]


@pytest.mark.parametrize(("size", "starts"), [(256, False), (512, True)])
def test_a_batch_above_its_queue_stops_the_sdk(size: int, starts: bool) -> None:
    """Why `sdk-batch-size` is an error: this SDK ends at start, with the variable that the rule refuses."""
    env = rendered("http", 4318, rate=1.0) | {"OTEL_BSP_MAX_QUEUE_SIZE": str(size), "OTEL_SDK_DISABLED": "false"}
    done = run_application({**env, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}, traces=0)
    assert (done.returncode == 0) is starts
    assert ("max_export_batch_size must be less than or equal to max_queue_size" in done.stderr) is not starts


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_the_rate_asked_for_is_the_rate_got(otelcol: Path, tmp_path: Path, rate: float) -> None:
    """Of 20,000 root traces the share that arrives is within 4 standard errors of the rate."""
    traces = 20_000
    with running(otelcol, tmp_path, TOKEN) as server:
        env = rendered("http", server.http, rate)
        # Nothing may be dropped by the SDK's queue: that would look like sampling.
        done = run_application({**env, "OTEL_BSP_MAX_QUEUE_SIZE": str(2 * traces)}, traces)
    assert done.returncode == 0, done.stderr
    kept = sum(span["name"] == "request" for span in server.received().spans())
    assert abs(kept / traces - rate) < 4 * sqrt(rate * (1 - rate) / traces)


@pytest.mark.parametrize("installed", [False, True])
def test_b3_by_default_stops_sdks_without_the_package(tmp_path: Path, installed: bool) -> None:
    """Why the default is warned of: without a B3 propagator this SDK ends at start."""
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if installed or not package.name.startswith("opentelemetry_propagator_b3"):
            (tmp_path / package.name).symlink_to(package)
    env = rendered("http", 4318, rate=1.0, propagators="[w3c, b3]") | {"OTEL_SDK_DISABLED": "true"}
    done = run_application(env, traces=0, packages=tmp_path)
    assert (done.returncode == 0) is installed, done.stderr
    assert ("b3" in done.stderr) is not installed
