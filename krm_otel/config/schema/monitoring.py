"""`spec.dashboards`, `spec.rules` and `spec.monitors` of an OTelConfig, and what they come to."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from krm_otel.config.schema.collector import MoreLabels
from krm_otel.config.schema.observability import Model
from krm_otel.config.settings.monitoring import Dashboards, Monitoring, Monitors, RuleFormat, Rules
from krm_otel.config.types import AnnotationKey, PrometheusDuration, Text


class DashboardsBlock(Model):
    """A Grafana dashboard for each class."""

    enabled: bool | None = Field(None, description="Make them. Default: true where the block stands.")
    folder: Text | None = Field(None, description="Folder in Grafana. Default: the sidecar's own.")
    folder_annotation: AnnotationKey | None = Field(
        None, description="Annotation that says the folder. Default: grafana_folder."
    )
    labels: MoreLabels | None = Field(
        None, description='Labels by which Grafana\'s sidecar finds them. Default: grafana_dashboard: "1".'
    )


class RulesBlock(Model):
    """Prometheus rules for each class."""

    enabled: bool | None = Field(None, description="Make them. Default: true where the block stands.")
    format: RuleFormat | None = Field(
        None,
        description="A PrometheusRule of the Prometheus Operator, or a rule file in a ConfigMap. "
        "Default: prometheus_rule.",
    )
    labels: MoreLabels | None = Field(None, description="Labels by which Prometheus finds them. Default: none.")
    interval: PrometheusDuration | None = Field(None, description="How often they are evaluated. Default: 15s.")
    analyzer: bool | None = Field(
        None, description="Series under the names that upstream's NFR analyzer asks for. Default: true."
    )
    requirements: bool | None = Field(
        None, description="What nfr_requirements of a ClassRuntime say, recorded and as alerts. Default: false."
    )


class MonitorsBlock(Model):
    """A ServiceMonitor or PodMonitor for each managed collector."""

    enabled: bool | None = Field(None, description="Make them. Default: true where the block stands.")
    labels: MoreLabels | None = Field(None, description="Labels by which Prometheus finds them. Default: none.")
    interval: PrometheusDuration | None = Field(
        None, description="How often the collectors are asked. Default: Prometheus' own."
    )


def monitoring_of(
    dashboards: DashboardsBlock | None, rules: RulesBlock | None, monitors: MonitorsBlock | None
) -> Monitoring:
    """What the blocks come to."""
    return Monitoring(
        dashboards=None if _off(dashboards) else Dashboards(**_said(dashboards)),
        rules=None if _off(rules) else Rules(**{"format": "prometheus_rule", **_said(rules)}),
        monitors=None if _off(monitors) else Monitors(**_said(monitors)),
    )


def _off(block: DashboardsBlock | RulesBlock | MonitorsBlock | None) -> bool:
    return block is None or block.enabled is False


def _said(block: Model | None) -> dict[str, Any]:
    """The fields that are said, but for the switch; the others keep their defaults."""
    said = block.model_fields_set - {"enabled"} if block else ()
    return {name: value for name in said if (value := getattr(block, name)) is not None}
