"""The Service that senders reach a collector through."""

from __future__ import annotations

from typing import Final

from krm_otel.collector.manifests.container import ports
from krm_otel.collector.manifests.objects import Asset, tier_object
from krm_otel.collector.tiers import Tier

_APP_PROTOCOLS: Final = {"otlp-grpc": "grpc"}
"""What service meshes need to know of a port, if it is not HTTP."""


def service(tier: Tier) -> Asset | None:
    """The address of a collector in pods of its own."""
    if not tier.placement.has_service:
        return None
    data = tier_object(tier, "v1", "Service")
    data["spec"] = {
        "type": "ClusterIP",
        # The first tier asks for the address of each pod.
        **({"clusterIP": "None"} if tier.collector.second_tier else {}),
        # Every pod reaches the collector of its own node, without a port of the node.
        **({"internalTrafficPolicy": "Local"} if tier.placement.per_node else {}),
        "selector": tier.pod_selector,
        "ports": [
            {"name": name, "port": port, "targetPort": name, "protocol": "TCP"}
            | {"appProtocol": _APP_PROTOCOLS.get(name, "http")}
            for name, port in ports(tier.collector).items()
        ],
    }
    sender = "the first tier sends" if tier.collector.second_tier else "containers send"
    return Asset(data, f"the address that {sender} to")
