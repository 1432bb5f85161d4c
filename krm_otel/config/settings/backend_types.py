"""The types of backends that a managed collector can send to, one line each.

Sources: Jaeger v2 and Tempo take OTLP on 4317 and 4318; Prometheus' own documentation (`/api/v1/otlp`, remote write
at `/api/v1/write`); Grafana Mimir and Loki 3 (`/otlp`); VictoriaMetrics (`/opentelemetry`), VictoriaLogs and
VictoriaTraces (`/insert/opentelemetry`). To all of these paths but remote write's, OTLP/HTTP adds `/v1/<signal>`.
"""

from __future__ import annotations

from typing import Final, Literal

from krm_otel.dataclass import dataclass
from krm_otel.otlp import url_parts

ExporterKind = Literal[
    "otlp_grpc", "otlp_http", "prometheus", "prometheus_remote_write", "debug", "file", "load_balancing"
]
"""Kinds of exporters, by the collector's own names (those of v0.154 and later)."""

ALL: Final = frozenset(("traces", "metrics", "logs"))
_TRACES: Final = frozenset(("traces",))
_METRICS: Final = frozenset(("metrics",))
_LOGS: Final = frozenset(("logs",))


@dataclass(frozen=True, slots=True)
class BackendKind:
    """A type of backend.

    Args:
        signals: what it stores.
        kind: the exporter; None is OTLP, over gRPC or HTTP, depending on the endpoint.
        path: what krm-otel appends to an endpoint without a path.
        address: its usual address in a cluster; empty where there is none.
        series: it stores metrics as series with labels, as Prometheus does.
    """

    signals: frozenset[str]
    kind: ExporterKind | None = None
    path: str = ""
    address: str = ""
    series: bool = False

    @property
    def connects(self) -> bool:
        """Whether the collector connects to it: `debug` and `file` are in its pod, and scrapers connect to it."""
        return self.kind not in ("debug", "file", "prometheus")


def _address(service: str, port: int) -> str:
    return f"http://{service}.observability.svc:{port}"


BACKENDS: Final[dict[str, BackendKind]] = {
    "otlp": BackendKind(ALL),
    "jaeger": BackendKind(_TRACES, None, "", _address("jaeger", 4317)),
    "tempo": BackendKind(_TRACES, None, "", _address("tempo", 4317)),
    "prometheus": BackendKind(_METRICS, "otlp_http", "/api/v1/otlp", _address("prometheus", 9090), True),
    "prometheus-remote-write": BackendKind(
        _METRICS, "prometheus_remote_write", "/api/v1/write", _address("prometheus", 9090), True
    ),
    "prometheus-scrape": BackendKind(_METRICS, "prometheus", series=True),
    "mimir": BackendKind(_METRICS, "otlp_http", "/otlp", _address("mimir", 8080), True),
    "loki": BackendKind(_LOGS, "otlp_http", "/otlp", _address("loki", 3100)),
    "victoriametrics": BackendKind(_METRICS, "otlp_http", "/opentelemetry", _address("victoriametrics", 8428), True),
    "victorialogs": BackendKind(_LOGS, "otlp_http", "/insert/opentelemetry", _address("victorialogs", 9428)),
    "victoriatraces": BackendKind(_TRACES, "otlp_http", "/insert/opentelemetry", _address("victoriatraces", 10428)),
    "file": BackendKind(ALL, "file"),
    "debug": BackendKind(ALL, "debug"),
}


def makes_series(url: str) -> bool:
    """Whether an endpoint for metrics, written in place of a backend's name, has the path of a type with `series`."""
    path = url_parts(url).path.rstrip("/").removesuffix("/v1/metrics")
    return any(path.endswith(kind.path) for kind in BACKENDS.values() if kind.series and kind.path)


def takes_no_deltas(url: str) -> bool:
    """Whether an endpoint for metrics has a path of Prometheus or VictoriaMetrics, which take cumulative ones only.
    Other databases have a path such as `/otlp`, too."""
    path = url_parts(url).path.rstrip("/").removesuffix("/v1/metrics")
    return path.endswith(("/api/v1/otlp", "/opentelemetry"))


def can_be_assumed(name: str) -> bool:
    """Whether the name of a type can stand for a backend that no OTelConfig declares."""
    kind = BACKENDS.get(name)
    return kind is not None and (bool(kind.address) or not kind.connects)
