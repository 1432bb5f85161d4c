"""Transitions on a real API server: what is applied is what is rendered, and nothing of ours stays behind.

Each step renders the package anew on its own earlier output, as GitOps does, and applies it by server-side or
client-side apply with pruning. After it the live objects say what was rendered, and `kubectl diff` has nothing to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from krm_otel.run import Source, run
from tests.cluster.kubernetes import Cluster, until

EXPORTERS = "exporters: {traces: 'http://sink.sink:4317', metrics: debug, logs: debug}"
STEPS = {
    "sidecar": f"enabled: true, collector: {{mode: sidecar, {EXPORTERS}}}",
    "sidecar with logs": f"enabled: true, telemetry: {{logs: true}}, collector: {{mode: sidecar, {EXPORTERS}}}",
    "deployment": f"enabled: true, collector: {{mode: deployment, {EXPORTERS}}}",
    "daemonset": "enabled: true, collector: {mode: daemonset}",
    "external": "enabled: true, collector: {mode: external, endpoint: 'http://sink.sink:4317'}",
    "external over HTTP": "enabled: true, collector: {mode: external, endpoint: 'http://sink.sink:4318'}",
    "disabled": "enabled: false",
    "sidecar again": f"enabled: true, collector: {{mode: sidecar, {EXPORTERS}}}",
    "no signal": f"enabled: true, telemetry: {{traces: false, metrics: false}}, collector: {{{EXPORTERS}}}",
    "off at last": "enabled: false",
}
EDITED = "deployment"
"""Before this step the manifests are edited by hand."""
PACKAGE = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
functionConfig:
  apiVersion: fn.oaas.io/v1alpha1
  kind: OTelConfig
  metadata: {{name: otel}}
  spec:
    telemetry: {{propagators: [w3c]}}
    collector: {{daemonset: {{manage: false}}, batch: {{timeout: 1s}}}}
items:
- apiVersion: oaas.io/v1alpha1
  kind: ClassRuntime
  metadata: {{name: echo, namespace: {namespace}}}
  spec:
    observability: {{enabled: false}}
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: echo
    namespace: {namespace}
    labels: {{applied: by-us}}
  spec:
    replicas: 0
    selector: {{matchLabels: {{app: echo}}}}
    template:
      metadata:
        labels: {{app: echo}}
      spec:
        containers:
        - name: function
          image: oteldemo:1
          env:
          - name: FIRST
            value: "1"
          - name: OTEL_RESOURCE_ATTRIBUTES
            value: team=core
- apiVersion: batch/v1
  kind: CronJob
  metadata:
    name: nightly
    namespace: {namespace}
    labels: {{oaas.io/owner: echo, applied: by-us}}
  spec:
    schedule: "0 3 * * *"
    suspend: true
    jobTemplate:
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
            - name: once
              image: oteldemo:1
"""
KINDS = "configmaps,services,serviceaccounts,deployments,cronjobs,networkpolicies,poddisruptionbudgets"


@pytest.fixture(params=["server-side", "client-side"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_transitions(cluster: Cluster, how: str) -> None:
    namespace = f"lifecycle-{how}"
    cluster.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n")
    until(
        lambda: cluster.get("serviceaccounts", namespace, "--field-selector=metadata.name=default") or None,
        lambda: f"{namespace} has no account",
    )
    text = PACKAGE.format(namespace=namespace)
    before = list(documents(text))
    apply(cluster, namespace, list(documents(text)), how)
    # Somebody else's field, by somebody else's hand.
    foreign = {"metadata": {"annotations": {"elsewhere.example/note": "mine"}}}
    cluster.kubectl(
        *("patch", "deployment", "echo", "--namespace", namespace, "--field-manager=elsewhere"),
        *("--patch", yaml.safe_dump(foreign)),
    )
    for step, block in STEPS.items():
        text = function(with_block(edited(text) if step == EDITED else text, block))
        wanted = list(documents(text))
        apply(cluster, namespace, wanted, how)
        for data in wanted:
            name = ("get", data["kind"], data["metadata"]["name"], "--namespace", namespace, "--output", "yaml")
            assert_says(yaml.safe_load(cluster.kubectl(*name)), data, f"{step}: {data['kind']}")
        echo = cluster.get("deployments", namespace, "--selector=applied=by-us,component!=otel")
        assert [one["metadata"]["annotations"]["elsewhere.example/note"] for one in echo] == ["mine"]
        ours = [data for data in wanted if data["metadata"]["labels"].get("component") == "otel"]
        assert len(cluster.get(KINDS, namespace, "--selector=component=otel")) == len(ours), step
    # What there is at last is what there was at first, and what was edited by hand since.
    env = before[0]["spec"]["template"]["spec"]["containers"][0]["env"]
    env.append({"name": "OTEL_TRACES_SAMPLER_ARG", "value": "0.77"})
    assert list(documents(text)) == before


def apply(cluster: Cluster, namespace: str, wanted: list[dict[str, Any]], how: str) -> None:
    """Applies with pruning; a second look then has nothing to tell."""
    for data in wanted:
        data["metadata"].setdefault("labels", {})["applied"] = "by-us"
    text = "---\n".join(map(yaml.safe_dump, wanted))
    side = ["--server-side"] if how == "server-side" else []
    cluster.kubectl("apply", *side, "--namespace", namespace, "--filename", "-", text=text)
    known = {(data["kind"], data["metadata"]["name"]) for data in wanted}
    for live in cluster.get(KINDS, namespace, "--selector=applied=by-us"):
        if (live["kind"], live["metadata"]["name"]) not in known:
            cluster.kubectl("delete", live["kind"], live["metadata"]["name"], "--namespace", namespace)
    cluster.kubectl("diff", *side, "--namespace", namespace, "--filename", "-", text=text)


def edited(text: str) -> str:
    """A value of ours is changed, and is the user's from then on; a variable of ours is removed, and returns."""
    before, rate, rest = text.partition("          - name: OTEL_TRACES_SAMPLER_ARG\n            value: ")
    assert rate
    text = before + rate + rest.replace('"0.1"', '"0.77"', 1)
    removed = re.sub(r"          - name: OTEL_PROPAGATORS\n            value: .*\n", "", text, count=1)
    assert removed != text
    return removed


def with_block(text: str, block: str) -> str:
    """The package with another block in its class."""
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("    observability:"))
    return "\n".join([*lines[:at], f"    observability: {{{block}}}", *lines[at + 1 :]])


def function(text: str) -> str:
    outcome = run([Source(text.encode())], {})
    assert outcome.exit_code == 0, outcome.lines()
    (out,) = outcome.texts
    assert out is not None
    return out


def documents(text: str) -> Iterator[dict[str, Any]]:
    """What is applied: all but the class, whose kind this cluster does not know."""
    for data in yaml.safe_load(text)["items"]:
        if data["kind"] != "ClassRuntime":
            yield data


def assert_says(live: Any, wanted: Any, where: str) -> None:
    """Everything that is wanted is there, lists in their order; the server may have filled in more."""
    if isinstance(wanted, dict):
        assert isinstance(live, dict), where
        for key, value in wanted.items():
            if value is None:
                continue
            assert key in live or value in ({}, []), f"{where}: {key} is not there"
            assert_says(live.get(key, value), value, f"{where}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(live, list) and len(live) == len(wanted), f"{where}: {live} instead of {wanted}"
        for number, (left, right) in enumerate(zip(live, wanted, strict=True)):
            assert_says(left, right, f"{where}[{number}]")
    else:
        assert live == wanted, f"{where}: {live!r} instead of {wanted!r}"
