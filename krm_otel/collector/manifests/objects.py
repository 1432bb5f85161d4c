"""What all generated objects have: names, labels, annotations, and the reason why they exist."""

from __future__ import annotations

from typing import Any, Final

from krm_otel import names
from krm_otel.collector.naming import collector_name, object_labels
from krm_otel.collector.tiers import Tier
from krm_otel.config.settings import OaasClass
from krm_otel.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Asset:
    """A generated object, and why it exists."""

    data: dict[str, Any]
    reason: str


KINDS: Final = frozenset(
    (
        *(("", kind) for kind in ("ConfigMap", "Service", "ServiceAccount")),
        *(("apps", kind) for kind in ("DaemonSet", "Deployment")),
        ("autoscaling", "HorizontalPodAutoscaler"),
        *(("monitoring.coreos.com", kind) for kind in ("PodMonitor", "PrometheusRule", "ServiceMonitor")),
        ("networking.k8s.io", "NetworkPolicy"),
        *(("opentelemetry.io", kind) for kind in ("Instrumentation", "OpenTelemetryCollector")),
        ("policy", "PodDisruptionBudget"),
        *(("rbac.authorization.k8s.io", kind) for kind in ("ClusterRole", "ClusterRoleBinding")),
    )
)
"""(group, kind) of everything that krm-otel generates: whatever marks another object has, it is never pruned."""


def new_object(
    oaas_class: OaasClass, api_version: str, kind: str, name: str, instance: str = "", *, substitute: bool = True
) -> dict[str, Any]:
    """An object with what every generated object has, in the class's namespace if it has one.

    Args:
        oaas_class: the class that it is generated for.
        api_version, kind, name: its identity.
        instance: the name of the collector that it belongs to; empty: the one that SDKs send to.
        substitute: whether Flux may replace `${…}` in it.
    """
    assert (api_version.rpartition("/")[0], kind) in KINDS, "list it there, or it would never be pruned"
    metadata: dict[str, Any] = {"name": name}
    if oaas_class.namespace:
        metadata["namespace"] = oaas_class.namespace
    metadata["labels"] = object_labels(oaas_class.name, instance or collector_name(oaas_class.name), kind)
    metadata["annotations"] = {names.A_GENERATED_BY: names.GENERATOR}
    if oaas_class.enabled_by:
        metadata["annotations"][names.A_ENABLED_BY] = oaas_class.enabled_by
    if not substitute:
        metadata["annotations"][names.A_NO_SUBSTITUTION] = "disabled"
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def tier_object(tier: Tier, api_version: str, kind: str, **fields: Any) -> dict[str, Any]:
    """An object of one tier, with the tier's name and these fields next to `metadata`."""
    return new_object(tier.oaas_class, api_version, kind, tier.name, tier.name) | fields


def with_labels(data: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """An object with further labels, which others select it by; those that it has are unchanged."""
    metadata = data["metadata"]
    return {**data, "metadata": {**metadata, "labels": {**labels, **metadata["labels"]}}}
