"""Labels that say on every data point whose it is, where a Prometheus is a target.

Prometheus knows labels, and no resources: what stands on a resource ends up on `target_info`, out of sight of a query.
So the few attributes that identify are copied to the data points, under names that come out the same by each way
(scrape, remote write, OTLP). They follow from the resource, so they add no series.

| label | from |
|---|---|
| `oaas_owner` | `oaas.class`, else `deployment.name`, else the class of the collector |
| `oaas_function_key` | `oaas.function_key` |
| `namespace` | `k8s.namespace.name`, else the namespace of the collector's class, else `service.namespace` |
| `service_name` | `service.name` |

`oaas_owner` and `namespace` are what upstream's NFR analyzer asks by. What has such an attribute already keeps it.
`service.name` keeps its dot: `span_metrics` writes it so, and Prometheus would join two spellings of one label.
"""

from __future__ import annotations

import json
from typing import Any, Final

from krm_otel import names
from krm_otel.config.settings import OaasClass

LABELS: Final = "transform/labels"
"""The processor's id."""
OWNER: Final = "oaas_owner"
"""The label that says the class."""


def labels(oaas_class: OaasClass) -> dict[str, Any]:
    """The processor. In a class's own collector the class is known even where the sender does not say it."""
    own = oaas_class.name != names.NODE_OWNER
    sources = (
        (OWNER, [*map(_resource, ("oaas.class", "deployment.name")), *_text(oaas_class.name if own else "")]),
        ("oaas_function_key", [_resource("oaas.function_key")]),
        (
            "namespace",
            [
                _resource("k8s.namespace.name"),
                *_text(oaas_class.namespace if own else ""),
                _resource("service.namespace"),
            ],
        ),
        ("service.name", [_resource("service.name")]),
    )
    # Setting something to nothing does nothing; so the first source that is there wins.
    statements = [
        f'set(datapoint.attributes["{label}"], {source}) where datapoint.attributes["{label}"] == nil'
        for label, found in sources
        for source in found
    ]
    return {"error_mode": "ignore", "metric_statements": statements}


def _resource(key: str) -> str:
    return f'resource.attributes["{key}"]'


def _text(value: str) -> list[str]:
    """A text as the processor's language spells it, in which the collector replaces nothing."""
    return [json.dumps(value, ensure_ascii=False).replace("$", "$$")] if value else []
