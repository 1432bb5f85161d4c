"""Monitors and rules on a real API server, with the Prometheus Operator's own definitions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.cases import rendered
from tests.cluster.kubernetes import Cluster

ROOT = Path(__file__).parents[2]
CRDS = ROOT.parent / "shared" / "crds"
KINDS = {"ServiceMonitor": "servicemonitors", "PodMonitor": "podmonitors", "PrometheusRule": "prometheusrules"}
ASKED = {
    "monitors": {"labels": {"release": "prometheus"}, "interval": "30s"},
    "rules": {"labels": {"release": "prometheus"}, "requirements": True},
    "dashboards": {"folder": "OaaS"},
}
REQUIRED = {"max_latency_ms": 200, "min_throughput_rps": 50, "availability_pct": 99.9}
CASES = sorted(path.parent for path in (ROOT / "tests" / "cases" / "collector").rglob("input.yaml"))
NAMESPACE = "monitored"


@pytest.fixture(scope="module")
def definitions(cluster: Cluster) -> Iterator[None]:
    """The Prometheus Operator's; they lie beside the checkout."""
    if not CRDS.exists():
        assert os.environ.get("CI") != "true", "the Prometheus Operator's definitions have to be beside the checkout"
        pytest.skip("the Prometheus Operator's definitions are not beside the checkout")
    for name in KINDS.values():
        # Too large for the annotation that a client-side apply writes.
        cluster.kubectl("apply", "--server-side", "--filename", str(CRDS / f"monitoring.coreos.com_{name}.yaml"))
        cluster.established(f"{name}.monitoring.coreos.com")
    cluster.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}}}\n")
    yield
    for name in KINDS.values():
        cluster.kubectl("delete", "crd", f"{name}.monitoring.coreos.com")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def generated(case: Path) -> list[dict[str, Any]]:
    """What a case generates where everything is asked for; nothing where it has faults of its own."""
    found = rendered(case, ASKED, {"nfr_requirements": REQUIRED})
    return [one for one in found if one["kind"] in KINDS or one["metadata"]["name"].endswith("-otel-dashboard")]


@pytest.mark.usefixtures("definitions")
def test_every_object_is_accepted(cluster: Cluster) -> None:
    """By server-side apply, which refuses unknown fields; of every case with a collector. What is there is what was
    sent."""
    objects = [one for case in CASES for one in generated(case)]
    for number, one in enumerate(objects):
        # One namespace, and names of their own: it is shapes that are looked at.
        one["metadata"]["namespace"] = NAMESPACE
        one["metadata"]["name"] = f"case-{number}"
    kinds = [one["kind"] for one in objects]
    assert all(kinds.count(kind) >= 3 for kind in (*KINDS, "ConfigMap")), kinds
    cluster.kubectl(
        *("apply", "--server-side", "--validate=strict", "--filename", "-"),
        text="---\n".join(map(yaml.safe_dump, objects)),
    )
    for kind, plural in KINDS.items():
        live = {one["metadata"]["name"]: one["spec"] for one in cluster.get(plural, NAMESPACE)}
        assert live == {one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == kind}
