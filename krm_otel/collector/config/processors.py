"""The processors of a collector's config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from krm_otel.collector.config.environment import NAMESPACE_VARIABLE, NODE_VARIABLE, literal
from krm_otel.collector.config.metric_attributes import (
    DROPPED_ATTRIBUTES,
    METRIC_ATTRIBUTES,
    dropped_attributes,
    metric_attributes,
)
from krm_otel.collector.config.sampling import SAMPLERS, sampler
from krm_otel.collector.tiers import Tier
from krm_otel.config.resolve.collector import LIMIT_PERCENT, SPIKE_PERCENT
from krm_otel.config.schema.collector import AdditionalProcessor, Batch
from krm_otel.config.settings import CollectorSettings
from krm_otel.config.types.quantity import mebibytes

GENERATED: Final = (
    "memory_limiter",
    "k8s_attributes",
    "resource",
    METRIC_ATTRIBUTES,
    DROPPED_ATTRIBUTES,
    *SAMPLERS,
    "batch",
)
"""The ids of all processors that are generated in some mode."""
_K8S_ATTRIBUTES: Final[dict[str, Any]] = {
    "auth_type": "serviceAccount",
    "filter": {"node_from_env_var": NODE_VARIABLE},
    "extract": {"metadata": ["k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.node.name"]},
    "pod_association": [
        {"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]},
        {"sources": [{"from": "connection"}]},
    ],
}
"""Adds the name of the sending pod, for SDKs that do not send it. It watches only pods of the node, and takes only what
is in the pod itself: more would need more rights."""


def processors(tier: Tier) -> dict[str, Any]:
    """The processors by id, in the order of the pipelines."""
    collector = tier.collector
    limit, spike = memory_limits(collector)
    config: dict[str, Any] = {"memory_limiter": {"check_interval": "1s", "limit_mib": limit, "spike_limit_mib": spike}}
    if collector.k8s_attributes:
        config["k8s_attributes"] = _K8S_ATTRIBUTES
    if attributes := _resource_attributes(tier):
        inserted = [{"key": key, "value": value, "action": "insert"} for key, value in attributes.items()]
        config["resource"] = {"attributes": inserted}
    if collector.labels:
        owner = tier.oaas_class
        config[METRIC_ATTRIBUTES] = (
            metric_attributes(keyed=True)
            if tier.placement.per_node
            else metric_attributes(owner.name, owner.namespace, keyed=bool(owner.package_key))
        )
    if collector.dropped_attributes and "metrics" in collector.exporters:
        config[DROPPED_ATTRIBUTES] = dropped_attributes(collector.dropped_attributes)
    if "traces" in collector.exporters:
        config |= sampler(tier)
    if collector.batch.value is not None:
        config["batch"] = _batch(collector.batch.value)
    return config


def memory_limits(collector: CollectorSettings) -> tuple[int, int]:
    """The limit of memory_limiter and of Go, and memory_limiter's spike, in MiB. Fixed numbers, since percentages fail
    where the cgroup cannot be read.
    """
    total = mebibytes(collector.resources.value.limits["memory"])
    return total * LIMIT_PERCENT // 100, total * SPIKE_PERCENT // 100


def _resource_attributes(tier: Tier) -> dict[str, str]:
    """Attributes for resources that lack them; SDKs with an injected environment send them.

    There are none where telemetry is from many classes, or has passed the first tier.
    """
    if tier.placement.per_node or tier.collector.second_tier:
        return {}
    groups, configured = tier.settings.attributes.value, tier.settings.resource_attributes
    namespace = literal(tier.oaas_class.namespace) or f"${{env:{NAMESPACE_VARIABLE}:-oaas}}"
    defaults = {
        "service.namespace": namespace if groups.service else None,
        "deployment.name": literal(tier.oaas_class.name),
    }
    attributes: dict[str, str] = {}
    for key, default in defaults.items():
        if key in configured:
            attributes[key] = literal(configured[key].value)
        elif default is not None and key not in groups.drop:
            attributes[key] = default
    return attributes


def _batch(batch: Batch) -> dict[str, Any]:
    largest = {"send_batch_max_size": batch.send_batch_max_size} if batch.send_batch_max_size else {}
    return {"send_batch_size": batch.send_batch_size, **largest, "timeout": batch.timeout}


def with_additional(config: dict[str, Any], additional: Sequence[AdditionalProcessor]) -> dict[str, Any]:
    """A generated config with further processors, each at its place in the pipelines of its signals.

    One whose place is not in a pipeline is left out of that pipeline; `check_config` tells where it is in none.
    """
    if not additional:
        return config
    bodies = {processor.name: dict(processor.config) for processor in additional}
    pipelines = {name: dict(pipeline) for name, pipeline in config["service"]["pipelines"].items()}
    for processor in additional:
        for name, pipeline in pipelines.items():
            if not processor.signals or name.partition("/")[0] in processor.signals:
                index = _place(processor, pipeline["processors"])
                if index is not None:
                    listed = pipeline["processors"]
                    pipeline["processors"] = [*listed[:index], processor.name, *listed[index:]]
    service = {**config["service"], "pipelines": pipelines}
    return {**config, "processors": {**config["processors"], **bodies}, "service": service}


def _place(processor: AdditionalProcessor, ids: Sequence[str]) -> int | None:
    """The index of a processor in a pipeline; None where what it stands beside is not there.

    Not every class has every generated processor: without it, the usual place counts.
    """
    beside = processor.after or processor.before
    if beside in ids:
        return ids.index(beside) + (1 if processor.after else 0)
    if beside is None or beside in GENERATED:
        return ids.index("batch") if "batch" in ids else len(ids)
    return None
