"""The cluster as tests use it, and a collector in it that writes what arrives to its log."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.support.otelcol import Received, received
from tools.cluster.cluster import KUBECONFIG, inside

T = TypeVar("T")
PATIENCE = 90.0  # seconds until what does not happen is given up
SINK = "http://sink.sink:4317"
_SINK = """
apiVersion: v1
kind: Namespace
metadata: {name: sink}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sink, namespace: sink}
data:
  collector.yaml: |
    receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}, http: {endpoint: "0.0.0.0:4318"}}}}
    exporters: {file: {path: /dev/stdout}}
    service:
      telemetry: {metrics: {level: none}}
      pipelines:
        traces: {receivers: [otlp], exporters: [file]}
        metrics: {receivers: [otlp], exporters: [file]}
        logs: {receivers: [otlp], exporters: [file]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sink, namespace: sink}
spec:
  selector: {matchLabels: {app: sink}}
  template:
    metadata: {labels: {app: sink}}
    spec:
      containers:
      - name: collector
        image: otel/opentelemetry-collector-contrib:0.158.0
        args: [--config=/etc/sink/collector.yaml]
        volumeMounts: [{name: config, mountPath: /etc/sink}]
      volumes: [{name: config, configMap: {name: sink}}]
---
apiVersion: v1
kind: Service
metadata: {name: sink, namespace: sink}
spec:
  selector: {app: sink}
  ports: [{name: grpc, port: 4317}, {name: http, port: 4318}]
"""


@dataclass(frozen=True)
class Arrived:
    """What arrived of one service: resource attributes of each signal, and the names of its spans."""

    traces: dict[str, str]
    metrics: dict[str, str]
    logs: dict[str, str]
    spans: frozenset[str]


class Cluster:
    """`kubectl` and requests, in the cluster's network."""

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        command = inside("kubectl", "--kubeconfig", str(KUBECONFIG), *arguments)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def apply(self, text: str) -> None:
        """Without `--force-conflicts`: what is rendered again fits what was applied before."""
        self.kubectl("apply", "--server-side", "--filename", "-", text=text)

    def get(self, kind: str, namespace: str, *more: str) -> list[dict[str, Any]]:
        found = json.loads(self.kubectl("get", kind, "--namespace", namespace, *more, "--output", "json"))
        items: list[dict[str, Any]] = found["items"]
        return items

    def established(self, definition: str) -> None:
        """Waits until the API server serves a definition; at first it has not even a condition."""

        def there() -> bool | None:
            found = json.loads(self.kubectl("get", "crd", definition, "--output", "json"))
            conditions = found.get("status", {}).get("conditions") or []
            return ("Established", "True") in {(one["type"], one["status"]) for one in conditions} or None

        until(there, lambda: f"{definition} is not established")

    def rolled_out(self, workload: str, namespace: str) -> None:
        """Waits until all pods of a workload are as it says, and ready."""
        self.told(namespace, "rollout", "status", workload, f"--timeout={PATIENCE:.0f}s")

    def told(self, namespace: str, *arguments: str) -> None:
        """A command of kubectl that waits; where it waits in vain, what the namespace looks like is said."""
        try:
            self.kubectl(*arguments, "--namespace", namespace)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.describe(namespace)}") from None

    def describe(self, namespace: str) -> str:
        parts = [self.kubectl("describe", "pods", "--namespace", namespace)]
        for pod in self.get("pods", namespace):
            name = pod["metadata"]["name"]
            command = inside(
                *("kubectl", "--kubeconfig", str(KUBECONFIG), "logs", name, "--namespace", namespace),
                *("--all-containers", "--prefix", "--tail=20"),
            )
            parts.append(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
        return "\n".join(parts)

    def request(self, service: str, namespace: str, path: str, port: int = 80) -> str:
        """Asks a Service, from the node; again while nobody answers: endpoints come a moment after pods."""
        (found,) = [s for s in self.get("services", namespace) if s["metadata"]["name"] == service]
        url = f"http://{found['spec']['clusterIP']}:{port}{path}"
        if found["spec"]["clusterIP"] == "None":
            raise AssertionError(f"{service} has no address of its own")

        def ask() -> str | None:
            command = inside("curl", "--silent", "--fail", "--max-time", "10", url)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return done.stdout if done.returncode == 0 else None

        return until(ask, lambda: f"{url} does not answer\n{self.describe(namespace)}")

    def start_sink(self) -> None:
        self.apply(_SINK)
        self.rolled_out("deployment/sink", "sink")

    def sink(self) -> Received:
        """Everything that arrived so far; the collector's own lines go to another stream, but to the same log."""
        text = self.kubectl("logs", "deployment/sink", "--namespace", "sink", "--tail=-1")
        return received("".join(line for line in text.splitlines(keepends=True) if line.startswith('{"resource')))

    def arrived(self, service: str, namespace: str) -> Arrived:
        """Waits until all three signals of a service have arrived; services are told apart by `service.namespace`."""

        def look() -> Arrived | None:
            got = self.sink()
            mine = [_of(entries, service, namespace) for entries in (got.traces, got.metrics, got.logs)]
            if not all(mine):
                return None
            spans = {
                span["name"]
                for entry in got.traces
                if _attributes(entry).items() >= mine[0].items()
                for scope in entry["scopeSpans"]
                for span in scope["spans"]
            }
            traces, metrics, logs = mine
            return Arrived(traces, metrics, logs, frozenset(spans))

        return until(look, lambda: f"{service} of {namespace} has not arrived\n{self.describe(namespace)}")


def _of(entries: list[dict[str, Any]], service: str, namespace: str) -> dict[str, str]:
    wanted = {"service.name": service, "service.namespace": namespace}
    return next((found for entry in entries if (found := _attributes(entry)).items() >= wanted.items()), {})


def _attributes(entry: dict[str, Any]) -> dict[str, str]:
    pairs = entry["resource"].get("attributes", ())
    return {pair["key"]: pair["value"]["stringValue"] for pair in pairs if "stringValue" in pair["value"]}


def until(happened: Callable[[], T | None], otherwise: Callable[[], str]) -> T:
    """Asks until there is an answer."""
    deadline = time.monotonic() + PATIENCE
    while (answer := happened()) is None:
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.2)  # between two questions; what is waited for is the answer
    return answer
