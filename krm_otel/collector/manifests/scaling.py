"""What changes the number of a collector's pods: drained nodes and load."""

from __future__ import annotations

from krm_otel.collector.manifests.objects import Asset, tier_object
from krm_otel.collector.tiers import Tier


def disruption_budget(tier: Tier) -> Asset | None:
    """A PodDisruptionBudget for several replicas: a drained node takes one at a time."""
    fewest = tier.collector.fewest
    if not tier.placement.has_replicas or fewest == 1:
        return None
    data = tier_object(tier, "policy/v1", "PodDisruptionBudget")
    data["spec"] = {"maxUnavailable": 1, "selector": {"matchLabels": tier.pod_selector}}
    return Asset(data, f"{fewest} replicas: a drained node takes one at a time")


def autoscaler(tier: Tier) -> Asset | None:
    """A HorizontalPodAutoscaler: as many pods as the load needs."""
    autoscaling = tier.collector.autoscaling
    if not tier.placement.has_replicas or autoscaling is None:
        return None
    target = {"type": "Utilization", "averageUtilization": autoscaling.cpu}
    data = tier_object(tier, "autoscaling/v2", "HorizontalPodAutoscaler")
    data["spec"] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": tier.name},
        "minReplicas": autoscaling.min_replicas,
        "maxReplicas": autoscaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    field = "collector.gateway.autoscaling" if tier.collector.second_tier else "collector.autoscaling"
    return Asset(data, f"{field}: pods by load")
