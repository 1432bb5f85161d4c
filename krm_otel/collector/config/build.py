"""Settings → the collector's config, as plain data in the order in which it is written.

The template is the proposal's (section 7), with what makes it work: receivers bound for the mode, `memory_limiter`
first, exporters that exist, a health check, own metrics.

Addresses (`krm_otel.config.placement`). Behind a Service everything binds to the pod's address. In a sidecar the
receivers bind to the loopback: nobody else may send there. Its health check binds to the pod's address, where the
kubelet asks, except on Knative, which allows no probe there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.addresses import HEALTH_PORT
from krm_otel.collector.config.alternatives import with_chosen_fields
from krm_otel.collector.config.credentials import credentials
from krm_otel.collector.config.environment import literal
from krm_otel.collector.config.exporters import STORAGE, exporter_ids, exporters
from krm_otel.collector.config.metric_attributes import DROPPED_ATTRIBUTES, METRIC_ATTRIBUTES
from krm_otel.collector.config.processors import processors, with_additional
from krm_otel.collector.config.sampling import SAMPLERS
from krm_otel.collector.config.service_telemetry import service_telemetry, with_one_resource_form
from krm_otel.collector.tiers import Tier
from krm_otel.config.schema.sampling import SpanMetrics
from krm_otel.config.settings import CollectorSettings
from krm_otel.otlp import PORTS

QUEUE_FOLDER: Final = "/var/lib/oaas-otel"
_SPAN_METRICS: Final = "span_metrics"
_EXPIRATION: Final = "15m"


def build_config(tier: Tier) -> dict[str, Any]:
    """The config of one collector, with the user's own part merged in."""
    collector, host = tier.collector, tier.placement.own_host
    extensions: dict[str, Any] = {"health_check": {"endpoint": f"[{host}]:{HEALTH_PORT}"}}
    if collector.queue.value.persistent:
        extensions[STORAGE] = {"directory": QUEUE_FOLDER}
    config: dict[str, Any] = {
        "extensions": extensions,
        "receivers": {"otlp": {"protocols": _protocols(tier)}},
        "processors": processors(tier),
        "exporters": exporters(collector),
    }
    if collector.span_metrics:
        config["connectors"] = {_SPAN_METRICS: _span_metrics(tier, collector.span_metrics.value)}
    config["service"] = {
        "extensions": list(extensions),
        "telemetry": service_telemetry(tier.oaas_class.name, host, second_tier=collector.second_tier),
        "pipelines": _pipelines(collector, list(config["processors"])),
    }
    config = with_additional(config, collector.processors.value)
    if collector.config is None:
        return config
    own = collector.config.value
    return with_one_resource_form(with_chosen_fields(merge(config, own), own))


def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Merges mappings key by key. Any other value of `override` replaces that of `base`, lists and nulls too."""
    result = dict(base)
    for key, value in override.items():
        old = result.get(key)
        result[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def _protocols(tier: Tier) -> dict[str, Any]:
    collector, host = tier.collector, tier.placement.receiver_host
    tls = _receiver_tls(tier)
    grpc: dict[str, Any] = {"endpoint": f"{host}:{PORTS['grpc']}", **tls}
    if collector.second_tier:  # the first tier resolves the pods, and follows when they change
        return {"grpc": grpc}
    if tier.placement.has_replicas and collector.most > 1:
        # A gRPC client keeps its connection, and so its replica: unless connections end, new replicas stay idle.
        parameters = {"max_connection_age": "60s", "max_connection_age_grace": "10s"}
        grpc["keepalive"] = {"server_parameters": parameters}
    return {"grpc": grpc, "http": {"endpoint": f"{host}:{PORTS['http']}", **tls}}


def _receiver_tls(tier: Tier) -> dict[str, Any]:
    """TLS of the receivers in pods of their own. Files are read again each hour: certificates are renewed."""
    server = tier.collector.receiver_tls
    if server is None:
        return {}
    paths = credentials(tier.collector).paths
    files = {"cert_file": server.certificate, "key_file": server.key, "client_ca_file": server.client_ca}
    tls: dict[str, Any] = {name: paths[source] for name, source in files.items() if source is not None}
    reload = {"client_ca_file_reload": True} if server.client_ca else {}
    return {"tls": {**tls, "reload_interval": "1h", **reload}}


def _span_metrics(tier: Tier, span_metrics: SpanMetrics) -> dict[str, Any]:
    """The connector that counts spans.

    It adds the attribute `collector.instance.id`, new with each start (collector v0.158.0): needed where several
    collectors receive the spans of one pod.
    """
    config: dict[str, Any] = {
        "histogram": {"unit": "s", "explicit": {"buckets": list(span_metrics.buckets)}},
        "exemplars": {"enabled": span_metrics.exemplars},
    }
    if span_metrics.dimensions:
        config["dimensions"] = [{"name": literal(name)} for name in span_metrics.dimensions]
    if tier.placement.in_class_pods:
        config["exclude_dimensions"] = ["collector.instance.id"]  # a pod has one collector: a restart adds no series
    return {
        **config,
        "add_resource_attributes": True,
        "aggregation_cardinality_limit": span_metrics.cardinality_limit,
        "metrics_flush_interval": span_metrics.interval,
        "metrics_expiration": _EXPIRATION,  # forgets pods that no longer exist
    }


def _pipelines(collector: CollectorSettings, processor_ids: list[str]) -> dict[str, Any]:
    """One pipeline for each signal. Spans are counted before any is dropped: where the traces' own pipeline drops some,
    another one counts them."""
    ids = exporter_ids(collector)
    signal_of = {
        **dict.fromkeys(SAMPLERS, "traces"),
        **dict.fromkeys((METRIC_ATTRIBUTES, DROPPED_ATTRIBUTES), "metrics"),
    }
    pipelines = {
        signal: {
            "receivers": ["otlp"],
            "processors": [name for name in processor_ids if signal_of.get(name, signal) == signal],
            "exporters": [ids[target.value] for target in targets],
        }
        for signal, targets in collector.exporters.items()
    }
    if not collector.span_metrics:
        return pipelines
    pipelines["metrics"]["receivers"].append(_SPAN_METRICS)
    traces = pipelines["traces"]
    sampler = next((index for index, name in enumerate(traces["processors"]) if name in SAMPLERS), None)
    if sampler is None:
        traces["exporters"].append(_SPAN_METRICS)
        return pipelines
    counting = {"receivers": ["otlp"], "processors": traces["processors"][:sampler], "exporters": [_SPAN_METRICS]}
    return {"traces": traces, f"traces/{_SPAN_METRICS}": counting, **pipelines}
