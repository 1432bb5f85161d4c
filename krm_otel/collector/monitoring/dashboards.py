"""The dashboard of a class, in a ConfigMap that Grafana's sidecar finds."""

from __future__ import annotations

import hashlib
from typing import Final

from krm_otel import names
from krm_otel.collector import names as own
from krm_otel.collector.manifests.objects import Asset, generated, labelled
from krm_otel.collector.monitoring.panels import class_rows, collector_row, variables
from krm_otel.collector.monitoring.promql import Source, http_requests
from krm_otel.config.schema.monitoring import Dashboards
from krm_otel.config.settings import OaasClass, Settings

_HASH: Final = 16


def dashboard_assets(
    oaas_class: OaasClass, settings: Settings, wanted: Dashboards, known: Source = http_requests
) -> tuple[Asset, ...]:
    """The dashboard of a class, or of the collectors that run on every node. `known`: what knows of its requests."""
    name = own.dashboard_name(oaas_class.name)
    made = labelled(generated(oaas_class, "v1", "ConfigMap", name), wanted.labels)
    annotations = made["metadata"]["annotations"]
    annotations[names.A_NO_SUBSTITUTION] = "disabled"  # Grafana has variables of the same shape
    if wanted.folder:
        annotations[wanted.folder_annotation] = wanted.folder
    # All dashboards that a sidecar finds end up in one folder.
    file = "-".join(part for part in (oaas_class.namespace, name) if part)
    made["data"] = {f"{file}.json": dashboard_json(oaas_class, settings, known)}
    return (Asset(made, f"dashboards: what is seen of class {oaas_class.name}"),)


def dashboard_json(oaas_class: OaasClass, settings: Settings, known: Source = http_requests) -> str:
    """The dashboard as Grafana reads it."""
    from krm_otel.collector.monitoring.grafana import (
        dashboard,  # not at the start of every run: it takes a tenth of a second
    )

    name, namespace = oaas_class.name, oaas_class.namespace
    node = name == names.NODE_OWNER
    rows = [] if node else list(class_rows(name, known))
    if node or settings.node_collector is not None:
        rows.append(collector_row(names.NODE_OWNER, of_class=False))
    elif settings.collector is not None:
        rows.append(collector_row(name, of_class=True))
    digest = hashlib.sha256(f"{namespace}/{name}".encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    title = "OaaS collectors on nodes" if node else f"OaaS class {name}"
    chosen = () if node else variables(name, known)
    return dashboard(title, f"oaas-otel-{digest}", ("oaas", "opentelemetry"), rows, chosen, namespace)
