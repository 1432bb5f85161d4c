"""Who may connect to whom, by NetworkPolicies: what an enforcing network would say.

Nothing on this machine enforces policies, so they are evaluated, by the rules of the API reference
(`networking.k8s.io/v1`, NetworkPolicySpec): a pod that no policy selects takes everybody; one that is selected takes
what any rule of any such policy lets in. Only ingress; a node always reaches its own pods, and that is not asked here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod as policies see it.

    Attributes:
        ports: named ports of its containers: name → (protocol, number).
    """

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    ip: str = "10.0.0.1"


@dataclass(frozen=True)
class Network:
    policies: tuple[Object, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    """The labels of every namespace; `kubernetes.io/metadata.name` is added, as the API server does."""

    def lets(self, source: Pod, target: Pod, port: int, protocol: str = "TCP") -> bool:
        """Whether the target takes a connection of this pod on this port."""
        if source is target:
            return True  # no policy keeps a pod from itself
        found = [policy for policy in self.policies if self._selects(policy, target)]
        return not found or any(
            self._rule(rule, policy["metadata"]["namespace"], source, target, port, protocol)
            for policy in found
            for rule in policy["spec"].get("ingress") or ()
        )

    def _selects(self, policy: Object, pod: Pod) -> bool:
        spec = policy["spec"]
        return (
            policy["metadata"]["namespace"] == pod.namespace
            and "Ingress" in (spec.get("policyTypes") or ["Ingress"])
            and matches(spec.get("podSelector") or {}, pod.labels)
        )

    def _rule(self, rule: Object, namespace: str, source: Pod, target: Pod, port: int, protocol: str) -> bool:
        """Empty or absent means everybody, and every port."""
        peers, ports = rule.get("from") or (), rule.get("ports") or ()
        return (not peers or any(self._peer(peer, namespace, source) for peer in peers)) and (
            not ports or any(_port(one, target, port, protocol) for one in ports)
        )

    def _peer(self, peer: Object, namespace: str, source: Pod) -> bool:
        if "ipBlock" in peer:
            block, address = peer["ipBlock"], ipaddress.ip_address(source.ip)
            return address in ipaddress.ip_network(block["cidr"]) and not any(
                address in ipaddress.ip_network(one) for one in block.get("except") or ()
            )
        if "namespaceSelector" in peer:
            labels = {"kubernetes.io/metadata.name": source.namespace, **self.namespaces.get(source.namespace, {})}
            if not matches(peer["namespaceSelector"] or {}, labels):
                return False
        elif source.namespace != namespace:
            return False
        return matches(peer.get("podSelector") or {}, source.labels)


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """A label selector; the empty one selects everything."""
    return (selector.get("matchLabels") or {}).items() <= labels.items() and all(
        _expression(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _expression(expression: Object, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values  # also where the label is absent
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case other:
            raise ValueError(other)


def _port(allowed: Object, target: Pod, port: int, protocol: str) -> bool:
    if allowed.get("protocol", "TCP") != protocol:
        return False
    wanted = allowed.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return target.ports.get(wanted) == (protocol, port)
    return bool(wanted <= port <= allowed.get("endPort", wanted))


def pods(objects: Iterable[Object]) -> dict[str, Pod]:
    """One pod of every workload, by `namespace/name`; all in one network, each with an address of its own."""
    found: dict[str, Pod] = {}
    for one in objects:
        template = (one.get("spec") or {}).get("template")
        if not isinstance(template, Mapping):
            continue
        namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
        ports = {
            port["name"]: (port.get("protocol", "TCP"), port["containerPort"])
            for container in template["spec"]["containers"]
            for port in container.get("ports") or ()
            if "name" in port
        }
        labels = (template.get("metadata") or {}).get("labels") or {}
        found[f"{namespace}/{name}"] = Pod(namespace, labels, ports, f"10.0.0.{len(found) + 1}")
    return found
