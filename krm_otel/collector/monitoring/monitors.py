"""How the Prometheus Operator finds a managed collector: a ServiceMonitor, or a PodMonitor where it runs in other pods.

The collector's own metrics say themselves which class they are of. What it passes on has labels already, `namespace`
among them, which have to stay (`honorLabels`).
"""

from __future__ import annotations

from typing import Any

from krm_otel.collector import names as own
from krm_otel.collector.manifests.container import has_scrape
from krm_otel.collector.manifests.objects import Asset, generated, labelled
from krm_otel.collector.tiers import first_tier, name_of, second_tier
from krm_otel.config.schema.monitoring import Monitors
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings


def monitor_assets(oaas_class: OaasClass, settings: Settings, wanted: Monitors) -> tuple[Asset, ...]:
    """The monitor of each tier of a class's managed collector; none where it has none."""
    tiers = (
        first_tier(oaas_class, settings).collector,
        second.collector if (second := second_tier(settings)) else None,
    )
    return tuple(_of_tier(oaas_class, managed, wanted) for managed in tiers if managed is not None)


def _of_tier(oaas_class: OaasClass, managed: CollectorSettings, wanted: Monitors) -> Asset:
    name = name_of(oaas_class, managed)
    if managed.mode.value == "sidecar":
        made = labelled(generated(oaas_class, "monitoring.coreos.com/v1", "PodMonitor", name), wanted.labels)
        made["spec"] = {
            "selector": {"matchLabels": own.client_labels(oaas_class.name)},
            "podMetricsEndpoints": _endpoints(managed, wanted, "otel-"),
        }
    else:
        made = labelled(generated(oaas_class, "monitoring.coreos.com/v1", "ServiceMonitor", name, name), wanted.labels)
        made["spec"] = {
            "selector": {"matchLabels": own.selector(oaas_class.name, name)},
            "endpoints": _endpoints(managed, wanted, ""),
        }
    return Asset(made, "monitors: Prometheus fetches the collector's metrics")


def _endpoints(managed: CollectorSettings, wanted: Monitors, prefix: str) -> list[dict[str, Any]]:
    interval = {"interval": wanted.interval} if wanted.interval else {}
    made: list[dict[str, Any]] = [{"port": f"{prefix}metrics", **interval}]
    if has_scrape(managed):
        made.append({"port": f"{prefix}prometheus", **interval, "honorLabels": True})
    return made
