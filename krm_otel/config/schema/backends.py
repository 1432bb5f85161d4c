"""The types of backends that a managed collector can send to, one line each.

Sources: Jaeger v2 and Tempo take OTLP on 4317 and 4318; Prometheus' own documentation (`/api/v1/otlp`, remote write
at `/api/v1/write`); Grafana Mimir and Loki 3 (`/otlp`); VictoriaMetrics (`/opentelemetry`), VictoriaLogs and
VictoriaTraces (`/insert/opentelemetry`). To all of these paths but remote write's, OTLP/HTTP adds `/v1/<signal>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

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
    """What is known of one type.

    Args:
        signals: what it stores.
        kind: the exporter; None: OTLP, over gRPC or HTTP as its endpoint says.
        path: what follows an endpoint that has no path of its own.
        address: where it usually is in a cluster; empty where that cannot be said.
        series: it makes series of metrics, as Prometheus does.
    """

    signals: frozenset[str]
    kind: ExporterKind | None = None
    path: str = ""
    address: str = ""
    series: bool = False

    @property
    def connects(self) -> bool:
        """Whether the collector connects to it: `debug` and `file` are in its pod, and a scraper comes by itself."""
        return self.kind not in ("debug", "file", "prometheus")


def _there(service: str, port: int) -> str:
    return f"http://{service}.observability.svc:{port}"


BACKENDS: Final[dict[str, BackendKind]] = {
    "otlp": BackendKind(ALL),
    "jaeger": BackendKind(_TRACES, None, "", _there("jaeger", 4317)),
    "tempo": BackendKind(_TRACES, None, "", _there("tempo", 4317)),
    "prometheus": BackendKind(_METRICS, "otlp_http", "/api/v1/otlp", _there("prometheus", 9090), True),
    "prometheus-remote-write": BackendKind(
        _METRICS, "prometheus_remote_write", "/api/v1/write", _there("prometheus", 9090), True
    ),
    "prometheus-scrape": BackendKind(_METRICS, "prometheus", series=True),
    "mimir": BackendKind(_METRICS, "otlp_http", "/otlp", _there("mimir", 8080), True),
    "loki": BackendKind(_LOGS, "otlp_http", "/otlp", _there("loki", 3100)),
    "victoriametrics": BackendKind(_METRICS, "otlp_http", "/opentelemetry", _there("victoriametrics", 8428), True),
    "victorialogs": BackendKind(_LOGS, "otlp_http", "/insert/opentelemetry", _there("victorialogs", 9428)),
    "victoriatraces": BackendKind(_TRACES, "otlp_http", "/insert/opentelemetry", _there("victoriatraces", 10428)),
    "file": BackendKind(ALL, "file"),
    "debug": BackendKind(ALL, "debug"),
}


def makes_series(url: str) -> bool:
    """Whether the path of an endpoint for metrics, written on the spot, is that of a type that makes series."""
    path = urlsplit(url).path.rstrip("/").removesuffix("/v1/metrics")
    return any(path.endswith(kind.path) for kind in BACKENDS.values() if kind.series and kind.path)


def can_be_assumed(name: str) -> bool:
    """Whether a name that no OTelConfig declares means a type by itself."""
    kind = BACKENDS.get(name)
    return kind is not None and (bool(kind.address) or not kind.connects)
