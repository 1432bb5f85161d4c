"""How senders and scrapers reach a collector: its Service, and the NetworkPolicy that allows nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.manifests.objects import Asset, tier_object
from krm_otel.collector.manifests.ports import Port, listening_of, ports
from krm_otel.collector.naming import client_labels, collector_name, pod_selector
from krm_otel.collector.tiers import Tier
from krm_otel.config.placement import PLACEMENTS
from krm_otel.config.schema.collector import Scraper
from krm_otel.otlp import PORTS

MESH_PORTS: Final = {"istio": 15008, "linkerd": 4143}
"""Where a mesh's proxies reach a pod: Istio's ambient tunnel (HBONE), Linkerd's inbound proxy."""


def service(tier: Tier) -> Asset | None:
    """The address of a collector in pods of its own."""
    if not tier.placement.has_service:
        return None
    spec = {
        "type": "ClusterIP",
        # The first tier asks for the address of each pod.
        **({"clusterIP": "None"} if tier.collector.second_tier else {}),
        # Every pod reaches the collector of its own node, without a port of the node.
        **({"internalTrafficPolicy": "Local"} if tier.placement.per_node else {}),
        "selector": tier.pod_selector,
        "ports": [_service_port(port, tier) for port in ports(listening_of(tier))],
    }
    sender = "the first tier sends" if tier.collector.second_tier else "containers send"
    return Asset(tier_object(tier, "v1", "Service", spec=spec), f"the address that {sender} to")


def network_policy(tier: Tier) -> Asset | None:
    """Allows the senders to send OTLP, and named scrapers to fetch metrics. The kubelet's probes need no rule: a node
    always reaches its own pods."""
    policy = tier.collector.network_policy
    if not tier.placement.has_service or not policy.enabled:
        return None
    senders, description = _senders(tier)
    found = ports(listening_of(tier))
    mesh = [Port(policy.mesh, MESH_PORTS[policy.mesh])] if policy.mesh in MESH_PORTS else []
    received = [port for port in found if port.purpose == "receive"]
    fetched = [port for port in found if port.purpose == "fetch"]
    networks = [{"ipBlock": {"cidr": cidr}} for cidr in policy.cidrs]
    # A rule without ports would allow all.
    ingress = [_rule([senders, *networks], [*received, *mesh])] if received else []
    if policy.scrapers and fetched:
        peers = [_peer(scraper) for scraper in policy.scrapers]
        ingress.append(_rule(peers, [*fetched, *mesh]))
    spec = {"podSelector": {"matchLabels": tier.pod_selector}, "policyTypes": ["Ingress"], "ingress": ingress}
    return Asset(tier_object(tier, "networking.k8s.io/v1", "NetworkPolicy", spec=spec), f"only {description} may send")


def _senders(tier: Tier) -> tuple[dict[str, Any], str]:
    """The peer that may send, and its description."""
    class_name, first = tier.oaas_class.name, tier.collector.first
    if tier.placement.per_node:
        any_class = {"matchExpressions": [{"key": names.L_CLASS, "operator": "Exists"}]}
        return {"namespaceSelector": {}, "podSelector": any_class}, "pods of classes"
    if first is None:
        return {"podSelector": _expressions(client_labels(class_name))}, "the class's own pods"
    sidecars = PLACEMENTS[first].in_class_pods
    labels = client_labels(class_name) if sidecars else pod_selector(collector_name(class_name))
    return {"podSelector": _expressions(labels)}, "the first tier"


def _service_port(port: Port, tier: Tier) -> dict[str, Any]:
    """A port of the Service. Other packages send to the collectors of nodes at the usual ports."""
    usual = {f"otlp-{protocol}": number for protocol, number in PORTS.items()} if tier.placement.per_node else {}
    number = usual.get(port.name, port.number)
    application = {"appProtocol": port.application} if port.application else {}  # service meshes read it
    return {"name": port.name, "port": number, "targetPort": port.name, "protocol": port.transport, **application}


def _rule(peers: list[dict[str, Any]], numbers: list[Port]) -> dict[str, Any]:
    return {"from": peers, "ports": [{"protocol": port.transport, "port": port.number} for port in numbers]}


def _peer(scraper: Scraper) -> dict[str, Any]:
    namespaces = {"namespaceSelector": {"matchLabels": dict(scraper.namespace_labels)}}
    pods = {"podSelector": _expressions(scraper.pod_labels)}
    return {**(namespaces if scraper.namespace_labels else {}), **(pods if scraper.pod_labels else {})}


def _expressions(labels: Mapping[str, str]) -> dict[str, Any]:
    """A selector of pods that kustomize leaves alone.

    With `includeSelectors`, its `labels` are added to `matchLabels` of peers, and pods of other packages lack them.
    """
    return {"matchExpressions": [{"key": key, "operator": "In", "values": [value]} for key, value in labels.items()]}
