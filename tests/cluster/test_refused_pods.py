"""Pods to which krm-otel refuses to add a sidecar: with one, the API server refuses them, too."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml

from tests.cluster.kubernetes import Cluster
from tests.tools.function import FUNCTION

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c]}
  collector: {exporters: {traces: debug, metrics: debug}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: cart, namespace: default}
spec: {observability: {enabled: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: default}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - {name: function, image: acme/cart, resources: {requests: {cpu: 100m, memory: 128Mi}}}
"""
WINDOWS = {"os": {"name": "windows"}}
SMALL = {"resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}
LARGE = {"resources": {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}}


def rendered(pod: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The Deployment with a sidecar, None where krm-otel refuses it, and what it says."""
    documents = list(yaml.safe_load_all(MANIFESTS))
    documents[2]["spec"]["template"]["spec"] |= pod
    done = subprocess.run([FUNCTION], input=yaml.safe_dump_all(documents), capture_output=True, text=True, check=False)
    found = [one for one in yaml.safe_load_all(done.stdout) if one["kind"] == "Deployment"]
    return (found[0] if done.returncode == 0 else None), done.stderr


def dry_run(cluster: Cluster, deployment: dict[str, Any]) -> None:
    """Fails with what the API server says."""
    text = yaml.safe_dump(deployment)
    cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename", "-", text=text)


@pytest.mark.parametrize(
    ("pod", "said", "refusal"),
    [
        (WINDOWS, "runs on Windows", "windows"),
        (SMALL, "the pod has less cpu", "aggregate container requests"),
    ],
    ids=["Windows", "resources of the pod"],
)
def test_what_is_refused_would_be_refused(cluster: Cluster, pod: dict[str, Any], said: str, refusal: str) -> None:
    """The sidecar of another pod, put into this one by hand, is what the API server refuses."""
    assert rendered(pod)[0] is None
    assert said in rendered(pod)[1]
    sound, _ = rendered({})
    assert sound is not None
    dry_run(cluster, sound)
    sound["spec"]["template"]["spec"] |= pod
    with pytest.raises(AssertionError, match=refusal):
        dry_run(cluster, sound)


def test_a_pod_with_room_is_taken(cluster: Cluster) -> None:
    """Resources of the pod that the sidecar fits into."""
    deployment, said = rendered(LARGE)
    assert deployment is not None, said
    dry_run(cluster, deployment)
