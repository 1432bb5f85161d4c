"""What is asked for beside the collector: dashboards, rules, and monitors of the Prometheus Operator.

Plain frozen data, the defaults filled in; the same for every class.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

RuleFormat = Literal["prometheus_rule", "config_map"]
SIDECAR_LABELS: Final = {"grafana_dashboard": "1"}
"""What the sidecar of Grafana's Helm chart looks for, unless it is told otherwise."""
FOLDER_ANNOTATION: Final = "grafana_folder"
"""Where that sidecar looks for a folder's name, where it is told to (`folderAnnotation`)."""


@dataclass(frozen=True, slots=True)
class Dashboards:
    """A Grafana dashboard for each class, in a ConfigMap: how Grafana's sidecar finds it."""

    folder: str = ""
    folder_annotation: str = FOLDER_ANNOTATION
    labels: dict[str, str] = field(default_factory=lambda: dict(SIDECAR_LABELS))


@dataclass(frozen=True, slots=True)
class Rules:
    """Recording and alerting rules for each class: as what, and which."""

    format: RuleFormat
    labels: dict[str, str] = field(default_factory=dict)
    interval: str = "15s"
    analyzer: bool = True
    requirements: bool = False


@dataclass(frozen=True, slots=True)
class Monitors:
    """A ServiceMonitor or PodMonitor for each managed collector."""

    labels: dict[str, str] = field(default_factory=dict)
    interval: str = ""
    """Empty: Prometheus' own."""


@dataclass(frozen=True, slots=True)
class Monitoring:
    """None: not asked for."""

    dashboards: Dashboards | None = None
    rules: Rules | None = None
    monitors: Monitors | None = None
