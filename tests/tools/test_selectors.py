"""What selects pods and Services still does, after kustomize and Argo CD have written labels of their own."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml

from tests.tools.function import FUNCTION
from tools.build import require

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel, annotations: {config.kubernetes.io/local-config: "true"}}
spec:
  telemetry: {propagators: [w3c]}
  collector:
    mode: deployment
    exporters: {traces: debug, metrics: debug}
    tail_sampling: {}
    gateway: {replicas: 2}
    network_policy: {scrapers: [{namespace_labels: {team: monitoring}, pod_labels: {app: prometheus}}]}
  monitors: {}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: cart}
spec: {observability: {enabled: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  selector: {matchLabels: {app: cart}}
  template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: function, image: acme/cart}]}}
"""
KUSTOMIZATION = """
resources: [all.yaml]
labels:
- pairs: {team: core, app.kubernetes.io/instance: release}
  includeSelectors: true
"""
TIERS = ("cart-otel-collector", "cart-otel-gateway")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The build of what was rendered, and then the label that Argo CD tracks objects by.

    Source of the latter: Argo CD v2.14, `SetAppInstanceLabel`: it writes into the labels of the object itself.
    """
    folder = tmp_path_factory.mktemp("selectors")
    rendered = subprocess.run([FUNCTION], input=MANIFESTS, capture_output=True, check=True, text=True).stdout
    (folder / "all.yaml").write_text(rendered, encoding="utf-8")
    (folder / "kustomization.yaml").write_text(KUSTOMIZATION, encoding="utf-8")
    command = [str(require("kustomize")), "build", str(folder)]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    objects = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(text)}
    for one in objects.values():
        one["metadata"].setdefault("labels", {})["app.kubernetes.io/instance"] = "application"
    return objects


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """A LabelSelector, as Kubernetes reads it (operator In alone)."""
    matches = selector.get("matchLabels", {}).items() <= labels.items()
    return matches and all(labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", ()))


def pods(built: dict[str, Any], name: str) -> dict[str, str]:
    labels: dict[str, str] = built[f"Deployment/{name}"]["spec"]["template"]["metadata"]["labels"]
    return labels


def test_kustomize_has_written_its_labels(built: dict[str, Any]) -> None:
    """Otherwise nothing of what follows would say anything."""
    assert pods(built, "cart")["app.kubernetes.io/instance"] == "release"
    assert built["Service/cart-otel-collector"]["spec"]["selector"]["team"] == "core"


@pytest.mark.parametrize("tier", TIERS)
def test_each_tier_is_selected_and_no_other(built: dict[str, Any], tier: str) -> None:
    """Services and policies have the pods of their own tier."""
    service = {"matchLabels": built[f"Service/{tier}"]["spec"]["selector"]}
    policy = built[f"NetworkPolicy/{tier}"]["spec"]["podSelector"]
    for other in (*TIERS, "cart"):
        assert selects(service, pods(built, other)) is (other == tier)
        assert selects(policy, pods(built, other)) is (other == tier)
    assert selects(built[f"Deployment/{tier}"]["spec"]["selector"], pods(built, tier))


@pytest.mark.parametrize("tier", TIERS)
def test_each_monitor_finds_its_service(built: dict[str, Any], tier: str) -> None:
    """By labels of the Service, on which Argo CD writes, too."""
    monitor = built[f"ServiceMonitor/{tier}"]["spec"]["selector"]
    for other in TIERS:
        assert selects(monitor, built[f"Service/{other}"]["metadata"]["labels"]) is (other == tier)


def test_peers_of_other_packages_get_in(built: dict[str, Any]) -> None:
    """Pods that have none of this kustomization's labels: another package of the class, and Prometheus."""
    senders, scrapers = built["NetworkPolicy/cart-otel-collector"]["spec"]["ingress"]
    assert selects(senders["from"][0]["podSelector"], {"otel.oaas.io/class": "cart"})
    assert selects(scrapers["from"][0]["podSelector"], {"app": "prometheus"})
    assert scrapers["from"][0]["namespaceSelector"] == {"matchLabels": {"team": "monitoring"}}
