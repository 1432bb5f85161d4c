"""One trace from the gateway through router and function to the object store, from rendered manifests alone.

Real services (dataplane/) with nothing about telemetry in their manifests, the real collector of each mode, a real
Jaeger that is asked by its API.
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from rich.console import Console

from tests.cluster.endtoend import MODES, Answer, Platform, config, manifests
from tests.cluster.kubernetes import Cluster, until
from tools.containers.podman import ContainerError, dataplane_image
from tools.demo import __main__ as demo
from tools.demo import jaeger
from tools.demo.example import INVOKE, OBJECT, SPANS, load_images
from tools.demo.traces import Span, ordered, svg, tree

RATE = 0.5  # as the example's OTelConfig says
UNDECIDED = 24


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> str:
    """Jaeger's. The services' image is put on the node."""
    try:
        load_images()
    except ContainerError as error:
        pytest.fail(f"`make images` builds {dataplane_image()}: {error}")
    cluster.apply(jaeger.MANIFESTS)
    cluster.rolled_out("deployment/jaeger", jaeger.NAMESPACE)
    (service,) = cluster.get("services", jaeger.NAMESPACE)
    found: str = service["spec"]["clusterIP"]
    return found


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    mode = request.node.callspec.params["mode"] if hasattr(request.node, "callspec") else "knative"
    name = f"e2e-{mode}-{secrets.token_hex(2)}"  # a new one: what arrived from an earlier run is in the sink, too
    for one in (name, *(["oaas-system"] if mode == "daemonset" else ())):
        cluster.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {one}}}\n")
    until(
        lambda: cluster.get("serviceaccounts", name, "--field-selector=metadata.name=default") or None,
        lambda: f"{name} has no account",
    )
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
    if mode == "daemonset":
        cluster.kubectl("delete", "namespace", "oaas-system")  # other tests have one of their own there


def apply(cluster: Cluster, objects: list[dict[str, Any]]) -> None:
    cluster.apply("---\n".join(map(yaml.safe_dump, objects)))


def assert_traces(platform: Platform) -> list[str]:
    """Callers of both forms are continued: one tree of twelve spans, over three services and the router. Those who have
    not decided are asked first, so that what there is of them has come when the others have."""
    undecided = [platform.call("POST", INVOKE, {"b": number}) for number in range(UNDECIDED)]
    w3c, b3, parent = secrets.token_hex(16), secrets.token_hex(16), "b7ad6b7169203331"
    callers = {w3c: {"traceparent": f"00-{w3c}-{parent}-01"}, b3: {"b3": f"{b3}-{parent}-1"}}
    for trace_id, headers in callers.items():
        answer = platform.call("POST", INVOKE, {"b": 2}, {**headers, "x-request-id": f"request-{trace_id[:4]}"})
        assert answer.status == 200, answer
        assert json.loads(answer.body) == {"a": 1, "b": 2}
        assert answer.headers["x-trace-id"] == trace_id
    router = platform.router()
    for trace_id in callers:
        expected = platform.expected()
        spans = platform.trace(trace_id, len(expected))
        assert sorted(platform.got(spans), key=str) == sorted(expected, key=str)
        here = {span.span_id for span in spans}
        assert [span.parent_id for span in spans if span.parent_id not in here] == [parent]
        (root,) = [span for span in spans if span.parent_id not in here]
        assert root.name.startswith("POST /api")
        for span in spans:
            given = platform.attributes[span.service]
            assert span.resource.items() >= given.items(), "the identity is the one that was injected"
            assert span.tags["oaas.request_id"] == f"request-{trace_id[:4]}"
            assert span.tags["oaas.deployment_id"] == "shop"
            assert span.tags["oaas.function_key"] == "record"
        sent = [span for span in spans if span.kind == "client" and "messaging.system" in span.tags]
        assert {span.service for span in sent} == {"gateway", platform.function}
        assert all(json.loads(span.tags["oaas.zenoh.router"]) == [router] for span in sent), "no way round the router"
        assert_shown(spans, router)
    assert_one_decision(platform, undecided)
    return list(callers)


def assert_one_decision(platform: Platform, undecided: list[Answer]) -> None:
    """Without a decision of the caller, the gateway's is everybody's: a trace is there whole, or not at all."""
    assert {answer.status for answer in undecided} == {200}
    ids = [answer.headers["x-trace-id"] for answer in undecided]
    # The specification's: by the low 63 bits. Which ones are kept is known, so nothing is left to luck but the ids.
    kept = {one for one in ids if int(one[16:], 16) < RATE * 2**64}
    assert 0 < len(kept) < UNDECIDED
    expected = sorted(platform.expected(), key=str)
    for trace_id in kept:
        assert sorted(platform.got(platform.trace(trace_id, len(expected))), key=str) == expected
    assert not [one for one in ids if one not in kept and jaeger.trace(platform.jaeger, one)]


def assert_shown(spans: list[Span], router: str) -> None:
    """What `make demo-e2e` prints, and the picture: each span, indented as deep as it is, with the hop."""
    terminal = Console(width=160, file=io.StringIO(), record=True)
    terminal.print(tree(spans))
    _, *lines = terminal.export_text().splitlines()
    assert [line.index(span.service) for line, (_, span) in zip(lines, ordered(spans), strict=True)] == [
        4 * (depth + 1) for depth, _ in ordered(spans)
    ]
    assert sum(f"via router {router[:6]}" in line for line in lines) == 3
    bars = ElementTree.fromstring(svg(spans)).findall("{http://www.w3.org/2000/svg}rect[@rx]")
    assert len(bars) == len(spans)


def assert_signals(platform: Platform, trace_ids: list[str]) -> None:
    """Metrics and logs say the same of who sent them; log records belong to the traces they were written in."""
    got = platform.signals(set(trace_ids))
    for name in platform.names:
        assert got.metrics[name][0].items() >= platform.attributes[name].items()
        assert got.logs[name][0].items() >= platform.attributes[name].items()
    assert "http.server.request.duration" in got.metrics["gateway"][1]
    assert "http.server.request.duration" in got.metrics[platform.function][1]
    assert "messaging.process.duration" in got.metrics["shop-odgm"][1]
    sessions = got.metrics["router"][1]["oaas.zenoh.sessions"]["gauge"]["dataPoints"]
    kinds = {point["attributes"][0]["value"]["stringValue"] for point in sessions}
    assert kinds == {"client"}, "everybody comes through the router"
    for name in (platform.function, "shop-odgm"):
        traced = {record.get("traceId") for record in got.logs[name][1]}
        assert traced >= set(trace_ids), "what is logged in a request says which"


def demonstrate(cluster: Cluster, namespace: str, mode: str, folder: Path) -> None:
    """As `make demo-e2e` does it, on the cluster that runs: with a picture."""
    settings, picture = folder / "otelconfig.yaml", folder / "trace.svg"
    settings.write_text(config(mode))
    try:
        assert demo.main(["--config", str(settings), "--namespace", namespace, "--svg", str(picture)]) == 0
    finally:
        cluster.kubectl("delete", "crd", "classruntimes.oaas.io", "--ignore-not-found")  # others have one of their own
    assert len(ElementTree.parse(picture).findall("{http://www.w3.org/2000/svg}rect[@rx]")) == SPANS


def assert_tree(said: str) -> None:
    """The trace of the demonstration: each span on a line of its own, however long."""
    lines = said.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("trace "))
    assert len([line for line in lines[start:] if "── " in line]) == SPANS
    assert not lines[start + SPANS + 1].startswith(" ")


@pytest.mark.parametrize("mode", MODES)
def test_deployments(
    cluster: Cluster, address: str, namespace: str, mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objects = manifests(namespace, mode)
    injected = {
        entry["value"]
        for one in objects
        if one["kind"] in ("Deployment", "StatefulSet")
        for container in one["spec"]["template"]["spec"]["containers"]
        for entry in container.get("env", ())
        if entry["name"] == "OTEL_SERVICE_NAME"
    }
    assert injected == {"gateway", "router", "shop-function", "shop-odgm", "oprc-pm", "oprc-crm"}
    if mode == "sidecar":
        demonstrate(cluster, namespace, mode, tmp_path)
        assert_tree(capsys.readouterr().out)
    else:
        apply(cluster, objects)
    for one in objects:
        if one["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            metadata = one["metadata"]
            cluster.rolled_out(f"{one['kind'].lower()}/{metadata['name']}", metadata["namespace"])
    platform = Platform(cluster, namespace, "shop-function", address)
    platform.note_attributes()
    platform.answers()
    trace_ids = assert_traces(platform)

    # What is left in the services goes out when they are told to stop; the router first, while all are connected.
    for workloads in (
        ["statefulset/oaas-router"],
        ["deployment/oaas-gateway", "deployment/shop", "deployment/shop-odgm"],
    ):
        cluster.kubectl("delete", *workloads, "--namespace", namespace, "--cascade=foreground")
    assert_signals(platform, trace_ids)


def test_knative(cluster: Cluster, address: str, namespace: str) -> None:
    """The function as a Knative Service, whose sidecar is an ordinary container behind queue-proxy."""
    objects = manifests(namespace, "sidecar", "knative")
    apply(cluster, objects)
    for name in ("deployment/oaas-gateway", "deployment/shop-odgm", "statefulset/oaas-router"):
        cluster.rolled_out(name, namespace)
    cluster.told(namespace, "wait", "--for=create", "revision/shop-00001", "--timeout=60s")
    cluster.told(namespace, "wait", "--for=condition=Ready", "revision/shop-00001", "--timeout=120s")
    platform = Platform(cluster, namespace, "shop-user-container", address)
    platform.note_attributes()
    platform.answers()
    trace_ids = assert_traces(platform)
    assert platform.call("GET", OBJECT).status == 200
    assert_signals(platform, trace_ids)
