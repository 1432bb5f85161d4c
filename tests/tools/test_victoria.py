"""Logs and metrics of a real SDK, through a rendered collector, in a real VictoriaLogs and a real VictoriaMetrics."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.otelcol import wait_until_healthy
from tests.tools.package import collecting, package
from tests.tools.ports import FREE
from tests.tools.prometheus import eventually
from tests.tools.test_prometheus import DURATIONS, answers
from tools.build import require


@contextmanager
def database(name: str, folder: Path, *flags: str) -> Iterator[str]:
    """One of the databases, healthy; its address."""
    address, log = f"127.0.0.1:{next(FREE)}", folder / f"{name}.log"
    command = [str(require(name)), f"-httpListenAddr={address}", f"-storageDataPath={folder / name}", *flags]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://{address}/health", log)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(60)


def ask(url: str, **query: str) -> str:
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
        found: bytes = answer.read()
    return found.decode()


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_logs_are_found_by_trace_and_metrics_by_class(mode: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        logs = stack.enter_context(database("victoria-logs", tmp_path))
        flags = ("-opentelemetry.usePrometheusNaming", "-search.latencyOffset=0s", "-search.disableCache")
        metrics = stack.enter_context(database("victoria-metrics", tmp_path, *flags))
        backends = {
            "victorialogs": {"type": "victorialogs", "endpoint": logs},
            "victoriametrics": {"type": "victoriametrics", "endpoint": metrics},
        }
        exporters = {"traces": "debug", "metrics": "victoriametrics", "logs": "victorialogs"}
        made = package({"backends": backends}, exporters, mode=mode)
        stack.enter_context(collecting(made, tmp_path))
        traces = answers(made)
        assert len(set(traces)) == len(DURATIONS)
        for trace, duration in zip(traces, DURATIONS, strict=True):
            (record,) = eventually(lambda trace=trace: lines(logs, trace), bool)  # type: ignore[misc]
            assert record["_msg"] == f"answered after {duration} ms"
            assert record["oaas.class"] == "echo"
            assert record["oaas.function_key"] == "greet"
            assert record["k8s.namespace.name"] == "shop"
            assert record["service.name"] == "echo-function"
        count = (
            'http_server_request_duration_seconds_count{oaas_owner="echo",namespace="shop",oaas_function_key="greet"}'
        )
        (series,) = eventually(lambda: vector(metrics, count), bool)
        assert float(series["value"][1]) == len(DURATIONS)


def lines(logs: str, trace: str) -> list[dict[str, Any]]:
    """Every record of a trace."""
    return [json.loads(line) for line in ask(f"{logs}/select/logsql/query", query=f"trace_id:={trace}").splitlines()]


def vector(metrics: str, expr: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ask(f"{metrics}/api/v1/query", query=expr))["data"]["result"]
    return found
