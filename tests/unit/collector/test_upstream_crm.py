"""Upstream's CRM beside us: it leaves generated collectors alone, neither waits for them nor counts their pods.

Its rule, in pawissanutt/oaas-rs (2026-03), `control-plane/oprc-crm/src/controller/fsm/`: `observed_lister.rs` lists
Deployments and Knative Services with the label `oaas.io/owner: <class>`; `evaluator.rs` deletes those whose names it
has not given, and the class is available when all of them are.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.support.laws import assert_laws

CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: record, namespace: shop}}
spec:
  functions: [{{function_key: new, container_image: "acme/new:1"}}]
  observability: {{enabled: true}}
---
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec: {{telemetry: {{propagators: [w3c]}}, {config}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: record, namespace: shop, labels: {{app: record, oaas.io/owner: record}}}}
spec: {{template: {{spec: {{containers: [{{name: function, image: "acme/new:1"}}]}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: record-odgm, namespace: shop, labels: {{app: record-odgm, oaas.io/owner: record}}}}
spec: {{template: {{spec: {{containers: [{{name: odgm, image: "acme/odgm:1"}}]}}}}}}
"""
MODES = {
    "sidecar": "collector: {mode: sidecar}",
    "deployment": "collector: {mode: deployment, replicas: 2}",
    "gateway": "collector: {mode: deployment, replicas: 2, tail_sampling: {enabled: true}, gateway: {replicas: 2}}",
    "daemonset": "collector: {mode: daemonset, daemonset: {manage: true}}",
    "external": "collector: {mode: external, endpoint: 'http://otel:4317'}",
    "operator": "flavor: operator, collector: {mode: deployment}",
}


def children(objects: list[dict[str, Any]]) -> list[str]:
    """The names that the CRM sees as those of the class's functions and object store."""
    kinds = ("Deployment", "OpenTelemetryCollector")  # from which the Operator makes a Deployment with its labels
    seen = (one for one in objects if one["kind"] in kinds)
    return [one["metadata"]["name"] for one in seen if one["metadata"]["labels"].get("oaas.io/owner") == "record"]


@pytest.mark.parametrize("mode", MODES)
def test_the_crm_sees_its_own_deployments_only(mode: str) -> None:
    """So it deletes none of ours, and a collector that is not ready keeps no class from being available."""
    out, outcome = assert_laws(CLASS.format(config=MODES[mode]).encode())
    assert outcome.exit_code == 0, outcome.results
    objects = [one for one in yaml.safe_load_all(out) if one]
    assert children(objects) == ["record", "record-odgm"]
    generated = [one["kind"] for one in objects if one["metadata"].get("annotations", {}).get("oaas.io/generated-by")]
    assert ("Deployment" in generated) == (mode in ("deployment", "gateway"))


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (f"platform: {{preset: oaas-rs}}, {MODES['gateway']}", ["otel-collector-record", "otel-gateway-record"]),
        ("collector: {mode: deployment, deployment_name: collector-first}", ["otel-collector-record"]),
        (
            "platform: {preset: oaas-rs}, collector: {mode: deployment, deployment_name: class-first}",
            ["record-otel-collector"],
        ),
    ],
)
def test_the_analyzer_counts_no_pod_of_a_collector(config: str, names: list[str]) -> None:
    """It asks for the processors and memory of `pod=~"<class>-.*"` (`nfr/mod.rs`), and pods are called by their
    Deployment."""
    out, outcome = assert_laws(CLASS.format(config=config).encode())
    assert outcome.exit_code == 0, outcome.results
    objects = [one for one in yaml.safe_load_all(out) if one]
    made = [one for one in objects if one["metadata"].get("annotations", {}).get("oaas.io/generated-by")]
    assert [one["metadata"]["name"] for one in made if one["kind"] == "Deployment"] == names
    pods = [f"{name}-6d5f7c9b4-x2k8p" for name in names]
    assert [pod for pod in pods if re.fullmatch("record-.*", pod)] == (pods if names[0].startswith("record") else [])
    services = [one["metadata"]["name"] for one in made if one["kind"] == "Service"]
    assert services == ["record-otel-collector", "record-otel-gateway"][: len(names)]
