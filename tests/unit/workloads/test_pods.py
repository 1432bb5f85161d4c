"""Facts of pods that decide what can be added to them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.pods import container_requests, pod_level, runs_to_completion, windows_field
from tests.unit.workloads.objects import view

TERMS = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [%s]}}}"
WINDOWS = "{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [windows]}]}"
LINUX = WINDOWS.replace("windows", "linux")


def pod(fields: str, kind: str = "apps/v1, kind: Deployment", containers: str = "[{name: a}]") -> Workload:
    spec = f"{{containers: {containers}, {fields}}}"
    return view(f"{{apiVersion: {kind}, metadata: {{name: x}}, spec: {{template: {{spec: {spec}}}}}}}")


@pytest.mark.parametrize(
    ("fields", "windows"),
    [
        ("os: {name: windows}", True),
        ("nodeSelector: {kubernetes.io/os: windows}", True),
        ("nodeSelector: {beta.kubernetes.io/os: windows}", True),
        (TERMS % WINDOWS, True),
        (TERMS % f"{WINDOWS}, {WINDOWS}", True),
        ("securityContext: {windowsOptions: {hostProcess: true}}", True),
        ("", False),
        ("os: {name: linux}", False),
        ("nodeSelector: {kubernetes.io/os: linux}", False),
        (TERMS % f"{WINDOWS}, {LINUX}", False),
        (TERMS % WINDOWS.replace("In", "NotIn"), False),
        (TERMS % WINDOWS.replace("windows", "windows, linux"), False),
    ],
)
def test_pods_on_windows(fields: str, windows: bool) -> None:
    """By every field that puts a pod there for certain."""
    assert (windows_field(pod(fields)) is not None) is windows


@pytest.mark.parametrize(
    ("fields", "kind", "ends"),
    [
        ("", "batch/v1, kind: Job", True),
        ("restartPolicy: Never", "apps/v1, kind: ReplicaSet", True),
        ("restartPolicy: OnFailure", "apps/v1, kind: Deployment", True),
        ("restartPolicy: Always", "apps/v1, kind: Deployment", False),
        ("", "apps/v1, kind: Deployment", False),
    ],
)
def test_pods_that_end(fields: str, kind: str, ends: bool) -> None:
    """Those of Jobs, and all that are not always restarted."""
    assert runs_to_completion(pod(fields, kind)) is ends


def test_resources_of_a_pod_and_of_its_containers() -> None:
    """A limit without a request is the request; init containers count only where they stay."""
    containers = """[
        {name: a, resources: {requests: {cpu: 100m, memory: 64Mi}}},
        {name: b, resources: {limits: {cpu: "1"}}},
    ]"""
    init = """initContainers: [
        {name: c, resources: {requests: {cpu: 50m}}, restartPolicy: Always},
        {name: d, resources: {requests: {cpu: "7"}}},
    ], resources: {requests: {cpu: "2", memory: bad}}"""
    found = pod(init, containers=containers)
    assert pod_level(found, "requests") == {"cpu": 2}
    assert pod_level(found, "limits") == {}
    assert container_requests(found, "cpu") == Fraction(1150, 1000)
    assert container_requests(found, "memory") == 64 * 2**20
