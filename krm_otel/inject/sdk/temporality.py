"""Delta temporality of metrics, which a Prometheus does not take.

Sources: OpenTelemetry specification, `metrics/sdk_exporters/otlp.md` (`delta` and `lowmemory` make counters and
histograms deltas); collector-contrib, `exporter/prometheusexporter` and `exporter/prometheusremotewriteexporter` (they
drop deltas); Prometheus documentation, `otlp-deltatocumulative` (its OTLP endpoint refuses them without that feature).
"""

from __future__ import annotations

from typing import Final

from krm_otel import names
from krm_otel.config.settings import CollectorSettings, Settings
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.sdk.builder import ContainerBuilder

_DELTA: Final = frozenset(("delta", "lowmemory"))
_SCRAPED_OR_WRITTEN: Final = frozenset(("prometheus", "prometheus_remote_write"))
_OTLP_PATH: Final = "/api/v1/otlp"
_CONVERTERS: Final = ("deltatocumulative", "delta_to_cumulative")


def check_temporality(builder: ContainerBuilder, settings: Settings) -> None:
    """Reports a container whose metrics a Prometheus would drop."""
    variable, configured = builder.existing.get(names.E_TEMPORALITY), settings.env.get(names.E_TEMPORALITY)
    value = variable.value if variable else configured.value.value if configured else None
    if (value or "").lower() not in _DELTA or not settings.metrics.value or not _to_prometheus(settings):
        return
    name = f"telemetry.env.{names.E_TEMPORALITY}" if variable is None else names.E_TEMPORALITY
    text = f"{name} is {value}, and the metrics go to a Prometheus, which drops delta sums and histograms"
    fix = "write cumulative, or a deltatocumulative processor in collector.config"
    where = builder.location(variable.path if variable else "")
    builder.report(rules.DELTA_TO_PROMETHEUS.at(where, text, fix=fix, current=value, proposed="cumulative"))


def _to_prometheus(settings: Settings) -> bool:
    if settings.collector is None:
        direct = settings.exporters.get("metrics") or settings.endpoint
        return direct is not None and _OTLP_PATH in direct.value.url
    targets = [target.value for target in settings.collector.exporters.get("metrics", ())]
    to_prometheus = any(target.kind in _SCRAPED_OR_WRITTEN or _OTLP_PATH in target.url for target in targets)
    return to_prometheus and not _converts(settings.collector)


def _converts(collector: CollectorSettings) -> bool:
    """Whether the user's part of the config makes deltas cumulative."""
    return collector.config is not None and any(name in str(collector.config.value) for name in _CONVERTERS)
