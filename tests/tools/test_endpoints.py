"""Endpoints as they come out, in the hands of a real SDK and a real collector: what they dial, and what arrives there.

An agent listens on the usual ports of the node, which has a loopback address of its own here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kubelet import environment
from tests.support.otelcol import Received, received, wait_until_healthy
from tests.tools.function import FUNCTION
from tests.tools.package import FIELDS, NODE, collecting, package
from tests.tools.ports import FREE
from tests.tools.prometheus import eventually
from tests.tools.test_prometheus import DURATIONS, answers
from tests.tools.test_sdk import run_application

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec: {{telemetry: {{propagators: [w3c], sampling_rate: 1.0, metrics: false}}, collector: {{mode: external, {sends}}}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: shop}}
spec: {{observability: {{enabled: true}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop, labels: {{oaas.io/owner: shop}}}}
spec: {{template: {{spec: {{containers: [{{name: function, image: acme/greet}}]}}}}}}
"""
IMPATIENT = {"OTEL_EXPORTER_OTLP_TIMEOUT": "2", "OTEL_BSP_EXPORT_TIMEOUT": "2000"}


@contextmanager
def agent(otelcol: Path, folder: Path) -> Iterator[Path]:
    """A collector on the usual ports of the node; the file of what it receives."""
    folder.mkdir(parents=True, exist_ok=True)
    health, file, log = next(FREE), folder / "received.jsonl", folder / "agent.log"
    protocols = {"grpc": {"endpoint": f"{NODE}:4317"}, "http": {"endpoint": f"{NODE}:4318"}}
    config: dict[str, Any] = {
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "receivers": {"otlp": {"protocols": protocols}},
        "exporters": {"file": {"path": str(file), "flush_interval": "100ms"}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}},
        },
    }
    (folder / "agent.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen([otelcol, f"--config={folder / 'agent.yaml'}"], stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://127.0.0.1:{health}", log)
            yield file
        finally:
            process.terminate()
            process.wait(60)


def read(file: Path) -> Received:
    return received(file.read_text() if file.exists() else "")


def sent(sends: str) -> dict[str, str]:
    """The environment of the function, as the kubelet makes it."""
    done = subprocess.run([FUNCTION], input=MANIFESTS.format(sends=sends).encode(), capture_output=True, check=True)
    (container,) = list(yaml.safe_load_all(done.stdout))[-1]["spec"]["template"]["spec"]["containers"]
    return environment(container, FIELDS, {})


def here(text: str) -> str:
    """A text in which `node` is the address of the node."""
    return text.replace("//node", f"//{NODE}")


@pytest.mark.parametrize(
    "sends",
    [
        'endpoint: "http://node"',
        'endpoint: "http://node:4318"',
        'endpoint: "http://$(HOST_IP)"',
        'endpoint: "http://$(HOST_IP):4317"',
        'endpoint: "http://$(NODE_IP):4318"',
        'exporters: {traces: "http://$(HOST_IP)"}',
        'exporters: {traces: "http://$(HOST_IP):4318"}',
        'exporters: {traces: "http://node:4318/v1/traces"}',
    ],
)
def test_an_sdk_reaches_the_agent(sends: str, otelcol: Path, tmp_path: Path) -> None:
    with agent(otelcol, tmp_path) as file:
        done = run_application({**sent(here(sends)), "OTEL_LOGS_EXPORTER": "none"}, traces=2)
        assert done.returncode == 0, done.stderr
    assert len(read(file).spans()) == 3, done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "protocol"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://node", "grpc"),  # no port
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://$(HOST_IP):4317", "grpc"),  # nothing has expanded it
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://node:4318", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://node:4318/otlp", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://node:4318/v1/metrics", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://node:4318/v1/traces", "http/protobuf"),
    ],
)
def test_what_is_warned_of_reaches_nothing(
    variable: str, value: str, protocol: str, otelcol: Path, tmp_path: Path
) -> None:
    """The same SDK and the same agent, with endpoints as krm-otel finds them in manifests and does not write them."""
    env = {variable: here(value), "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_TRACES_EXPORTER": "otlp"}
    others = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_PROPAGATORS": "tracecontext"}
    with agent(otelcol, tmp_path) as file:
        done = run_application({**env, **others, **IMPATIENT}, traces=2)
        assert done.returncode == 0, done.stderr
    assert read(file).spans() == []


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
@pytest.mark.parametrize("endpoint", ["http://node", "http://$(HOST_IP)", "http://$(HOST_IP):4318"])
def test_a_collector_reaches_the_agent(endpoint: str, mode: str, otelcol: Path, tmp_path: Path) -> None:
    """Its config has a reference to a variable, which its container has."""
    made = package({}, {"traces": here(endpoint), "metrics": "debug", "logs": "debug"}, mode=mode)
    with agent(otelcol, tmp_path / "agent") as file, collecting(made, tmp_path / "collector"):
        assert len(answers(made)) == len(DURATIONS)
        eventually(lambda: len(read(file).spans()), lambda found: found == len(DURATIONS))
