"""Upstream's own services get telemetry that works: their double (tools/go/oaasrs) in every mode and stage.

It reads the variables that those services read, as they read them, and nothing else. Its environment is what krm-otel
renders for an object store and for a gateway; the collectors that are rendered for them run here, with the addresses of
this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.docs import table, text_of, ticked
from tests.support.kubelet import POD_FIELDS, environment
from tests.support.otelcol import Received, attributes, received
from tests.tools.backend import Collector, end_config, on_this_machine
from tests.tools.function import FUNCTION
from tests.tools.ports import FREE
from tools.build import require

MANIFESTS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: record, namespace: shop}
spec: {package_class_key: example.Record, observability: {enabled: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: record-odgm, namespace: shop}
spec: {template: {spec: {containers: [{name: odgm, image: "ghcr.io/pawissanutt/oaas-rs/odgm:1"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: oaas-gateway, namespace: shop, labels: {app: gateway, platform: oaas}}
spec: {template: {spec: {containers: [{name: gateway, image: "ghcr.io/pawissanutt/oaas-rs/gateway:1"}]}}}
"""
WORKLOADS = {"odgm": "record-odgm", "gateway": "oaas-gateway"}
CASES = [
    ("sidecar", "sdk"),
    ("sidecar", "collector"),
    ("deployment", "sdk"),
    ("deployment", "collector"),
    ("deployment", "both"),
    ("daemonset", "sdk"),
    ("external", "sdk"),
]
RATE = 0.1
TRACES = 20_000
DEFAULT = {"traces": True, "metrics": True, "logs": False}
PARENTS = 500
"""Spans below a parent that is sampled, and below one that is not."""


@dataclass(frozen=True)
class Found:
    """What became of one run.

    Attributes:
        report: what the double says of itself.
        names: signal → the service names under which it arrived.
        spans: name → how many arrived.
        resources: the attributes of what arrived.
    """

    report: Mapping[str, Any]
    names: Mapping[str, set[str]]
    spans: Counter[str]
    resources: Sequence[Mapping[str, str]] = field(default_factory=tuple)


def measured(
    folder: Path,
    mode: str,
    stage: str,
    *,
    service: str = "odgm",
    rate: float = RATE,
    protocol: str = "grpc",
    switches: Mapping[str, bool] = DEFAULT,
) -> Found:
    """Renders the manifests for this mode, and runs a service with what comes out."""
    signals = [signal for signal, on in switches.items() if on]
    with ExitStack() as stack:
        end, file = stack.enter_context(_end(folder, signals))
        ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
        # A collector's exporter has the protocol of the class, where the port does not say another one.
        target = f"http://127.0.0.1:{end[protocol]}"
        collector: dict[str, Any] = {"mode": mode, "sampling_stage": stage}
        if mode == "external":
            collector["endpoint"] = target
        else:
            collector["exporters"] = dict.fromkeys(signals, "end")
            collector["batch"] = {"timeout": "100ms"}
            collector["config"] = on_this_machine(ports)
        if mode == "sidecar":  # its receivers are for the pod only
            local = {protocol: {"endpoint": f"127.0.0.1:{ports[protocol]}"} for protocol in ("grpc", "http")}
            collector["config"]["receivers"]["otlp"]["protocols"] = local
        if mode == "daemonset":
            collector["daemonset"] = {"manage": True}
        spec = {
            "telemetry": {
                "propagators": ["w3c"],
                "sampling_rate": rate,
                "protocol": protocol,
                "attributes": {"k8s": False},
                **switches,
            },
            "collector": collector,
            "backends": {"end": {"type": "otlp", "endpoint": target}},
            "platform": {"preset": "oaas-rs"},
        }
        objects = _rendered(spec)
        env = _environment(objects, WORKLOADS[service])
        if mode != "external":
            # The collectors of all nodes are rendered elsewhere, so their address is the usual one.
            expected = 4317 if mode == "daemonset" else ports["grpc"]
            assert urlsplit(env["OTEL_EXPORTER_OTLP_ENDPOINT"]).port == expected
            env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{ports['grpc']}"
            stack.enter_context(_collector(folder, objects, mode, service, ports["health"]))
        # Nothing may be dropped by the SDK's queue: that would look like sampling.
        more = {"PATH": os.environ["PATH"], "SEED": "158", "OTEL_BSP_MAX_QUEUE_SIZE": str(2 * TRACES)}
        command = [str(require("oaasrs")), service, str(TRACES)]
        done = subprocess.run(command, env={**env, **more}, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
    return _found(json.loads(done.stdout), received(file.read_text() if file.exists() else ""))


def _rendered(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    config = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": spec}
    text = f"{yaml.safe_dump(config)}---{MANIFESTS}"
    done = subprocess.run([FUNCTION], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def _pod(objects: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (one for one in objects if one["metadata"]["name"] == name and "template" in one.get("spec", {}))
    pod: dict[str, Any] = found["spec"]["template"]["spec"]
    return pod


def _environment(objects: Sequence[Mapping[str, Any]], name: str) -> dict[str, str]:
    return environment(_pod(objects, name)["containers"][0], POD_FIELDS, {})


@contextmanager
def _end(folder: Path, signals: Sequence[str]) -> Iterator[tuple[Mapping[str, int], Path]]:
    """Where everything ends up: a collector that takes these signals, and refuses others; its ports and its file."""
    ports, file = {name: next(FREE) for name in ("grpc", "http", "health")}, folder / "received.jsonl"
    config = end_config(ports, file, signals)
    end = Collector(require("otelcol"), folder, "end", config, ports["health"])
    try:
        end.start()
        yield ports, file
        end.stop()
    finally:
        end.end()


@contextmanager
def _collector(
    folder: Path, objects: Sequence[Mapping[str, Any]], mode: str, service: str, health: int
) -> Iterator[None]:
    """The collector that the service sends to, as it was rendered."""
    owner = {"daemonset": "oaas"}.get(mode, "record" if service == "odgm" else "oaas-platform")
    config = next(one for one in objects if one["metadata"]["name"] == f"{owner}-otel-config")
    if mode == "sidecar":
        (container,) = _pod(objects, WORKLOADS[service])["initContainers"]
    else:
        names = (f"{owner}-otel-collector", f"otel-collector-{owner}")
        name = next(
            one["metadata"]["name"]
            for one in objects
            if one["metadata"]["name"] in names and one["kind"] in ("Deployment", "DaemonSet")
        )
        container = _pod(objects, name)["containers"][0]
    env = environment(container, {**POD_FIELDS, "status.podIP": "127.0.0.1"}, {})
    collector = Collector(require("otelcol"), folder, "collector", config["data"]["collector.yaml"], health, env)
    try:
        collector.start()
        yield
        collector.stop()  # it sends what it still has
    finally:
        collector.end()


def _found(report: Mapping[str, Any], arrived: Received) -> Found:
    signals = {"traces": arrived.traces, "metrics": arrived.metrics, "logs": arrived.logs}
    names = {
        signal: {attributes(resource)["service.name"] for resource in resources}
        for signal, resources in signals.items()
    }
    resources = [attributes(resource) for found in signals.values() for resource in found]
    return Found(report, names, Counter(span["name"] for span in arrived.spans()), resources)


def share_of(stage: str) -> float:
    """What is to be kept: the rate where one place samples, its square where both do."""
    return RATE**2 if stage == "both" else RATE


def bound(share: float) -> float:
    """4 standard errors of a share of TRACES."""
    return 4 * sqrt(share * (1 - share) / TRACES)


@pytest.mark.parametrize(("mode", "stage"), CASES)
def test_the_rate_that_is_asked_for_is_the_rate_that_is_kept(tmp_path: Path, mode: str, stage: str) -> None:
    """Within 4 standard errors; a parent's decision is followed where the SDK samples; nothing is refused."""
    found = measured(tmp_path, mode, stage)
    assert found.report["refused"] == {"traces": 0, "metrics": 0, "logs": 0}
    share = share_of(stage)
    assert abs(found.spans["root"] / TRACES - share) < bound(share), found.spans
    assert found.spans["below-dropped"] == 0
    if stage == "sdk":
        assert found.spans["below-sampled"] == PARENTS
    assert found.names == {"traces": {"record-odgm"}, "metrics": {"record-odgm"}, "logs": set()}
    for resource in found.resources:
        assert (resource["oaas.class"], resource["oaas.deployment_id"]) == ("example.Record", "record")


@pytest.mark.parametrize("mode", ["sidecar", "deployment", "external"])
def test_a_component_of_the_platform(tmp_path: Path, mode: str) -> None:
    """A gateway starts most traces: the rate holds there, too, under the name that its code has."""
    found = measured(tmp_path, mode, "sdk", service="gateway")
    assert found.report["refused"] == {"traces": 0, "metrics": 0, "logs": 0}
    assert abs(found.spans["root"] / TRACES - RATE) < bound(RATE), found.spans
    assert found.names == {"traces": {"oprc-gateway"}, "metrics": {"oprc-gateway"}, "logs": set()}


@pytest.mark.parametrize("on", ["traces", "metrics", "logs"])
@pytest.mark.parametrize(("mode", "protocol"), [("sidecar", "grpc"), ("sidecar", "http"), ("external", "grpc")])
def test_only_what_is_on_is_sent(tmp_path: Path, mode: str, protocol: str, on: str) -> None:
    """Each signal alone: what is off is not sent, so nothing is refused. A class that uses HTTP makes no difference."""
    switches = {signal: signal == on for signal in DEFAULT}
    found = measured(tmp_path, mode, "sdk", rate=1.0, protocol=protocol, switches=switches)
    assert found.report["refused"] == {"traces": 0, "metrics": 0, "logs": 0}
    said = {"traces": found.report["spans"], "metrics": found.report["metrics"], "logs": found.report["logs"]}
    assert said == switches
    assert {signal: bool(names) for signal, names in found.names.items()} == switches
    assert found.spans["root"] == (TRACES if on == "traces" else 0)


def test_the_documented_figures_are_of_these_cases() -> None:
    """Every case, as it is measured above, each figure within its bound."""
    found = table(text_of("sdk-profiles.md"), "measured")
    assert [(ticked(mode), ticked(stage)) for mode, stage, *_ in found] == CASES
    for _, stage, expected, kept, within, refused in found:
        share = share_of(ticked(stage))
        assert (expected, within, refused) == (f"{share:.4f}", f"{bound(share):.4f}", "0")
        assert abs(float(kept) - share) < bound(share)
