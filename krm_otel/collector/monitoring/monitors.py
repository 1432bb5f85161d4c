"""The monitor by which the Prometheus Operator scrapes a managed collector: a ServiceMonitor, or a PodMonitor where the
collector runs in other pods.

The collector's own metrics already have a label with their class. The metrics that it received have labels, too,
`namespace` among them, which must be kept (`honorLabels`).
"""

from __future__ import annotations

from typing import Any

from krm_otel.collector.manifests.objects import Asset, tier_object, with_labels
from krm_otel.collector.manifests.ports import listening_of, ports, sidecar_ports
from krm_otel.collector.naming import client_labels
from krm_otel.collector.tiers import Tier, tiers
from krm_otel.config.schema.monitoring import Monitors
from krm_otel.config.settings import OaasClass, Settings


def monitor_assets(oaas_class: OaasClass, settings: Settings, options: Monitors) -> tuple[Asset, ...]:
    """The monitor of each tier of a class's managed collector."""
    reason = "monitors: Prometheus fetches the collector's metrics"
    monitors = (_monitor(tier, options) for tier in tiers(oaas_class, settings))
    return tuple(Asset(data, reason) for data in monitors if data is not None)


def _monitor(tier: Tier, options: Monitors) -> dict[str, Any] | None:
    if tier.placement.in_class_pods:
        kind, field, of_tier = "PodMonitor", "podMetricsEndpoints", sidecar_ports
        labels = client_labels(tier.oaas_class.name)
    else:
        kind, field, of_tier = "ServiceMonitor", "endpoints", ports
        labels = tier.pod_selector
    interval = {"interval": options.interval} if options.interval else {}
    endpoints = [
        {"port": port.name, **interval, **({"honorLabels": True} if port.received else {})}
        for port in of_tier(listening_of(tier))
        if port.purpose == "fetch"
    ]
    if not endpoints:
        return None
    spec = {"selector": {"matchLabels": labels}, field: endpoints}
    return with_labels(tier_object(tier, "monitoring.coreos.com/v1", kind, spec=spec), options.labels)
