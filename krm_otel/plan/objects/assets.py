"""The objects of one class: its managed collectors, in either flavor, and what observes them.

It imports all that generates objects, so it is itself imported where a class needs some.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel import names
from krm_otel.collector.manifests import assets as collector_assets
from krm_otel.collector.manifests.objects import Asset
from krm_otel.collector.monitoring.dashboards import dashboard_assets
from krm_otel.collector.monitoring.monitors import monitor_assets
from krm_otel.collector.monitoring.prometheus_rules import rule_assets
from krm_otel.collector.monitoring.promql import request_histogram
from krm_otel.collector.operator import operator_assets
from krm_otel.config.settings import Configuration, OaasClass, Settings


def assets(oaas_class: OaasClass, settings: Settings, configuration: Configuration) -> Iterator[Asset]:
    """Everything that is generated for a class."""
    monitoring, nodes = configuration.monitoring, configuration.node_collectors
    # What a node's collector counts is known only where krm-otel generates it.
    node_settings = nodes.settings if nodes else None
    metrics = request_histogram(node_settings if settings.node_collector else settings)
    if configuration.operator:
        yield from operator_assets(oaas_class, settings, monitoring.monitors)
    else:
        yield from collector_assets(oaas_class, settings)
        if monitoring.monitors:
            yield from monitor_assets(oaas_class, settings, monitoring.monitors)
    if monitoring.dashboards:
        yield from dashboard_assets(oaas_class, settings, monitoring.dashboards, metrics)
    if monitoring.rules and oaas_class.name not in names.RESERVED:
        yield from rule_assets(oaas_class, monitoring.rules, metrics)
