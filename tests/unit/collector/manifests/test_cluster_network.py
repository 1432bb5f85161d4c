"""The evaluator of NetworkPolicies, by cases that were worked by hand from the API reference."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.unit.collector.manifests.cluster_network import Network, Pod, matches

TARGET = Pod("shop", {"app": "db"}, {"sql": ("TCP", 5432), "gossip": ("UDP", 7946)}, "10.0.0.9")
NEAR = Pod("shop", {"app": "web", "tier": "front"}, ip="10.0.1.1")
FAR = Pod("lab", {"app": "web"}, ip="10.0.2.1")
NAMESPACES = {"shop": {"team": "core"}, "lab": {"team": "research"}}


def network(*ingress: str, **more: Any) -> Network:
    """One policy for `app: db` with these rules."""
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [yaml.safe_load(rule) for rule in ingress]}
    return Network(({"metadata": {"namespace": "shop"}, "spec": {**spec, **more}},), NAMESPACES)


def test_without_a_policy_every_pod_has_access() -> None:
    assert Network((), NAMESPACES).lets(FAR, TARGET, 1)
    elsewhere = Pod("lab", {"app": "db"}), Pod("shop", {"app": "cache"})
    for target in elsewhere:  # neither is selected: another namespace, another label
        assert network().lets(NEAR, target, 1)


def test_a_selected_pod_accepts_only_itself() -> None:
    assert not network().lets(NEAR, TARGET, 5432)
    assert network().lets(TARGET, TARGET, 5432)
    assert not network(podSelector={}).lets(NEAR, Pod("shop"), 1), "an empty selector selects every pod"


def test_a_policy_for_egress_does_not_restrict_ingress() -> None:
    assert network(policyTypes=["Egress"]).lets(FAR, TARGET, 1)
    assert not network(policyTypes=["Ingress", "Egress"]).lets(FAR, TARGET, 1)


@pytest.mark.parametrize(
    ("rule", "near", "far"),
    [
        ("{}", True, True),
        ("{from: []}", True, True),
        ("from: [{podSelector: {}}]", True, False),
        ("from: [{podSelector: {matchLabels: {app: web}}}]", True, False),
        ("from: [{podSelector: {matchLabels: {app: web, tier: front}}}]", True, False),
        ("from: [{podSelector: {matchLabels: {app: web, tier: back}}}]", False, False),
        ("from: [{namespaceSelector: {}}]", True, True),
        ("from: [{namespaceSelector: {matchLabels: {team: research}}}]", False, True),
        ("from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: lab}}}]", False, True),
        # in one peer both have to hold; two peers are alternatives
        ("from: [{namespaceSelector: {}, podSelector: {matchLabels: {tier: front}}}]", True, False),
        (
            "from: [{namespaceSelector: {matchLabels: {team: research}}}, {podSelector: {matchLabels: {tier: front}}}]",
            True,
            True,
        ),
        ("from: [{ipBlock: {cidr: 10.0.0.0/16}}]", True, True),
        ("from: [{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.1.0/24]}}]", False, True),
    ],
)
def test_peers(rule: str, near: bool, far: bool) -> None:
    assert (network(rule).lets(NEAR, TARGET, 5432), network(rule).lets(FAR, TARGET, 5432)) == (near, far)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("[]", {("TCP", 5431), ("TCP", 5432), ("TCP", 5433), ("UDP", 7946)}),
        ("[{port: 5432}]", {("TCP", 5432)}),
        ("[{protocol: TCP}]", {("TCP", 5431), ("TCP", 5432), ("TCP", 5433)}),
        ("[{protocol: UDP, port: 5432}]", set()),
        ("[{port: sql}]", {("TCP", 5432)}),
        ("[{port: gossip}]", set()),  # it is UDP there
        ("[{protocol: UDP, port: gossip}]", {("UDP", 7946)}),
        ("[{port: http}]", set()),  # the pod has no such port
        ("[{port: 5432, endPort: 5433}]", {("TCP", 5432), ("TCP", 5433)}),
        ("[{port: 5431}, {port: 5433}]", {("TCP", 5431), ("TCP", 5433)}),
    ],
)
def test_ports(ports: str, expected: set[tuple[str, int]]) -> None:
    asked = [("TCP", 5431), ("TCP", 5432), ("TCP", 5433), ("UDP", 7946)]
    found = network(f"ports: {ports}")
    assert {one for one in asked if found.lets(FAR, TARGET, one[1], one[0])} == expected


def test_peer_and_port_belong_to_one_rule() -> None:
    found = network(
        "{from: [{podSelector: {}}], ports: [{port: 1}]}", "{from: [{namespaceSelector: {}}], ports: [{port: 2}]}"
    )
    assert [found.lets(pod, TARGET, port) for pod in (NEAR, FAR) for port in (1, 2)] == [True, True, False, True]


def test_policies_add_up() -> None:
    one, other = network("ports: [{port: 1}]"), network("ports: [{port: 2}]")
    both = Network((*one.policies, *other.policies), NAMESPACES)
    assert [both.lets(NEAR, TARGET, port) for port in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize(
    ("expression", "web", "none"),
    [
        ("{key: app, operator: In, values: [web, api]}", True, False),
        ("{key: app, operator: In, values: [api]}", False, False),
        ("{key: app, operator: NotIn, values: [web]}", False, True),
        ("{key: app, operator: NotIn, values: [api]}", True, True),
        ("{key: app, operator: Exists}", True, False),
        ("{key: app, operator: DoesNotExist}", False, True),
    ],
)
def test_expressions(expression: str, web: bool, none: bool) -> None:
    selector = {"matchExpressions": [yaml.safe_load(expression)]}
    assert (matches(selector, {"app": "web"}), matches(selector, {})) == (web, none)
    assert not matches({**selector, "matchLabels": {"x": "y"}}, {"app": "web"}), "both have to hold"
