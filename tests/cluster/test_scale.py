"""Many pods, many classes: traces that meet in a second tier, and classes that share the collector of their node."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.kubernetes import SINK, Cluster, until
from tests.cluster.packages import DEPLOYMENT, EXPORTERS, rendered, rendered_texts
from tests.cluster.test_modes import assert_hardened, running
from tests.cluster.test_modes import namespace as namespace
from tests.support.otelcol import attributes
from tools.cluster.cluster import inside

SMALL = "batch: {timeout: 200ms, send_batch_size: 8, send_batch_max_size: 8}"
"""The sink's log has a line for each batch, and lines of more than 16 KiB are cut."""
TRACES = 30
BOTH = re.compile(r"loadbalancer_num_backends\{.*\} 2\b")
"""What a sidecar's own metrics say once it knows both pods of the gateway; it asks every five seconds."""
GATEWAY = """gateway: {config: {
  processors: {resource/here: {attributes: [{key: gateway, value: "${env:MY_POD_IP}", action: insert}]}},
  service: {pipelines: {traces: {processors: [memory_limiter, tail_sampling, resource/here, batch]}}}}}"""


def test_all_spans_of_a_trace_meet_in_one_pod_of_the_gateway(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """They come from two pods, each with a sidecar of its own, which asks CoreDNS for the headless Service's pods."""
    config = f"{SMALL}, tail_sampling: {{decision_wait: 2s}}, {GATEWAY}"
    # A collector whose files cannot be written does not start.
    mode = f"mode: sidecar, exporters: {{traces: '{SINK}', metrics: '{SINK}', logs: ['{SINK}', file]}}"
    cluster.apply(rendered(tmp_path / "p", namespace, mode, config, [DEPLOYMENT]))
    cluster.kubectl("scale", "deployment/echo", "--replicas=2", "--namespace", namespace)
    cluster.rolled_out("deployment/echo-otel-gateway", namespace)
    cluster.rolled_out("deployment/echo", namespace)
    gateways = running(cluster.get("pods", namespace, "--selector=app.kubernetes.io/instance=echo-otel-gateway"))
    assert len(gateways) == 2
    for pod in gateways:
        assert_hardened(pod)
    functions = running(cluster.get("pods", namespace, "--selector=app=echo"))
    assert len(functions) == 2
    pods = {pod["metadata"]["name"] for pod in functions}
    addresses = [pod["status"]["podIP"] for pod in functions]
    for address in addresses:
        until(partial(sees_both, address), lambda: "a sidecar does not know both pods of the gateway")
    for number in range(TRACES):
        for address in addresses:  # a trace that somebody else started
            curl(f"http://{address}:8080/part", f"traceparent: 00-{number + 1:032x}-{1:016x}-01")

    def met() -> dict[str, list[tuple[str, str]]] | None:
        found: dict[str, list[tuple[str, str]]] = {}
        for entry in cluster.sink().traces:
            of = attributes(entry)
            if of.get("k8s.pod.name") in pods:
                for scope in entry["scopeSpans"]:
                    for span in scope["spans"]:
                        found.setdefault(span["traceId"], []).append((of["gateway"], of["k8s.pod.name"]))
        return found if sum(map(len, found.values())) == 2 * TRACES else None

    found = until(met, lambda: f"not every span has arrived\n{cluster.describe(namespace)}")
    for spans in found.values():
        assert {pod for _, pod in spans} == pods, "one half came from each pod"
        assert len({gateway for gateway, _ in spans}) == 1, "and both met"
    used = Counter(spans[0][0] for spans in found.values())
    assert used.keys() == {pod["status"]["podIP"] for pod in gateways}


def sees_both(address: str) -> bool | None:
    return True if BOTH.search(curl(f"http://{address}:8888/metrics")) else None


def curl(url: str, header: str = "x: y") -> str:
    """The answer to a request from the node."""
    command = inside("curl", "--silent", "--fail", "--max-time", "10", "--header", header, url)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# --- one collector for all classes of a node ---

CLASS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  functions: [{{function_key: {name}-key, container_image: "oteldemo:1"}}]
  observability:
    enabled: true
    telemetry: {{sampling_rate: {rate}}}
    collector: {{mode: daemonset}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {{name: function, image: "oteldemo:1", args: [spans, "{spans}"], env: [{{name: SEED, value: "158"}}]}}
"""
SPANS = 600
RATES = {"loud": 1.0, "quiet": 0.25, "silent": 0.0}


def test_classes_of_one_collector_keep_their_identity_and_their_rate(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """Each at its own rate, in its own SDK; the collector knows none of them."""
    cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: oaas-system}\n")
    texts = [CLASS.format(name=name, namespace=namespace, rate=rate, spans=SPANS) for name, rate in RATES.items()]
    config = f"{SMALL}, daemonset: {{manage: true}}, exporters: {{{EXPORTERS}}}"
    parts = rendered_texts(tmp_path / "p", texts, config).split("---\n")
    jobs = [part for part in parts if yaml.safe_load(part)["kind"] == "Job"]
    assert len(jobs) == len(RATES)
    # A Job lives for less time than its SDK takes to ask again for a Service that it did not find.
    cluster.apply("---\n".join(part for part in parts if part not in jobs))
    cluster.rolled_out("daemonset/oaas-otel-collector", "oaas-system")
    cluster.apply("---\n".join(jobs))
    for name in RATES:
        cluster.told(namespace, "wait", "--for=condition=Complete", f"job/{name}", "--timeout=90s")

    def counted() -> dict[str, list[dict[str, Any]]] | None:
        found: dict[str, list[dict[str, Any]]] = {}
        for entry in cluster.sink().traces:
            if attributes(entry).get("service.namespace") == namespace:
                found.setdefault(attributes(entry)["oaas.class"], []).append(entry)
        return found if spans_of(found.get("loud", [])) == SPANS and "quiet" in found else None

    before = until(counted, lambda: f"not every span has arrived\n{cluster.describe(namespace)}")
    # What the second class sent last may be under way: it is all there once nothing more comes.
    found = until(lambda: again if (again := counted()) == before else None, lambda: "spans arrive without an end")
    assert "silent" not in found
    share = spans_of(found["quiet"]) / SPANS
    assert abs(share - RATES["quiet"]) < 4 * sqrt(RATES["quiet"] * (1 - RATES["quiet"]) / SPANS)
    for name, entries in found.items():
        (pod,) = cluster.get("pods", namespace, f"--selector=job-name={name}")
        for entry in entries:
            of = attributes(entry)
            assert of["oaas.class"] == of["deployment.name"] == name
            assert of["service.name"] == f"{name}-function"
            assert of["oaas.function_key"] == f"{name}-key"
            assert of["k8s.pod.name"] == pod["metadata"]["name"]
            assert of["k8s.pod.uid"] == pod["metadata"]["uid"]


def spans_of(entries: list[dict[str, Any]]) -> int:
    return sum(len(scope["spans"]) for entry in entries for scope in entry["scopeSpans"])
