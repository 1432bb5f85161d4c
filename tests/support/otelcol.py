"""A real OpenTelemetry Collector that writes what it receives to a file."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CONFIG = """
extensions:
  health_check: {{endpoint: "127.0.0.1:{health}"}}
  bearertokenauth: {{token: "{token}"}}
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}", auth: {{authenticator: bearertokenauth}}}}
      http: {{endpoint: "127.0.0.1:{http}", auth: {{authenticator: bearertokenauth}}}}
exporters:
  file: {{path: "{file}"}}
service:
  extensions: [health_check, bearertokenauth]
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
    logs: {{receivers: [otlp], exporters: [file]}}
"""
_PATIENCE = 30.0  # seconds until a collector that is not healthy is given up


@dataclass(frozen=True)
class Received:
    """What came in, by signal: OTLP JSON, one entry for each resource."""

    traces: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    logs: list[dict[str, Any]]

    def spans(self) -> list[dict[str, Any]]:
        return [span for resource in self.traces for scope in resource["scopeSpans"] for span in scope["spans"]]


@dataclass(frozen=True)
class Collector:
    """A collector that is running; only requests with the bearer token come in."""

    grpc: int
    http: int
    file: Path

    def received(self) -> Received:
        """What has come in so far. The file is complete once the collector has stopped."""
        return received(self.file.read_text() if self.file.exists() else "")


def received(text: str) -> Received:
    """What the file exporter has written: a JSON object on each line."""
    found: dict[str, list[dict[str, Any]]] = {"resourceSpans": [], "resourceMetrics": [], "resourceLogs": []}
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break  # the collector is still writing it
        for key, resources in json.loads(line).items():
            found[key] += resources
    return Received(found["resourceSpans"], found["resourceMetrics"], found["resourceLogs"])


def attributes(resource: dict[str, Any]) -> dict[str, str]:
    """The resource attributes of one entry that are text."""
    pairs = resource["resource"]["attributes"]
    return {pair["key"]: pair["value"]["stringValue"] for pair in pairs if "stringValue" in pair["value"]}


@contextmanager
def running(binary: Path, folder: Path, token: str) -> Iterator[Collector]:
    """A healthy collector on free ports of the loopback; stopped at the end, with all it received in its file."""
    grpc, http, health = free_ports(3)
    file, config, log = folder / "received.jsonl", folder / "collector.yaml", folder / "collector.log"
    config.write_text(_CONFIG.format(grpc=grpc, http=http, health=health, token=token, file=file))
    with log.open("wb") as output:
        process = subprocess.Popen([binary, f"--config={config}"], stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://127.0.0.1:{health}", log)
            yield Collector(grpc, http, file)
        finally:
            process.terminate()
            code = process.wait(_PATIENCE)
    assert code == 0, log.read_text()


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Asks until the answer is 200; a process that has ended, or says nothing for long, fails with its log."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)  # between two questions; what is waited for is the answer
    raise AssertionError(f"the collector did not become healthy: {log.read_text()}")


def free_ports(count: int) -> list[int]:
    """Free ports of the loopback."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports
