"""Names that users copy from older documentation, and that collectors no longer know: components and fields.

A collector that finds one of them does not start. Names that are only renamed, such as `otlphttp`, still work.

Sources: changelogs of opentelemetry-collector and -contrib up to v0.158. The collector v0.158.0 refuses each field
(`tests/tools/test_removed_names.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.collector.reading.structure import mapping, member, type_of
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.suggestion import nearest

_OTLP_BACKEND: Final = "otlp_grpc, or a backend with its endpoint"
COMPONENTS: Final[dict[str, dict[str, str]]] = {
    "exporters": {
        "logging": "debug",
        "jaeger": f"{_OTLP_BACKEND}: Jaeger takes OTLP",
        "jaeger_thrift": f"{_OTLP_BACKEND}: Jaeger takes OTLP",
        "jaeger_thrift_hot": f"{_OTLP_BACKEND}: Jaeger takes OTLP",
        "opencensus": _OTLP_BACKEND,
        "loki": "otlp_http with the path /otlp, or a backend of type loki",
        "sapm": "otlp_http",
        "dynatrace": "otlp_http",
        "f5cloud": "otlp_http",
        "skywalking": _OTLP_BACKEND,
        "parquet": "file",
    },
    "receivers": {"opencensus": "otlp", "prometheus_exec": "prometheus", "sapm": "otlp"},
    "processors": {
        "spanmetrics": "collector.span_metrics, or the connector span_metrics",
        "servicegraph": "the connector servicegraph",
        "routing": "the connector routing",
        "queued_retry": "sending_queue and retry_on_failure of exporters",
        "k8s_tagger": "k8s_attributes",
    },
    "extensions": {
        "memory_ballast": "nothing: krm-otel sets GOMEMLIMIT",
        "ballast": "nothing: krm-otel sets GOMEMLIMIT",
    },
}
"""Section → type of a component that is gone → what there is instead."""

_TLS: Final = {
    name: f"tls.{name}"
    for name in ("insecure", "insecure_skip_verify", "ca_file", "cert_file", "key_file", "server_name_override")
}
_SENDING: Final = {
    **_TLS,
    "batcher": "sending_queue.batch",
    "per_rpc_auth": "auth.authenticator",
    "sending_queue.blocking": "sending_queue.block_on_overflow",
    "sending_queue.persistent_storage_enabled": "sending_queue.storage: file_storage",
}
_REMOTE_WRITE: Final = {"sending_queue": "remote_write_queue", "export_created_metric": "nothing"}
_SPAN_METRICS: Final = {
    "latency_histogram_buckets": "histogram.explicit.buckets",
    "metrics_exporter": "the connector among the receivers of the metrics pipeline",
}
FIELDS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "exporters": {
        "debug": {"loglevel": "verbosity: detailed"},
        **dict.fromkeys(("otlp_grpc", "otlp", "otlp_http", "otlphttp"), _SENDING),
        **dict.fromkeys(("prometheus_remote_write", "prometheusremotewrite"), _REMOTE_WRITE),
    },
    "receivers": {
        "otlp": {
            "endpoint": "protocols.grpc.endpoint",
            "protocols.grpc.tls_settings": "protocols.grpc.tls",
            "protocols.http.tls_settings": "protocols.http.tls",
            "protocols.http.cors_allowed_origins": "protocols.http.cors.allowed_origins",
            "protocols.http.cors_allowed_headers": "protocols.http.cors.allowed_headers",
        },
    },
    "processors": {
        "memory_limiter": {"ballast_size_mib": "nothing: krm-otel sets GOMEMLIMIT"},
        "resource": {"labels": "attributes", "type": "nothing"},
    },
    "connectors": dict.fromkeys(("span_metrics", "spanmetrics"), _SPAN_METRICS),
    "extensions": {"health_check": {"port": "endpoint: 0.0.0.0:13133"}},
}
"""Section → type → field that is gone → what there is instead."""
_ADDRESS: Final = ("service", "telemetry", "metrics", "address")
_READERS: Final = "readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888}}}}]"
_KNOWN: Final = (
    *("otlp", "zipkin", "jaeger", "kafka", "prometheus", "filelog", "hostmetrics", "kubeletstats", "k8s_cluster"),
    *("memory_limiter", "batch", "resource", "attributes", "filter", "transform", "tail_sampling", "k8s_attributes"),
    *("probabilistic_sampler", "resourcedetection", "metricstransform", "cumulativetodelta", "deltatocumulative"),
    *("debug", "otlp_grpc", "otlp_http", "otlphttp", "prometheus_remote_write", "prometheusremotewrite"),
    *("load_balancing", "loadbalancing", "elasticsearch", "datadog", "azuremonitor", "googlecloud", "span_metrics"),
    *("spanmetrics", "servicegraph", "routing", "health_check", "file_storage", "bearertokenauth", "basicauth"),
    *("oauth2client", "headers_setter", "zpages", "pprof", "count", "forward"),
)
"""Types that are often written, for what looks like one of them."""
_LIKE: Final = 0.9
_FIELD_GONE: Final = "is a field that collectors no longer have, so they do not start"


@dataclass(frozen=True, slots=True)
class Removed:
    """A name that no collector knows.

    Args:
        steps: where it is in the config.
        text: what is wrong with it.
        fix: what to write instead.
    """

    steps: tuple[str, ...]
    text: str
    fix: str


def removed_names(own: Mapping[str, Any]) -> Iterator[Removed]:
    """Components and fields of a config that collectors do not know any more, and misspelt types."""
    for section in ("receivers", "processors", "exporters", "connectors", "extensions"):
        for name, body in mapping(own.get(section)).items():
            component, steps = type_of(str(name)), (section, str(name))
            if instead := COMPONENTS.get(section, {}).get(component):
                yield Removed(steps, f"is a component that collectors no longer have ({component})", _fix(instead))
            elif meant := _misspelt(component):
                text = f"is of the type {component}, which no published collector has"
                yield Removed(steps, text, f"write {meant}")
            for field, instead in FIELDS.get(section, {}).get(component, {}).items():
                path = field.split(".")
                if path[-1] in mapping(member(body, *path[:-1])):
                    yield Removed((*steps, *path), _FIELD_GONE, _fix(instead))
    if _ADDRESS[-1] in mapping(member(own, *_ADDRESS[:-1])):
        yield Removed(_ADDRESS, _FIELD_GONE, _fix(_READERS))


def _fix(instead: str) -> str:
    nothing, _, why = instead.partition(": ")
    if nothing == "nothing":
        return f"leave it out: {why}" if why else "leave it out"
    return f"write {instead}"


def _misspelt(component: str) -> str | None:
    """The type that is meant, where a type looks almost like a known one."""
    letters = component.replace("_", "")
    if any(letters == known.replace("_", "") for known in _KNOWN):
        return None
    meant = nearest(component, _KNOWN, cutoff=_LIKE)
    return meant if meant and abs(len(meant) - len(component)) <= 1 else None
