"""Users' autoscalers of the workloads that get a sidecar.

A metric of type `Resource` is that of the whole pod: use and requests of every container, a sidecar among them (native
ones, too). With a sidecar that asks for little and idles, a pod looks less busy than its function is. A metric of type
`ContainerResource` looks at one container alone (Kubernetes 1.30; autoscaling/v2).

Source: Kubernetes documentation, "Horizontal Pod Autoscaling", container resource metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode, lookup, text_of

_GROUP = "autoscaling"


class Scalers:
    """The HorizontalPodAutoscalers of the input, by what they scale; read when first asked for."""

    def __init__(self, items: Sequence[Item]):
        self._items = items
        self._index: dict[tuple[str, str, str], list[Resource]] | None = None

    def of(self, workload: Resource) -> list[Resource]:
        """The autoscalers of a workload."""
        if self._index is None:
            self._index = {}
            for item in self._items:
                if item.kind == "HorizontalPodAutoscaler" and item.group == _GROUP and (found := item.resource):
                    target = (found.text("spec", "scaleTargetRef", key) for key in ("kind", "name"))
                    kind, name = target
                    self._index.setdefault((found.namespace, kind, name), []).append(found)
        return [
            scaler
            for name in workload.names
            for scaler in self._index.get((workload.namespace, workload.kind, name), ())
        ]


def scaled_by_pod(scalers: Iterable[Resource], container: str) -> Iterator[Result]:
    """Warnings for autoscalers that a sidecar misleads; `container` is the one that they mean."""
    for scaler in scalers:
        metrics = scaler.node("spec", "metrics")
        for i, metric in enumerate(metrics.items if isinstance(metrics, SequenceNode) else ()):
            if text_of(lookup(metric, "type")) != "Resource":
                continue
            message = (
                "goes by the use of the whole pod, in which the collector's sidecar counts, too: write "
                f"type: ContainerResource with container: {container}"
            )
            path = field_path("spec", "metrics", i)
            yield Result("scaled-by-pod", "warning", message, scaler.ref, path, proposed=_better(metric, container))
        if scaler.node("spec", "targetCPUUtilizationPercentage") is not None:
            message = (
                "goes by the use of the whole pod, in which the collector's sidecar counts, too: write "
                f"apiVersion: autoscaling/v2 and a metric of type ContainerResource with container: {container}"
            )
            path = field_path("spec", "targetCPUUtilizationPercentage")
            yield Result("scaled-by-pod", "warning", message, scaler.ref, path)


def _better(metric: Any, container: str) -> dict[str, Any] | None:
    try:
        data = decode(metric)
    except SourceError:
        return None
    resource = data.get("resource")
    if not isinstance(resource, dict):
        return None
    return {"type": "ContainerResource", "containerResource": {**resource, "container": container}}
