"""The monitor by which the Prometheus Operator scrapes a managed collector: a ServiceMonitor, or a PodMonitor where the
collector runs in other pods.

The collector's own metrics already have a label with their class. The metrics that it received have labels, too,
`namespace` among them, which must be kept (`honorLabels`).
"""

from __future__ import annotations

from typing import Any

from krm_otel.collector.manifests.container import metrics_ports
from krm_otel.collector.manifests.objects import Asset, tier_object, with_labels
from krm_otel.collector.naming import client_labels
from krm_otel.collector.tiers import Tier, tiers
from krm_otel.config.schema.monitoring import Monitors
from krm_otel.config.settings import OaasClass, Settings


def monitor_assets(oaas_class: OaasClass, settings: Settings, options: Monitors) -> tuple[Asset, ...]:
    """The monitor of each tier of a class's managed collector."""
    reason = "monitors: Prometheus fetches the collector's metrics"
    return tuple(Asset(_monitor(tier, options), reason) for tier in tiers(oaas_class, settings))


def _monitor(tier: Tier, options: Monitors) -> dict[str, Any]:
    if tier.placement.in_class_pods:
        kind, field, prefix = "PodMonitor", "podMetricsEndpoints", "otel-"
        labels = client_labels(tier.oaas_class.name)
    else:
        kind, field, prefix = "ServiceMonitor", "endpoints", ""
        labels = tier.pod_selector
    interval = {"interval": options.interval} if options.interval else {}
    endpoints = [
        {"port": f"{prefix}{name}", **interval, **({"honorLabels": True} if name == "prometheus" else {})}
        for name in metrics_ports(tier.collector)
    ]
    spec = {"selector": {"matchLabels": labels}, field: endpoints}
    return with_labels(tier_object(tier, "monitoring.coreos.com/v1", kind, spec=spec), options.labels)
