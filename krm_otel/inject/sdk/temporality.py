"""Delta temporality of metrics, which what stores series does not take (`krm_otel.config.resolve.backends.deltas`).

Source: OpenTelemetry specification, `metrics/sdk_exporters/otlp.md`: with `delta` and `lowmemory` SDKs send counters
and histograms as deltas.
"""

from __future__ import annotations

from typing import Final

from krm_otel import names
from krm_otel.config.settings import Settings
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.sdk.builder import ContainerBuilder

_DELTA: Final = frozenset(("delta", "lowmemory"))


def check_temporality(builder: ContainerBuilder, settings: Settings) -> None:
    """Reports a container whose metrics would be lost or wrong."""
    variable, configured = builder.existing.get(names.E_TEMPORALITY), settings.env.get(names.E_TEMPORALITY)
    value = variable.value if variable else configured.value.value if configured else None
    if (value or "").lower() not in _DELTA or not settings.metrics.value or settings.deltas == "kept":
        return
    name = f"telemetry.env.{names.E_TEMPORALITY}" if variable is None else names.E_TEMPORALITY
    text = f"{name} is {value}, and the metrics go to a Prometheus, "
    fix = "write cumulative"
    if settings.deltas == "added up":
        text += "for which the collector adds deltas up, anew after each one that is missing"
    else:
        text += "which drops delta sums and histograms"
        if settings.collector or settings.node_collector:
            fix += ", or a deltatocumulative processor in collector.config"
    where = builder.location(variable.path if variable else "")
    builder.report(rules.DELTA_TO_PROMETHEUS.at(where, text, fix=fix, current=value, proposed="cumulative"))
