"""Live objects → conditions, patches and a table."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.observe.classes import Observation, observe
from krm_otel.observe.status_patch import status_patches
from krm_otel.run import Source, run
from tests.unit.cli.command import krm_otel

BLOCK = "{enabled: true, collector: {mode: MODE, exporters: {traces: 'http://tempo:4317', metrics: debug}}}"
PACKAGE = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: echo, namespace: shop, generation: 3}
spec: {observability: BLOCK}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo, namespace: shop}
spec: {template: {spec: {containers: [{name: function, image: echo}]}}}
"""


def rendered(mode: str, block: str = BLOCK) -> list[dict[str, Any]]:
    """What is in the cluster after a render, without any status."""
    text = PACKAGE.replace("BLOCK", block).replace("MODE", mode)
    (out,) = run([Source(text.encode())], {}).texts
    assert out
    return list(yaml.safe_load_all(out))


def listed(items: list[dict[str, Any]]) -> bytes:
    """As kubectl prints several objects."""
    return yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items}).encode()


def seen(items: list[dict[str, Any]], config: Resource | None = None) -> Observation:
    return observe(listed(items), config, {})


def config() -> Resource:
    """An OTelConfig that says nothing."""
    text = "apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {name: otel}\nspec: {}\n"
    resource = read_envelope(text).items[0].resource
    assert resource
    return resource


def said(observation: Observation) -> dict[str, tuple[str, str]]:
    (state,) = observation.states
    return {one.type: (one.status, one.reason) for one in state.conditions}


def with_status(items: list[dict[str, Any]], kind: str, name: str, status: dict[str, Any]) -> list[dict[str, Any]]:
    for one in items:
        if (one["kind"], one["metadata"]["name"]) == (kind, name):
            one["status"] = status
    return items


def pod(runs: bool) -> dict[str, Any]:
    state = {"running": {}} if runs else {"waiting": {"reason": "CrashLoopBackOff"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"echo-{runs}", "namespace": "shop"},
        "spec": {"volumes": [{"name": "c", "configMap": {"name": "echo-otel-config"}}], "containers": []},
        "status": {"phase": "Running", "initContainerStatuses": [{"name": "otel-collector", "state": state}]},
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"availableReplicas": 1}, ("False", "CollectorAvailable")),
        ({"replicas": 1, "unavailableReplicas": 1}, ("True", "CollectorUnavailable")),
        ({}, ("True", "CollectorUnavailable")),
    ],
)
def test_a_collector_behind_a_service(status: dict[str, Any], expected: tuple[str, str]) -> None:
    items = with_status(rendered("deployment"), "Deployment", "echo-otel-collector", status)
    observation = seen(items)
    assert said(observation) == {"TelemetryConfigured": ("True", "Injected"), "TelemetryDegraded": expected}
    assert observation.states[0].collector == f"{status.get('availableReplicas', 0)}/1"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(1, 2, "CollectorAvailable"), (1, 0, "CollectorUnavailable"), (0, 2, "CollectorUnavailable")],
)
def test_both_tiers_have_to_be_there(first: int, second: int, expected: str) -> None:
    """The second one is no collector that functions send to: it is not what is counted."""
    spec = "\n---\napiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {name: otel}\n"
    spec += "spec: {collector: {tail_sampling: {}, gateway: {}}}\n"
    (out,) = run([Source((PACKAGE.replace("BLOCK", BLOCK).replace("MODE", "deployment") + spec).encode())], {}).texts
    assert out
    items = [one for one in yaml.safe_load_all(out) if one["kind"] != "OTelConfig"]
    for name, available in (("echo-otel-collector", first), ("echo-otel-gateway", second)):
        with_status(items, "Deployment", name, {"availableReplicas": available})
    observation = seen(items)
    assert said(observation)["TelemetryDegraded"][1] == expected
    assert observation.states[0].collector == f"{first}/1"


def test_a_missing_collector_is_reported() -> None:
    items = [one for one in rendered("deployment") if one["metadata"]["name"] == "echo"]
    assert said(seen(items))["TelemetryDegraded"] == ("True", "CollectorUnavailable")


@pytest.mark.parametrize(
    ("pods", "expected"),
    [([True], "CollectorAvailable"), ([True, False], "CollectorAvailable"), ([False], "CollectorUnavailable")],
)
def test_sidecars_are_recognized_by_their_config(pods: list[bool], expected: str) -> None:
    observation = seen([*rendered("sidecar"), *map(pod, pods)])
    assert said(observation)["TelemetryDegraded"][1] == expected
    assert observation.states[0].collector == f"{sum(pods)}/{len(pods)}"


def test_finished_pods_are_ignored() -> None:
    done = pod(runs=False)
    done["status"]["phase"] = "Succeeded"
    assert said(seen([*rendered("sidecar"), done]))["TelemetryDegraded"] == ("False", "NoCollector")


def test_without_workloads_and_without_backend() -> None:
    (resource, *_) = rendered("sidecar")
    assert said(seen([resource]))["TelemetryConfigured"] == ("False", "NoWorkload")
    printing = rendered("sidecar", "{enabled: true, collector: {exporters: {traces: debug, metrics: debug}}}")
    assert said(seen(printing, config()))["TelemetryConfigured"] == ("False", "NoBackend")
    assert said(seen(printing))["TelemetryConfigured"] == ("True", "Injected"), "an OTelConfig may name one"


def test_names_that_only_the_configuration_explains() -> None:
    """A backend is no fault where its OTelConfig was not given, and one where it was and does not name it."""
    block = "{enabled: true, collector: {exporters: {traces: store, metrics: debug}}}"
    items = rendered("sidecar")
    items[0]["spec"]["observability"] = yaml.safe_load(block)
    assert said(seen(items))["TelemetryConfigured"] == ("True", "Injected")
    observation = seen(items, config())
    assert said(observation)["TelemetryConfigured"] == ("False", "ConfigApplyError")
    assert said(observation)["TelemetryDegraded"] == ("True", "ConfigApplyError")


def test_a_class_that_is_off_gets_no_patch() -> None:
    items = [{**rendered("sidecar")[0], "spec": {"observability": {"enabled": False}}}]
    assert status_patches(seen(items).states) == []
    assert seen(items).states[0].conditions == ()


def test_a_class_that_was_on_gets_a_patch_without_conditions_of_krm_otel() -> None:
    """Server-side apply takes out what the same manager leaves out; others' entries stay, in their order."""
    available = {"type": "Available", "status": "True"}
    status = {
        "conditions": [{"type": "TelemetryConfigured", "status": "True"}, available, {"type": "TelemetryDegraded"}],
        "resource_refs": [
            {"kind": "Deployment", "name": "echo"},
            {"kind": "Deployment", "name": "echo-otel-collector"},
        ],
    }
    items = with_status(rendered("sidecar", "{enabled: false}"), "ClassRuntime", "echo", status)
    (patch,) = status_patches(seen(items).states)
    assert patch["status"]["conditions"] == [available]
    assert patch["status"]["resource_refs"] == [{"kind": "Deployment", "name": "echo"}]
    items = with_status(items, "ClassRuntime", "echo", {"conditions": [available]})
    assert status_patches(seen(items).states) == [], "there is nothing more to say"


def test_patches_are_complete_and_in_order() -> None:
    items = with_status(rendered("deployment"), "Deployment", "echo-otel-collector", {"availableReplicas": 1})
    since = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    items[0]["status"] = {
        "conditions": [
            {"type": "Progressing", "status": "False", "message": "x"},
            {"type": "TelemetryDegraded", "status": "True", "reason": "CollectorUnavailable", **since},
            {"type": "TelemetryConfigured", "status": "True", "reason": "Injected", **since},
            {"type": "Available", "status": "True"},
        ],
        "resource_refs": [{"kind": "Service", "name": "echo"}],
        "phase": "Running",
    }
    (patch,) = status_patches(seen(items).states, now="2026-02-02T00:00:00Z")
    assert patch["metadata"] == {"name": "echo", "namespace": "shop"}
    conditions = patch["status"]["conditions"]
    assert [one["type"] for one in conditions] == [one["type"] for one in items[0]["status"]["conditions"]]
    assert conditions[0] == items[0]["status"]["conditions"][0]
    assert conditions[1]["lastTransitionTime"] == "2026-02-02T00:00:00Z", "what changed has a new time"
    assert conditions[2]["lastTransitionTime"] == "2026-01-01T00:00:00Z", "what did not change keeps its own"
    assert patch["status"]["resource_refs"] == [
        {"kind": "Service", "name": "echo"},
        {"kind": "Deployment", "name": "echo-otel-collector"},
    ]
    assert patch["status"]["observed_generation"] == 3
    assert "phase" not in patch["status"], "another controller's fields are not ours to apply"


def test_the_generation_of_another_controller_is_kept() -> None:
    items = rendered("sidecar")
    items[0]["status"] = {"observed_generation": 2}
    assert "observed_generation" not in status_patches(seen(items).states)[0]["status"]


@pytest.mark.parametrize(
    ("managers", "written"), [(["krm-otel"], 3), (["krm-otel", "oprc-crm"], None), (["oprc-crm"], None)]
)
def test_a_generation_of_krm_otel_is_updated(managers: list[str], written: int | None) -> None:
    items = rendered("sidecar")
    items[0]["status"] = {"observed_generation": 2}
    items[0]["metadata"]["managedFields"] = [
        {"manager": one, "subresource": "status", "fieldsV1": {"f:status": {"f:observed_generation": {}}}}
        for one in managers
    ] + [{"manager": "argocd", "fieldsV1": {"f:spec": {"f:observability": {}}}}]
    assert status_patches(seen(items).states)[0]["status"].get("observed_generation") == written


@pytest.mark.parametrize("data", [b"{", b"\xff", b"", b"kind: Pod\napiVersion: v1\n"])
def test_input_without_a_class_is_an_error(data: bytes) -> None:
    (result,) = observe(data, None, {}).results
    assert result.severity == "error"
    assert "kubectl get classruntimes" in result.message


def test_the_command() -> None:
    items = with_status(rendered("deployment"), "Deployment", "echo-otel-collector", {"availableReplicas": 1})
    table = krm_otel("status", "-", "--format", "table", stdin=listed(items))
    head, row = table.stdout.decode().splitlines()
    assert head.split()[:3] == ["NAMESPACE", "CLASS", "MODE"]
    assert row.split()[:5] == ["shop", "echo", "deployment", "1", "1/1"]
    patch = krm_otel("status", "-", stdin=listed(items))
    assert (table.returncode, patch.returncode) == (0, 0)
    assert [one["status"]["conditions"][0]["status"] for one in yaml.safe_load_all(patch.stdout)] == ["True"]
    failed = krm_otel("status", "-", stdin=b"{")
    assert (failed.returncode, failed.stdout) == (1, b"")
