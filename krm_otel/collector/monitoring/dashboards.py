"""The dashboard of a class, in a ConfigMap that Grafana's sidecar finds.

What it shows is in `dashboard.json`: the variables, and for each panel its title, description, unit (by Grafana's
name), width in columns and queries by legend. `_values` has the values of each `<word>` in it. The names of the object
store's metrics are upstream's (`oprc-odgm/src/metrics.rs`, `commons/oprc-observability/src/metrics.rs`), and so are
those of the platform's services (`axum_layer.rs` beside it), those of the collector its own (v0.158); whether a name
ends with a unit or type depends on the version and on how the metrics are read.

The output has Grafana's schema 36 (Grafana 10.1), which later versions read. Defaults of the schema are written out, as
Grafana does. Variables also match series without the label (`allValue`). A tooltip shows all lines, since there is one
for each function.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.config.metric_attributes import OWNER
from krm_otel.collector.config.service_telemetry import SECOND, TIER
from krm_otel.collector.manifests.objects import Asset, new_object, with_labels
from krm_otel.collector.monitoring.promql import RequestHistogram, http_requests, matcher
from krm_otel.collector.naming import dashboard_name
from krm_otel.config.schema.monitoring import Dashboards
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.krm.digest import sha256_hex

_HASH: Final = 16
_COLUMNS: Final = 24
_WIDTH: Final = 8
_HEIGHT: Final = 8
_WINDOW: Final = "$__rate_interval"
"""Grafana's: as long as a point of the graph, and at least four times the interval of its data source."""
_NAMESPACE: Final = 'namespace=~"$namespace"'
_FUNCTION: Final = 'oaas_function_key=~"$function"'


def dashboard_assets(
    oaas_class: OaasClass, settings: Settings, options: Dashboards, histogram: RequestHistogram = http_requests
) -> tuple[Asset, ...]:
    """The dashboard of a class, or of the collectors that run on every node."""
    name = dashboard_name(oaas_class.name)
    data = new_object(oaas_class, "v1", "ConfigMap", name, substitute=False)  # Grafana's variables are `${…}`, too
    if options.folder:
        data["metadata"]["annotations"][options.folder_annotation] = options.folder
    # All dashboards that a sidecar finds end up in one folder. A namespace has no dots.
    file = ".".join(part for part in (oaas_class.namespace, name) if part)
    data["data"] = {f"{file}.json": dashboard_json(oaas_class, settings, histogram)}
    return (Asset(with_labels(data, options.labels), f"dashboards: what is seen of class {oaas_class.name}"),)


def dashboard_json(oaas_class: OaasClass, settings: Settings, histogram: RequestHistogram = http_requests) -> str:
    """The dashboard as Grafana reads it, the same on every run; `histogram` counts the class's requests."""
    on_nodes = oaas_class.name == names.NODE_OWNER
    shared_collector = on_nodes or settings.node_collector is not None
    text = resources.files("krm_otel.collector.monitoring").joinpath("dashboard.json").read_text(encoding="utf-8")
    template = _filled_in(json.loads(text), _values(oaas_class, histogram, shared_collector=shared_collector))
    rows = [] if on_nodes else template["class_rows"]
    if oaas_class.name == names.PLATFORM_CLASS:
        rows = [*template["platform_rows"], *rows]
    if shared_collector or settings.collector is not None:
        rows.append(template["collector_row"])
    variables = template["variables"][:1] if on_nodes else template["variables"]
    dashboard = {
        **template["dashboard"],
        "panels": [{"id": number, **panel} for number, panel in enumerate(_panels(rows, template["defaults"]), 1)],
        "templating": {"list": [{**template["defaults"]["variable"], **variable} for variable in variables]},
    }
    return json.dumps(dashboard, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _values(oaas_class: OaasClass, histogram: RequestHistogram, *, shared_collector: bool) -> dict[str, str]:
    """The values of the template's words: mostly matchers and expressions.

    A collector of the class runs in the class's namespace, the shared one elsewhere.
    """
    name, namespace = oaas_class.name, oaas_class.namespace
    digest = sha256_hex(f"{namespace}/{name}".encode("utf-8", "surrogatepass"))[:_HASH]
    qualified = f"{namespace}/{name}" if namespace else name
    owner, by = matcher(OWNER, name), "service_name, oaas_function_key"
    requests = histogram(owner, _NAMESPACE, _FUNCTION)
    collector = matcher(OWNER, names.NODE_OWNER) if shared_collector else f"{owner},{_NAMESPACE}"
    return {
        # Grafana takes a title once in a folder.
        "title": "OaaS collectors on nodes" if name == names.NODE_OWNER else f"OaaS class {qualified}",
        "uid": f"oaas-otel-{digest}",
        "namespace": namespace or "All",
        "namespace_value": namespace or "$__all",
        "class": owner,
        "requests": requests.name,
        "rate": requests.rate(by, _WINDOW),
        "failing": requests.failing(by, _WINDOW),
        **{f"p{share}": requests.quantile(f"0.{share}", by, _WINDOW) for share in (50, 95, 99)},
        "collector": collector,
        # What the second tier receives, the first tier has received before.
        "first_tier": f'{collector},{TIER}!="{SECOND}"',
    }


def _filled_in(template: Any, values: Mapping[str, str]) -> Any:
    """A template with every `<word>` in its texts replaced by its value."""
    if isinstance(template, str):
        return re.sub(r"<(\w+)>", lambda match: values[match[1]], template)
    if isinstance(template, dict):
        return {key: _filled_in(value, values) for key, value in template.items()}
    return [_filled_in(value, values) for value in template] if isinstance(template, list) else template


def _panels(rows: list[dict[str, Any]], defaults: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows and their panels, each at its position in the grid."""
    top = 0
    for row in rows:
        position = {"h": 1, "w": _COLUMNS, "x": 0, "y": top}
        yield {**defaults["row"], "title": row["title"], "gridPos": position}
        left, top = 0, top + 1
        for panel in row["panels"]:
            width = panel.get("width", _WIDTH)
            if left + width > _COLUMNS:
                left, top = 0, top + _HEIGHT
            field = {**defaults["field"], **{key: panel[key] for key in ("unit", "noValue") if key in panel}}
            yield {
                **defaults["panel"],
                **{key: panel[key] for key in ("title", "description")},
                "gridPos": {"h": _HEIGHT, "w": width, "x": left, "y": top},
                "fieldConfig": {"defaults": field, "overrides": []},
                "targets": list(_queries(panel, defaults["query"])),
            }
            left += width
        top += _HEIGHT


def _queries(panel: Mapping[str, Any], default: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    exemplars = {"exemplar": True} if panel.get("exemplars") else {}
    for index, (legend, query) in enumerate(panel["queries"].items()):
        yield {**default, "refId": "ABCDEFGH"[index], "expr": query, "legendFormat": legend, **exemplars}
