"""`spec.dashboards`, `spec.rules` and `spec.monitors` of an OTelConfig: what watches the classes, on request."""

from __future__ import annotations

from typing import Final, Literal

from krm_otel.config import types
from krm_otel.config.schema.collector import AdditionalLabels
from krm_otel.config.schema.setting import Model, setting

RuleFormat = Literal["prometheus_rule", "config_map"]
_PRESENT: Final = "true where the block is present"


class Dashboards(Model):
    """A Grafana dashboard for each class, in a ConfigMap that the sidecar of Grafana's Helm chart finds."""

    enabled: bool = setting(
        True, "Make them.", shown=_PRESENT, example="false", note="See [dashboards](metrics.md#dashboards)."
    )
    folder: types.Text | None = setting(None, "Folder in Grafana.", shown="the sidecar's own", example="OaaS")
    folder_annotation: types.AnnotationKey = setting(
        "grafana_folder",
        "Annotation that names the folder, as the sidecar's `folderAnnotation` does.",
        example="k8s-sidecar-target-directory",
    )
    labels: AdditionalLabels = setting(
        {"grafana_dashboard": "1"},
        "Labels by which Grafana's sidecar finds them.",
        shown='grafana_dashboard: "1"',
        example='{grafana_dashboard: "yes"}',
    )


class Rules(Model):
    """Recording and alerting rules of Prometheus for each class."""

    enabled: bool = setting(
        True, "Make them.", shown=_PRESENT, example="false", note="See [the NFR analyzer](metrics.md#the-nfr-analyzer)."
    )
    format: RuleFormat = setting(
        "prometheus_rule",
        "A PrometheusRule of the Prometheus Operator, or a rule file in a ConfigMap.",
        example="config_map",
    )
    labels: AdditionalLabels = setting(
        {}, "Labels by which Prometheus finds them.", shown="none", example="{release: prometheus}"
    )
    interval: types.PrometheusDuration = setting(
        "15s",
        "How often they are evaluated.",
        example="30s",
        note="The shortest window that they query is one minute: evaluate four times in it.",
    )
    analyzer: bool = setting(True, "Series under the names that upstream's NFR analyzer asks for.", example="false")
    requirements: bool = setting(
        False,
        "Record what nfr_requirements of a ClassRuntime ask for, and alert on it.",
        example="true",
        note="See [requirements](metrics.md#requirements-as-rules-and-alerts).",
    )


class Monitors(Model):
    """A ServiceMonitor or PodMonitor for each managed collector."""

    enabled: bool = setting(
        True, "Make them.", shown=_PRESENT, example="false", note="See [monitors](metrics.md#monitors)."
    )
    labels: AdditionalLabels = setting(
        {}, "Labels by which Prometheus finds them.", shown="none", example="{release: prometheus}"
    )
    interval: types.PrometheusDuration | None = setting(
        None, "How often Prometheus scrapes the collectors.", shown="Prometheus' own", example="30s"
    )
