"""The collector's identity, and the rights that it needs."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.collector.config.build import build_config
from krm_otel.collector.manifests.objects import Asset, tier_object
from krm_otel.collector.reading.api_server import api_clients
from krm_otel.collector.tiers import Tier

_GROUP: Final = "rbac.authorization.k8s.io"


def has_token(tier: Tier) -> bool:
    """Whether a collector in pods of its own gets the token of its account: where it may and does ask the API server.

    Nothing is known about the rights of an account that the user names, so its token is mounted where the user's part
    of the config needs one.
    """
    collector = tier.collector
    if collector.k8s_attributes or not (collector.service_account.name and collector.config):
        return collector.k8s_attributes
    return any(api_clients(build_config(tier)))


def service_account(tier: Tier) -> Asset | None:
    """A ServiceAccount without a token, unless the user names one."""
    account = tier.collector.service_account
    if not tier.placement.has_service or account.name:
        return None
    data = tier_object(tier, "v1", "ServiceAccount", automountServiceAccountToken=False)
    metadata = data["metadata"]
    metadata["annotations"] = {**account.annotations, **metadata["annotations"]}
    reason = "it may read pods" if tier.collector.k8s_attributes else "the collector needs no rights, so it gets none"
    return Asset(data, reason)


def cluster_role(tier: Tier) -> Asset | None:
    """The right to see pods, and nothing else. It includes pods of other nodes: RBAC knows no nodes."""
    if not tier.collector.k8s_attributes:
        return None
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    return Asset(
        _cluster_object(tier, "ClusterRole", rules=rules), "k8s_attributes asks what the sending pod is called"
    )


def cluster_role_binding(tier: Tier) -> Asset | None:
    """Gives that right to the collector's account."""
    if not tier.collector.k8s_attributes:
        return None
    role = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": tier.name}
    account = tier.collector.service_account.name or tier.name
    subject = {"kind": "ServiceAccount", "name": account, "namespace": tier.oaas_class.namespace}
    data = _cluster_object(tier, "ClusterRoleBinding", roleRef=role, subjects=[subject])
    return Asset(data, "the collector's account gets that right")


def _cluster_object(tier: Tier, kind: str, **fields: Any) -> dict[str, Any]:
    data = tier_object(tier, f"{_GROUP}/v1", kind, **fields)
    data["metadata"].pop("namespace")
    return data
