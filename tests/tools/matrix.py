"""Classes whose collectors between them have everything: every pair of choices occurs, and every backend in each mode.

Rows are chosen by a greedy cover over the pairs, then filled up by a fixed sequence: the same on every run.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from krm_otel.config.settings.backend_types import BACKENDS

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "mode": ("sidecar", "deployment", "daemonset"),
    "signals": ("traces", "metrics", "logs", "traces metrics", "traces logs", "metrics logs", "traces metrics logs"),
    "stage": ("sdk", "collector", "both"),
    "backend": (*BACKENDS, "grpc endpoint", "http endpoint", "http path", "two", "assumed"),
    "tls": ("plain", "tls", "ca", "mutual"),
    "auth": ("none", "one", "two"),
    "batch": ("default", "tuned", "off"),
    "replicas": ("1", "3", "by load"),
    "queue": ("memory", "files"),
    "rate": ("0.0", "0.07", "1.0"),
    "namespace": ("demo", ""),
    "own": ("none", "merged"),
    "spans": ("sent on", "counted"),
    "tail": ("none", "here", "limited", "gateway", "gateway by load"),
}
ROWS: Final = 320
_STORED: Final = {
    **{name: kind.signals for name, kind in BACKENDS.items()},
    **dict.fromkeys(
        ("grpc endpoint", "http endpoint", "http path", "two", "assumed"), frozenset(BACKENDS["otlp"].signals)
    ),
}
_ASSUMED: Final = {"traces": "tempo", "metrics": "prometheus", "logs": "loki"}
_ON_THE_SPOT: Final = {"grpc endpoint": "127.0.0.1:4317", "http endpoint": "127.0.0.1:4318", "http path": "127.0.0.1/a"}
_TAILS: Final = {
    "none": [],
    "here": ["tail_sampling: {latency_ms: 300}"],
    "limited": ["tail_sampling: {errors: false, slow: false, spans_per_second: 9, bytes_per_second: 999}"],
    "gateway": ["tail_sampling: {latency_ms: 300, total_spans_per_second: 99}", "gateway: {config: {}}"],
    "gateway by load": [
        "tail_sampling: {policies: [{name: keep, type: always_sample}]}",
        "gateway: {autoscaling: {max_replicas: 3}, resources: {limits: {memory: 2Gi}}}",
    ],
}

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """One class as YAML texts: its block, and the OTelConfig's spec. In mode daemonset the latter says it all."""

    name: str
    block: str
    spec: str
    namespace: str


def possible(row: Row) -> bool:
    """Whether the backend stores one of the signals, and all spans of a trace meet where it is decided."""
    if row.get("tail", "none") != "none":
        meets = row["tail"].startswith("gateway") or (row.get("replicas", "1") == "1" and row.get("mode") != "sidecar")
        if not meets or row.get("mode") == "daemonset" or row.get("stage", "collector") != "collector":
            return False
    if "signals" not in row or "backend" not in row:
        return True
    return bool(set(row["signals"].split()) & _STORED[row["backend"]])


def pairs() -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two choices that can be made together."""
    found = set()
    for (one, values), (other, others) in itertools.combinations(CHOICES.items(), 2):
        for left, right in itertools.product(values, others):
            if possible({one: left, other: right}):
                found.add(((one, left), (other, right)))
    return found


def covered(row: Row) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return set(itertools.combinations(((name, row[name]) for name in CHOICES), 2))


def rows() -> list[Row]:
    """At least ROWS of them, that cover all pairs."""
    source = random.Random(4)
    missing = pairs()
    found: list[Row] = []
    while missing or len(found) < ROWS:
        tries = [row for row in (_random(source, missing) for _ in range(12)) if possible(row)]
        if not tries:
            continue
        best = max(tries, key=lambda row: len(covered(row) & missing))
        missing -= covered(best)
        found.append(best)
    return found


def _random(source: random.Random, missing: set[tuple[tuple[str, str], tuple[str, str]]]) -> Row:
    row = {name: source.choice(values) for name, values in CHOICES.items()}
    if missing:
        row.update(min(missing))
    return row


def cases() -> Iterator[Case]:
    for number, row in enumerate(rows()):
        name = "-".join([str(number), row["mode"], row["backend"].replace(" ", "_"), row["tls"], row["stage"]])
        yield Case(name, _block(row), _spec(row), row["namespace"])


def _block(row: Row) -> str:
    on = row["signals"].split()
    switches = ", ".join(f"{signal}: {str(signal in on).lower()}" for signal in ("traces", "metrics", "logs"))
    if row["mode"] == "daemonset":
        return ""
    return (
        f"telemetry: {{{switches}, sampling_rate: {row['rate']}}}\n"
        f"collector: {{mode: {row['mode']}, exporters: {{{_exporters(row)}}}}}\n"
    )


def _exporters(row: Row) -> str:
    return ", ".join(f"{signal}: {_exporter(row, signal)}" for signal in row["signals"].split())


def _exporter(row: Row, signal: str) -> str:
    """The row's backend for what it stores, an OTLP backend for the rest."""
    backend = row["backend"]
    scheme = "http" if row["tls"] == "plain" else "https"
    if signal not in _STORED[backend]:
        return "rest"
    if backend in _ON_THE_SPOT:
        return f"'{scheme}://{_ON_THE_SPOT[backend]}'"
    if backend == "two":
        return "[chosen, rest]"
    return _ASSUMED[signal] if backend == "assumed" else "chosen"


def _spec(row: Row) -> str:
    kind = row["backend"] if row["backend"] in BACKENDS else "otlp"
    scheme = "http" if row["tls"] == "plain" else "https"
    port = 4317 if BACKENDS[kind].kind is None else 9999
    lines = ["backends:", "  rest: {endpoint: 'http://127.0.0.1:4318'}", "  chosen:", f"    type: {kind}"]
    if BACKENDS[kind].connects:
        lines.append(f"    endpoint: '{scheme}://127.0.0.1:{port}'")
    if row["auth"] != "none":
        more = ", Authorization: {secret: auth, key: token}" if row["auth"] == "two" else ""
        lines.append(f"    headers: {{X-Scope-OrgID: {{secret: auth, key: tenant}}{more}}}")
    if row["tls"] in ("ca", "mutual"):
        client = ", client: {secret: client}, server_name: otlp.example" if row["tls"] == "mutual" else ""
        lines.append(f"    tls: {{ca: {{config_map: ca}}{client}}}")
    lines += ["collector:", f"  sampling_stage: {row['stage']}"]
    by_load = row["replicas"] == "by load"
    lines.append("  autoscaling: {max_replicas: 3}" if by_load else f"  replicas: {row['replicas']}")
    if row["queue"] == "files":
        lines.append("  queue: {persistent: true, size: 7, size_limit: 1Gi}")
    if row["spans"] == "counted":
        lines.append("  span_metrics: {dimensions: [http.route], interval: 1s}")
    lines += [f"  {line}" for line in _TAILS[row["tail"]]]
    if row["mode"] == "daemonset":
        host_port = "true" if row["own"] == "merged" else "false"
        lines += [f"  daemonset: {{manage: true, host_port: {host_port}}}", f"  exporters: {{{_exporters(row)}}}"]
    if row["batch"] != "default":
        tuned = "{send_batch_size: 100, send_batch_max_size: 200, timeout: 200ms}"
        lines.append("  batch: " + (tuned if row["batch"] == "tuned" else "{enabled: false}"))
    if row["own"] == "merged":
        own = "exporters: {debug/own: }, service: {telemetry: {logs: {encoding: json}}}"
        lines.append(f"  config: {{{own}}}")
    return "\n".join(lines) + "\n"
