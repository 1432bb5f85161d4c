"""Attributes that identify the sender of every data point, for a Prometheus.

Prometheus has labels and no resources: attributes of a resource end up on `target_info`, which queries do not see. So
the few that identify the sender are copied to the data points, under names that are the same by scrape, remote write
and OTLP. They follow from the resource, so they add no series.

| label | the first of these that exists |
|---|---|
| `oaas_owner` | `oaas.deployment_id`, `oaas.class`, `deployment.name`, the class of the collector |
| `oaas_function_key` | `oaas.function_key` |
| `namespace` | `k8s.namespace.name`, the namespace of the collector's class, `service.namespace` |
| `service_name` | `service.name` |

Upstream's NFR analyzer asks by `oaas_owner` and `namespace`. A data point that has such an attribute keeps it.
`service.name` keeps its dot: `span_metrics` writes it so, and Prometheus would join two spellings of one label.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from krm_otel.collector.config.environment import literal

METRIC_ATTRIBUTES: Final = "transform/labels"
"""The processor's id."""
DROPPED_ATTRIBUTES: Final = "transform/dropped_attributes"
"""The id of the processor that takes attributes out."""
OWNER: Final = "oaas_owner"
"""The label with the name of the class."""


def metric_attributes(class_name: str = "", namespace: str = "", *, keyed: bool = False) -> dict[str, Any]:
    """The processor.

    Args:
        class_name: the class that the collector belongs to; empty where all classes share it.
        namespace: that of the class; empty where it is not known.
        keyed: `oaas.class` may be the key of a class in its package, and the class's name is in `oaas.deployment_id`.
    """
    deployment = ("oaas.deployment_id",) if keyed else ()
    sources = {
        OWNER: (*map(_resource, (*deployment, "oaas.class", "deployment.name")), _text(class_name)),
        "oaas_function_key": (_resource("oaas.function_key"),),
        "namespace": (_resource("k8s.namespace.name"), _text(namespace), _resource("service.namespace")),
        "service.name": (_resource("service.name"),),
    }
    # Setting an attribute to nothing has no effect, so the first source that exists wins.
    statements = [
        f'set(datapoint.attributes["{label}"], {source}) where datapoint.attributes["{label}"] == nil'
        for label, expressions in sources.items()
        for source in expressions
        if source
    ]
    return {"error_mode": "ignore", "metric_statements": statements}


def dropped_attributes(keys: Iterable[str]) -> dict[str, Any]:
    """The processor that takes attributes out of data points, and adds up those of one export that are alike then.

    An SDK sends all series of a metric in one request, so their sum is again a counter that only grows.
    """
    deleted = [f"delete_key(datapoint.attributes, {_text(key)})" for key in keys]
    numbers = ("METRIC_DATA_TYPE_SUM", "METRIC_DATA_TYPE_HISTOGRAM", "METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM")
    added = " or ".join(f"metric.type == {kind}" for kind in numbers)
    joined = [
        f'aggregate_on_attributes("sum") where {added}',
        'aggregate_on_attributes("mean") where metric.type == METRIC_DATA_TYPE_GAUGE',
    ]
    # Two groups, since the first is about data points, and the second about metrics.
    return {"error_mode": "ignore", "metric_statements": [{"statements": deleted}, {"statements": joined}]}


def _resource(key: str) -> str:
    return f'resource.attributes["{key}"]'


def _text(value: str) -> str:
    """A text in the processor's language (OTTL); empty for an empty text."""
    return literal(json.dumps(value, ensure_ascii=False)) if value else ""
