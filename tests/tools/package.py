"""A class with its collector, rendered, so that it runs on this machine: collector and function see what a pod would.

All that is not as it comes out is where the collector listens; the configuration says that itself (`collector.config`),
but for the port of its own metrics, which stands in a list.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.kubelet import environment
from tests.support.otelcol import wait_until_healthy
from tests.tools.function import FUNCTION
from tests.tools.ports import FREE
from tools.build import require

NODE = f"127.7.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
"""The address of the node: a loopback of this process alone, where the usual ports are free."""
FIELDS = {
    "metadata.namespace": "shop",
    "metadata.name": "echo-5d9c",
    "metadata.uid": "0b1c",
    "spec.nodeName": "node-7",
    "status.podIP": "127.0.0.1",
    "status.hostIP": NODE,
}
PORTS = ("grpc", "http", "health", "metrics", "prometheus")
_CLASS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: echo, namespace: shop}
spec:
  functions: [{function_key: greet, container_image: acme/greet}]
  observability: {enabled: true, telemetry: {sampling_rate: 1.0, logs: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo, namespace: shop}
spec: {template: {spec: {containers: [{name: function, image: acme/greet}]}}}
"""


@dataclass(frozen=True)
class Package:
    """What was rendered: objects by kind, and free ports of this machine."""

    objects: dict[str, Any]
    ports: dict[str, int]

    def address(self, name: str) -> str:
        return f"127.0.0.1:{self.ports[name]}"

    @property
    def function(self) -> dict[str, str]:
        """The environment of the function's container."""
        found = environment(_container(self.objects["Deployment/echo"]), FIELDS, {})
        return {**found, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.address('grpc')}"}

    def scraped(self) -> list[dict[str, Any]]:
        """What the Prometheus Operator makes of the monitor: a scrape config for each endpoint.

        Discovery would find the pod, of which it tells namespace and name.
        """
        monitor = next(one for name, one in self.objects.items() if name.endswith("Monitor/echo-otel-collector"))
        endpoints = monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]
        return [
            {
                "job_name": f"{monitor['metadata']['name']}/{endpoint['port']}",
                "honor_labels": endpoint.get("honorLabels", False),
                "static_configs": [
                    {
                        "targets": [self.address(endpoint["port"].removeprefix("otel-"))],
                        "labels": {"namespace": "shop", "pod": "echo-otel-collector-7f"},
                    }
                ],
            }
            for endpoint in endpoints
        ]


def package(spec: dict[str, Any], exporters: dict[str, Any], *, mode: str = "sidecar") -> Package:
    """Renders the class with these exporters; `spec` is what the OTelConfig says beside its collector."""
    ports = {name: next(FREE) for name in PORTS}
    # The pod's address is 127.0.0.1 here, too; only the SDKs of a sidecar's pod ask at the loopback.
    at = {name: f"${{env:MY_POD_IP}}:{port}" for name, port in ports.items()}
    if mode == "sidecar":
        at |= {name: f"127.0.0.1:{ports[name]}" for name in ("grpc", "http")}
    moved: dict[str, Any] = {
        "extensions": {"health_check": {"endpoint": at["health"]}},
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": at["grpc"]}, "http": {"endpoint": at["http"]}}}},
    }
    if exporters["metrics"] == "prometheus-scrape":
        moved["exporters"] = {"prometheus/prometheus-scrape": {"endpoint": at["prometheus"]}}
    given = dict(spec)
    collector = {
        "mode": mode,
        "exporters": exporters,
        "batch": {"timeout": "200ms"},
        **given.pop("collector", {}),
        "config": {**moved, **given.pop("config", {})},
    }
    config = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}}
    config["spec"] = {"telemetry": {"propagators": ["w3c"]}, "collector": collector, **given}
    text = f"{yaml.safe_dump(config)}---{_CLASS}"
    done = subprocess.run([FUNCTION], input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    objects = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(done.stdout)}
    return Package(objects, ports)


@contextmanager
def collecting(made: Package, folder: Path) -> Iterator[None]:
    """The rendered collector, healthy; at the end it has sent all that it can."""
    folder.mkdir(parents=True, exist_ok=True)
    config, log = folder / "collector.yaml", folder / "collector.log"
    moved = yaml.safe_load(made.objects["ConfigMap/echo-otel-config"]["data"]["collector.yaml"])
    (reader,) = moved["service"]["telemetry"]["metrics"]["readers"]
    reader["pull"]["exporter"]["prometheus"]["port"] = made.ports["metrics"]
    config.write_text(yaml.safe_dump(moved), encoding="utf-8")
    runs = made.objects.get("Deployment/echo-otel-collector") or made.objects["Deployment/echo"]
    env = {"PATH": os.environ["PATH"], **environment(_container(runs, "otel-collector"), FIELDS, {})}
    with log.open("wb") as output:
        command = [str(require("otelcol")), f"--config={config}"]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://{made.address('health')}", log)
            yield
        finally:
            process.terminate()
            process.wait(60)


def _container(workload: dict[str, Any], name: str = "function") -> dict[str, Any]:
    pod = workload["spec"]["template"]["spec"]
    found: dict[str, Any] = next(
        one for one in (*pod["containers"], *pod.get("initContainers", ())) if one["name"] == name
    )
    return found
