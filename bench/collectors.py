"""Spans per second and core of generated collectors, compared with a collector that was tuned by hand.

    make bench-collectors                  three rounds of 200,000 spans each
    .venv/bin/python -m bench.collectors --spans 1000000 --rounds 1

Every contender is a real collector with a rendered config, which sends to real collectors that drop everything. The
measure is spans per second of processor time, from the first span until the collector has sent all spans and ended. The
contenders take turns, and the number to look at is the ratio to the hand-tuned one. Nothing here fails because of a
number: a measurement is no test. docs/scaling.md is written from the results. It needs root, to resolve the name of the
second tier.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from bench import record
from tests.support.configuration import otel_config
from tests.support.otelcol import wait_until_healthy
from tools.build import require

SCRIPT = Path(sys.executable).with_name("krm-otel")
SUBJECT, SINKS = "127.9.0.1", ("127.9.0.2", "127.9.0.3")
PER_REQUEST = 256
PER_TRACE = 4
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

CONFIG = """
telemetry: {{propagators: [w3c]}}
collector: {{resources: {{limits: {{memory: 2Gi}}}}, {collector}}}
"""
CLASS = """
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: shop, namespace: demo}}
spec:
  nfr_requirements: {{max_latency_ms: 300}}
  observability:
    enabled: true
    telemetry: {{sampling_rate: {rate}}}
    collector: {{mode: deployment, exporters: {{traces: 'http://{sink}:4317', metrics: prometheus-scrape}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop, namespace: demo}}
spec: {{template: {{spec: {{containers: [{{name: function, image: shop}}]}}}}}}
"""
TUNED = """
extensions: {health_check: {endpoint: "${env:MY_POD_IP}:13133"}}
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:MY_POD_IP}:4317"}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 1638, spike_limit_mib: 409}
  batch: {send_batch_size: 8192, send_batch_max_size: 10000, timeout: 1s}
exporters:
  otlp_grpc: {endpoint: "SINK:4317", tls: {insecure: true}, sending_queue: {queue_size: 5000}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_grpc]}}
"""
SINK = """
extensions: {health_check: {endpoint: "${env:MY_POD_IP}:13133"}}
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:MY_POD_IP}:4317", max_recv_msg_size_mib: 64}}}}
exporters: {nop: {}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
"""
GATEWAY = "tail_sampling: {}, gateway: {resources: {limits: {memory: 2Gi}}}"
CONTENDERS = {
    "tuned by hand, nothing but batches": ("", 1.0, ""),
    "generated, sampled in the SDK (stage `sdk`)": ("replicas: 1", 1.0, "shop-otel-config"),
    "generated, stage `collector` at 0.1": ("sampling_stage: collector", 0.1, "shop-otel-config"),
    "the same with `span_metrics`": ("sampling_stage: collector, span_metrics: {}", 0.1, "shop-otel-config"),
    "`tail_sampling` at 0.1, one tier": ("tail_sampling: {}", 0.1, "shop-otel-config"),
    "first tier of two": (GATEWAY, 0.1, "shop-otel-config"),
    "first tier of two with `span_metrics`": (f"{GATEWAY}, span_metrics: {{}}", 0.1, "shop-otel-config"),
    "second tier (`tail_sampling` at 0.1)": (GATEWAY, 0.1, "shop-otel-gateway-config"),
}


@dataclass(frozen=True)
class Measurement:
    """Spans per second of one core, and peak memory in MB."""

    rate: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--spans", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    measurements: dict[str, list[Measurement]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.rounds):
            for name, contender in CONTENDERS.items():
                measurements[name].append(measure(Path(folder), config_of(*contender), arguments.spans))
                print(f"round {number + 1}: {name}: {measurements[name][-1].rate:,.0f}", file=sys.stderr, flush=True)
    rows = {
        name: {
            "rate": round(statistics.median(entry.rate for entry in entries)),
            "memory": round(statistics.median(entry.memory for entry in entries)),
        }
        for name, entries in measurements.items()
    }
    measured = {"spans": arguments.spans, "rounds": arguments.rounds, "load": load, "rows": rows}
    record.write("collectors", record.facts("otelcol") | measured)
    subprocess.run([sys.executable, "-m", "tools.docs"], cwd=record.RESULTS.parents[1], check=True)


def config_of(collector: str, rate: float, name: str) -> str:
    """The config of a contender: from the ConfigMap `name`, or the hand-tuned one if `name` is empty."""
    if not name:
        return TUNED.replace("SINK", SINKS[0])
    text = otel_config(CONFIG.format(collector=collector)) + CLASS.format(rate=rate, sink=SINKS[0])
    done = subprocess.run([SCRIPT], input=text, capture_output=True, text=True, check=True)
    objects = [item for item in yaml.safe_load_all(done.stdout) if item["kind"] == "ConfigMap"]
    (config_map,) = [item for item in objects if item["metadata"]["name"] == name]
    config = config_map["data"]["collector.yaml"]
    assert isinstance(config, str)
    return config


def measure(folder: Path, config: str, spans: int) -> Measurement:
    """Sends spans to a collector with this config, in batches of PER_REQUEST."""
    with ExitStack() as stack:
        for address in SINKS:
            stack.enter_context(running(folder, SINK, address))
        process = stack.enter_context(running(folder, config, SUBJECT))
        before, payload = cpu(process.pid), Payload()
        with grpc.insecure_channel(f"{SUBJECT}:4317") as channel:
            send = channel.unary_unary(EXPORT)
            for _ in range(spans // PER_REQUEST):
                send(payload.with_new_traces(), timeout=60)
        memory = peak(process.pid)
        process.terminate()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
    return Measurement(spans / (usage.ru_utime + usage.ru_stime - before), memory)


@contextmanager
def running(folder: Path, config: str, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """A healthy collector at an address, with a hosts file in which the second tier is the two sinks."""
    file, log, hosts = (folder / f"{address}.{kind}" for kind in ("yaml", "log", "hosts"))
    file.write_text(config)
    hosts.write_text("".join(f"{sink} shop-otel-gateway\n" for sink in SINKS))
    command = ["unshare", "--mount", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$@"', "sh"]
    env = {**os.environ, "MY_POD_IP": address, "GOMEMLIMIT": "1638MiB"}
    with log.open("wb") as output:
        command += [str(require("otelcol")), f"--config={file}"]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://{address}:13133", log)
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                process.wait(30)


def cpu(pid: int) -> float:
    """The seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid: int) -> float:
    """The peak memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class Payload:
    """A request as an SDK sends it: spans of a web service with ten attributes, and new trace ids in each request."""

    def __init__(self) -> None:
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add()
        for key in ("service.name", "service.namespace", "oaas.class", "oaas.function_key", "k8s.pod.name"):
            spans.resource.attributes.append(text(key, "shop"))
        scope = spans.scope_spans.add()
        for number in range(PER_REQUEST):
            span = scope.spans.add(name="GET /items/{id}", kind=2, span_id=(number + 1).to_bytes(8, "big"))
            span.trace_id = (number // PER_TRACE + 1).to_bytes(16, "big")
            span.start_time_unix_nano = 1_700_000_000_000_000_000
            span.end_time_unix_nano = span.start_time_unix_nano + number * 1_000_000
            for attribute in range(10):
                span.attributes.append(text(f"http.attribute.{attribute}", f"value of attribute {attribute}"))
        self._bytes = bytearray(request.SerializeToString())
        self._offsets: list[int] = []
        offset = 0
        for span in scope.spans:
            offset = self._bytes.index(b"\x0a\x10" + span.trace_id, offset) + 2  # field 1, of 16 bytes
            self._offsets.append(offset)

    def with_new_traces(self) -> bytes:
        """The request with new trace ids."""
        for number, offset in enumerate(self._offsets):
            if number % PER_TRACE == 0:
                trace_id = os.urandom(16)
            self._bytes[offset : offset + 16] = trace_id
        return bytes(self._bytes)


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


if __name__ == "__main__":
    main()
