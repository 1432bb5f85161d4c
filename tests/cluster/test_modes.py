"""Every mode on a real Kubernetes: what is rendered is applied as it is, runs, and what functions say arrives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.kubernetes import SINK, Arrived, Cluster, until
from tests.cluster.packages import DEPLOYMENT, EXPORTERS, JOB, KNATIVE, rendered

QUICK = "batch: {timeout: 200ms}"


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """A namespace with the name of the test."""
    name = str(request.node.name).removeprefix("test_").replace("_", "-")
    cluster.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    until(
        lambda: cluster.get("serviceaccounts", name, "--field-selector=metadata.name=default") or None,
        lambda: f"{name} has no account",
    )
    return name


def assert_identity(arrived: Arrived, namespace: str, pods: list[dict[str, Any]]) -> None:
    """All three signals say the same of who sent them, and it is true."""
    (pod,) = pods
    for attributes in (arrived.traces, arrived.metrics, arrived.logs):
        assert attributes["deployment.name"] == attributes["oaas.class"] == "echo"
        assert attributes["service.namespace"] == attributes["k8s.namespace.name"] == namespace
        assert attributes["k8s.pod.name"] == pod["metadata"]["name"]
        assert attributes["k8s.pod.uid"] == pod["metadata"]["uid"]
        assert attributes["k8s.node.name"] == "node-1"


def assert_hardened(pod: dict[str, Any]) -> None:
    """The collector's container runs, ready, with what the schema of a restricted pod asks for."""
    spec, status = pod["spec"], pod["status"]
    containers = {c["name"]: c for c in [*spec["containers"], *spec.get("initContainers", ())]}
    states = [*status["containerStatuses"], *status.get("initContainerStatuses", ())]
    (state,) = [state for state in states if state["name"] == "otel-collector"]
    assert state["ready"] and state["restartCount"] == 0
    context = containers["otel-collector"]["securityContext"]
    assert context["readOnlyRootFilesystem"] and context["runAsNonRoot"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["allowPrivilegeEscalation"] is False


def test_sidecar(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """With what waits in files, which the container's user has to be able to write."""
    config = f"{QUICK}, queue: {{persistent: true}}"
    text = rendered(tmp_path / "p", namespace, f"mode: sidecar, exporters: {{{EXPORTERS}}}", config, [DEPLOYMENT, JOB])
    cluster.apply(text)
    cluster.rolled_out("deployment/echo", namespace)
    pods = cluster.get("pods", namespace, "--selector=app=echo")
    assert_hardened(pods[0])
    assert "done" in cluster.request("echo", namespace, "/sidecar")
    arrived = cluster.arrived("echo-function", namespace)
    assert_identity(arrived, namespace, pods)
    assert arrived.spans == {"/sidecar"}
    assert arrived.traces["oaas.function_key"] == "echo"

    cluster.told(namespace, "wait", "--for=condition=Complete", "job/echo-once", "--timeout=90s")
    assert cluster.arrived("echo-once", namespace).spans == {"once"}


def test_deployment(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """And a changed config rolls the collector, and nothing else."""
    mode = f"mode: deployment, exporters: {{{EXPORTERS}}}"
    cluster.apply(rendered(tmp_path / "p", namespace, mode, QUICK, [DEPLOYMENT]))
    cluster.rolled_out("deployment/echo", namespace)
    cluster.rolled_out("deployment/echo-otel-collector", namespace)
    functions = cluster.get("pods", namespace, "--selector=app=echo")
    collectors = cluster.get("pods", namespace, "--selector=component=otel")
    assert_hardened(collectors[0])
    assert "done" in cluster.request("echo", namespace, "/deployment")
    arrived = cluster.arrived("echo-function", namespace)
    assert_identity(arrived, namespace, functions)
    assert arrived.spans == {"/deployment"}

    cluster.apply(rendered(tmp_path / "q", namespace, mode, "batch: {timeout: 300ms}", [DEPLOYMENT]))
    cluster.rolled_out("deployment/echo-otel-collector", namespace)
    cluster.rolled_out("deployment/echo", namespace)
    after = cluster.get("pods", namespace, "--selector=app=echo")
    assert names(after) == names(functions)
    assert not names(cluster.get("pods", namespace, "--selector=component=otel")) <= names(collectors)


def test_config_of_a_sidecar_rolls_its_pods(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    mode = f"mode: sidecar, exporters: {{{EXPORTERS}}}"
    cluster.apply(rendered(tmp_path / "p", namespace, mode, QUICK, [DEPLOYMENT]))
    cluster.rolled_out("deployment/echo", namespace)
    before = names(cluster.get("pods", namespace))
    cluster.apply(rendered(tmp_path / "q", namespace, mode, QUICK, [DEPLOYMENT]))
    cluster.rolled_out("deployment/echo", namespace)
    assert names(cluster.get("pods", namespace)) == before, "the same again rolls nothing"
    cluster.apply(rendered(tmp_path / "r", namespace, mode, "batch: {timeout: 300ms}", [DEPLOYMENT]))
    cluster.rolled_out("deployment/echo", namespace)
    assert not before & names(running(cluster.get("pods", namespace)))


def test_daemonset(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """One collector on the node, reached through its Local Service; it may ask the API server who sends."""
    cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: oaas-system}\n")
    config = f"{QUICK}, daemonset: {{manage: true}}, exporters: {{{EXPORTERS}}}"
    cluster.apply(rendered(tmp_path / "p", namespace, "mode: daemonset", config, [DEPLOYMENT]))
    cluster.rolled_out("daemonset/oaas-otel-collector", "oaas-system")
    cluster.rolled_out("deployment/echo", namespace)
    collectors = cluster.get("pods", "oaas-system")
    assert_hardened(collectors[0])
    (service,) = cluster.get("services", "oaas-system")
    assert service["spec"]["internalTrafficPolicy"] == "Local"
    functions = cluster.get("pods", namespace)
    assert "done" in cluster.request("echo", namespace, "/daemonset")
    arrived = cluster.arrived("echo-function", namespace)
    assert_identity(arrived, namespace, functions)
    assert arrived.spans == {"/daemonset"}
    log = cluster.kubectl("logs", "daemonset/oaas-otel-collector", "--namespace", "oaas-system")
    assert "forbidden" not in log


def test_external(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    text = rendered(tmp_path / "p", namespace, f"mode: external, endpoint: '{SINK}'", "", [DEPLOYMENT])
    cluster.apply(text)
    cluster.rolled_out("deployment/echo", namespace)
    pods = cluster.get("pods", namespace)
    assert "done" in cluster.request("echo", namespace, "/external")
    arrived = cluster.arrived("echo-function", namespace)
    assert_identity(arrived, namespace, pods)
    assert arrived.spans == {"/external"}


def test_knative(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """A function on Knative Serving, with a sidecar whose queue is on disk: its Revision becomes ready and answers."""
    config = f"{QUICK}, queue: {{persistent: true}}"
    cluster.apply(rendered(tmp_path / "p", namespace, f"mode: sidecar, exporters: {{{EXPORTERS}}}", config, [KNATIVE]))
    revision = until(
        lambda: next((one["metadata"]["name"] for one in cluster.get("revisions", namespace)), None),
        lambda: f"there is no revision\n{cluster.kubectl('describe', 'ksvc', '--namespace', namespace)}",
    )
    cluster.told(namespace, "wait", "--for=condition=Ready", f"revision/{revision}", "--timeout=120s")
    assert "done" in cluster.request(f"{revision}-private", namespace, "/knative")
    arrived = cluster.arrived("echo-user-container", namespace)
    assert arrived.spans >= {"/knative"}
    assert arrived.traces["deployment.name"] == "echo"
    assert arrived.traces["oaas.function_key"] == "echo"


def names(pods: list[dict[str, Any]]) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods}


def running(pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are not about to go."""
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
