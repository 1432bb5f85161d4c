"""Collectors as processes that a test stops and starts, and the one without faults, where everything ends up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.otelcol import Received, attributes, received, wait_until_healthy
from tests.tools.ports import FREE

NAMESPACE = f"test-{os.getpid()}"
"""Where the services run that send here."""
_END = """
extensions: {{health_check: {{endpoint: "127.0.0.1:{health}"}}}}
receivers:
  otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}
exporters: {{file: {{path: "{file}"}}}}
service:
  extensions: [health_check]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{{pipelines}}}
"""


def end_config(ports: Mapping[str, int], file: Path, signals: Iterable[str]) -> str:
    """The config of a collector that writes what arrives into a file."""
    pipelines = ", ".join(f"{signal}: {{receivers: [otlp], exporters: [file]}}" for signal in signals)
    return _END.format(file=file, pipelines=pipelines, **ports)


@dataclass
class Collector:
    """A collector that can be stopped and started again."""

    binary: Path
    folder: Path
    name: str
    config: str
    health: int
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it is healthy."""
        config, log = self.folder / f"{self.name}.yaml", self.folder / f"{self.name}.log"
        config.write_text(self.config, encoding="utf-8")
        env = {"PATH": os.environ["PATH"], **self.env}
        with log.open("ab") as output:
            command = [str(self.binary), f"--config={config}"]
            self.process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        wait_until_healthy(self.process, f"http://127.0.0.1:{self.health}", log)

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """As the kubelet does; it sends what it still has."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(60)
        assert code == 0, (self.folder / f"{self.name}.log").read_text()

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Backend:
    """Where everything ends up."""

    collector: Collector
    ports: Mapping[str, int]
    """By protocol."""
    file: Path

    def received(self) -> Received:
        """So far, without a line that is being written, and without what others on this machine send to the port that
        they have had before."""
        text = self.file.read_text() if self.file.exists() else ""
        found = received(text[: text.rfind("\n") + 1])
        return Received(*(list(filter(_ours, signal)) for signal in (found.traces, found.metrics, found.logs)))

    def spans(self) -> set[tuple[str, str]]:
        """Each once: what is sent again after a timeout may arrive twice."""
        return {(span["traceId"], span["spanId"]) for span in self.received().spans()}


def _ours(resource: dict[str, Any]) -> bool:
    return attributes(resource).get("service.namespace") == NAMESPACE


@contextmanager
def backend(otelcol: Path, folder: Path) -> Iterator[Backend]:
    ports = {name: next(FREE) for name in ("grpc", "http", "health")}
    file = folder / "received.jsonl"
    config = end_config(ports, file, ("traces", "metrics"))
    found = Backend(Collector(otelcol, folder, "backend", config, ports["health"]), ports, file)
    try:
        found.collector.start()
        yield found
    finally:
        found.collector.end()


def to_backend(end: Backend, **more: str) -> dict[str, str]:
    """The user's own variables: metrics to a collector without faults, often; batches after a short time."""
    return {
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{end.ports['grpc']}",
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        **more,
    }


def on_this_machine(ports: Mapping[str, int]) -> dict[str, Any]:
    """Where a generated collector listens here, as the user's own part of its config.

    Args:
        ports: by what is there: grpc, http, health, metrics.
    """
    host = "${env:MY_POD_IP}"
    own = {"pull": {"exporter": {"prometheus": {"host": host, "port": ports["metrics"]}}}}
    listening = {protocol: {"endpoint": f"{host}:{ports[protocol]}"} for protocol in ("grpc", "http")}
    return {
        "extensions": {"health_check": {"endpoint": f"{host}:{ports['health']}"}},
        "receivers": {"otlp": {"protocols": listening}},
        "service": {"telemetry": {"metrics": {"readers": [own]}}},
    }
