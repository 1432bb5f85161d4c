"""`krm-otel status -` on a real API server: patches that it takes without force, beside other controllers'."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from krm_otel.run import Source, run
from tests.cluster.kubernetes import Cluster, until

NAMESPACE = "status"
KINDS = "classruntimes,deployments,daemonsets,pods"
PACKAGE = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: echo, namespace: status}}
spec: {{observability: {{enabled: true, collector: {{mode: deployment, image: "{image}", EXPORTERS}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: echo, namespace: status}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: echo}}}}
  template:
    metadata: {{labels: {{app: echo}}}}
    spec: {{containers: [{{name: function, image: echo}}]}}
""".replace("EXPORTERS", "exporters: {{traces: 'http://sink.sink:4317', metrics: debug}}")
IMAGE = "otel/opentelemetry-collector-contrib:0.158.0"


def krm_otel(*arguments: str, text: str = "") -> str:
    program = str(Path(sys.executable).with_name("krm-otel"))
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def definition(cluster: Cluster) -> Iterator[None]:
    cluster.apply(krm_otel("crd"))
    cluster.established("classruntimes.oaas.io")
    cluster.kubectl("create", "namespace", NAMESPACE)
    yield
    cluster.kubectl("delete", "namespace", NAMESPACE)
    cluster.kubectl("delete", "crd", "classruntimes.oaas.io")


def status_of(cluster: Cluster) -> dict[str, tuple[str, str]]:
    """Reads what lives, applies the patches without force, and says what then stands there."""
    live = cluster.kubectl("get", KINDS, "--namespace", NAMESPACE, "--output", "yaml", "--show-managed-fields")
    cluster.kubectl(
        *("apply", "--server-side", "--subresource=status", "--field-manager=krm-otel", "--filename", "-"),
        text=krm_otel("status", "-", text=live),
    )
    (found,) = cluster.get("classruntimes", NAMESPACE)
    assert found["status"]["phase"] == "Running", "another controller's fields stay"
    assert found["status"]["observed_generation"] == found["metadata"]["generation"], "what was read is said at once"
    return {one["type"]: (one["status"], one.get("reason", "")) for one in found["status"]["conditions"]}


@pytest.mark.usefixtures("definition")
def test_patches_are_taken_beside_another_controllers_conditions(cluster: Cluster) -> None:
    def render(image: str) -> None:
        (text,) = run([Source(PACKAGE.format(image=image).encode())], {}).texts
        assert text
        cluster.apply(text)

    render("otel/opentelemetry-collector-contrib:0.159.0")  # is not on the node, so it never runs
    theirs = {"phase": "Running", "conditions": [{"type": "Available", "status": "True", "reason": "Up"}]}
    cluster.kubectl(
        *("patch", "classruntime", "echo", "--namespace", NAMESPACE, "--subresource=status", "--type=merge"),
        *("--patch", json.dumps({"status": theirs})),
    )
    degraded = {
        "Available": ("True", "Up"),
        "TelemetryConfigured": ("True", "Injected"),
        "TelemetryDegraded": ("True", "CollectorUnavailable"),
    }
    assert status_of(cluster) == degraded
    assert status_of(cluster) == degraded
    render(IMAGE)
    cluster.rolled_out("deployment/echo-otel-collector", NAMESPACE)
    until(
        lambda: True if status_of(cluster)["TelemetryDegraded"] == ("False", "CollectorAvailable") else None,
        lambda: f"the collector runs, and the status says {status_of(cluster)}",
    )
