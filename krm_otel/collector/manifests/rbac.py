"""The collector's identity, and the rights that it needs."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.collector.manifests.objects import Asset, tier_object
from krm_otel.collector.tiers import Tier

_GROUP: Final = "rbac.authorization.k8s.io"


def service_account(tier: Tier) -> Asset | None:
    """A ServiceAccount without a token, unless the user names one."""
    account = tier.collector.service_account
    if not tier.placement.has_service or account.name:
        return None
    data = tier_object(tier, "v1", "ServiceAccount")
    metadata = data["metadata"]
    metadata["annotations"] = {**account.annotations, **metadata["annotations"]}
    data["automountServiceAccountToken"] = False
    if tier.collector.k8s_attributes:
        return Asset(data, "it may read pods")
    return Asset(data, "the collector needs no rights, so it gets none")


def cluster_role(tier: Tier) -> Asset | None:
    """The right to see pods, and nothing else. It includes pods of other nodes: RBAC knows no nodes."""
    if not tier.collector.k8s_attributes:
        return None
    data = _cluster_object(tier, "ClusterRole")
    data["rules"] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    return Asset(data, "k8s_attributes asks what the sending pod is called")


def cluster_role_binding(tier: Tier) -> Asset | None:
    """Gives that right to the collector's account."""
    if not tier.collector.k8s_attributes:
        return None
    data = _cluster_object(tier, "ClusterRoleBinding")
    data["roleRef"] = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": tier.name}
    account = tier.collector.service_account.name or tier.name
    data["subjects"] = [{"kind": "ServiceAccount", "name": account, "namespace": tier.oaas_class.namespace}]
    return Asset(data, "the collector's account gets that right")


def _cluster_object(tier: Tier, kind: str) -> dict[str, Any]:
    data = tier_object(tier, f"{_GROUP}/v1", kind)
    data["metadata"].pop("namespace")
    return data
