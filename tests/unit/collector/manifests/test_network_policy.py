"""Who may send to which collector, in packages as they are rendered: what is claimed of each mode.

Policies are evaluated (`policies`), since no network here enforces them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from krm_otel.collector.addresses import HEALTH_PORT, METRICS_PORT, SCRAPE_PORT
from krm_otel.collector.manifests.network import MESH_PORTS
from krm_otel.otlp import PORTS
from tests.support.configuration import otel_config
from tests.support.laws import function
from tests.unit.collector.manifests.cluster_network import Network, Pod, pods

OTLP = frozenset(PORTS.values())
TUNNELS = frozenset(MESH_PORTS.values())
EVERY = (*OTLP, METRICS_PORT, SCRAPE_PORT, HEALTH_PORT, *TUNNELS)
LONG = "a" * 60
"""Classes called so and something more share what fits into a label."""

CONFIG = """
telemetry: {{propagators: [w3c]}}
collector: {{exporters: {{traces: debug, metrics: {metrics}}}, {collector}}}
"""
CLASS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{observability: {{enabled: true}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}-deployment, namespace: {namespace}, annotations: {{oaas.io/class-runtime: {name}}}}}
spec: {{template: {{metadata: {{labels: {{app: x}}}}, spec: {{containers: [{{name: function, image: acme/x}}]}}}}}}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {{name: {name}-knative, namespace: {namespace}, annotations: {{oaas.io/class-runtime: {name}}}}}
spec: {{template: {{spec: {{containers: [{{image: acme/x}}]}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}-out, namespace: {namespace}, annotations: {{oaas.io/class-runtime: {name}}}}}
spec:
  template:
    metadata: {{annotations: {{oaas.io/otel-inject: "false"}}}}
    spec: {{containers: [{{name: function, image: acme/x}}]}}
"""
STRANGERS = {
    "shop/stranger": Pod("shop", {"app": "x"}),
    "lab/stranger": Pod("lab", {"app": "x"}),
    "monitoring/prometheus": Pod("monitoring", {"app": "prometheus"}),
    "monitoring/other": Pod("monitoring", {"app": "other"}),
    "lab/prometheus": Pod("lab", {"app": "prometheus"}),
}


def rendered(collector: str, *classes: tuple[str, str], metrics: str = "debug") -> list[dict[str, Any]]:
    """The objects of a package with these classes, given as (namespace, name)."""
    texts = [otel_config(CONFIG.format(collector=collector, metrics=metrics))]
    texts += [CLASS.format(namespace=namespace, name=name) for namespace, name in classes]
    out, outcome = function("---".join(texts).encode())
    assert outcome.exit_code == 0, [result.line() for result in outcome.results]
    return [one for one in yaml.safe_load_all(out) if one]


def access(objects: list[dict[str, Any]], collector: str) -> dict[str, set[int]]:
    """Who reaches which ports of a collector's pod; who reaches none is left out."""
    there = pods(objects)
    target, sources = there[collector], {name: pod for name, pod in there.items() if name != collector} | STRANGERS
    policies = tuple(one for one in objects if one["kind"] == "NetworkPolicy")
    assert policies
    network = Network(policies, {})
    found = {name: {port for port in EVERY if network.lets(pod, target, port)} for name, pod in sources.items()}
    return {name: reached for name, reached in found.items() if reached}


def own(namespace: str, name: str, ports: frozenset[int] = OTLP) -> dict[str, set[int]]:
    """The pods of a class that are instrumented, and what they may reach."""
    return {f"{namespace}/{name}-{kind}": set(ports) for kind in ("deployment", "knative")}


PAIRS = [
    [("shop", "cart"), ("shop", "order")],  # one namespace
    [("shop", "cart"), ("lab", "order")],  # two
    [("shop", "cart"), ("lab", "cart")],  # two classes of one name
]


@pytest.mark.parametrize("classes", PAIRS)
def test_pods_of_another_class_do_not_reach_the_collector_of_this_one(classes: list[tuple[str, str]]) -> None:
    """Nor do pods that opted out or have no class: OTLP is for the class's own pods, other ports are for no pod."""
    objects = rendered("mode: deployment", *classes)
    for namespace, name in classes:
        assert access(objects, f"{namespace}/{name}-otel-collector") == own(namespace, name)


def test_long_names_that_are_cut_are_still_two_classes() -> None:
    objects = rendered("mode: deployment", ("shop", f"{LONG}-one"), ("shop", f"{LONG}-two"))
    collectors = [name for name in pods(objects) if name.endswith("-otel-collector")]
    assert len(collectors) == 2
    seen = [access(objects, collector).keys() for collector in collectors]
    assert sorted(map(sorted, seen)) == [sorted(own("shop", f"{LONG}-{which}")) for which in ("one", "two")]


@pytest.mark.parametrize("metrics", ["debug", "prometheus-scrape"])
def test_scrapers_reach_metrics_and_nothing_else(metrics: str) -> None:
    """Those that are named, with labels of namespace and pod both right."""
    scrapers = (
        "[{namespace_labels: {kubernetes.io/metadata.name: monitoring}, pod_labels: {app: prometheus}},"
        " {pod_labels: {app: x}}]"
    )
    policy = f"mode: deployment, network_policy: {{scrapers: {scrapers}}}"
    objects = rendered(policy, ("shop", "cart"), ("lab", "order"), metrics=metrics)
    fetched = {METRICS_PORT} | ({SCRAPE_PORT} if metrics == "prometheus-scrape" else set())
    assert access(objects, "shop/cart-otel-collector") == {
        **own("shop", "cart"),
        "shop/cart-deployment": OTLP | fetched,  # it has the label app: x as well
        "shop/stranger": fetched,  # a scraper without namespace_labels is of the collector's own namespace
        "monitoring/prometheus": fetched,
    }


@pytest.mark.parametrize("mesh", MESH_PORTS)
def test_a_mesh_opens_its_tunnel_to_the_same_pods_only(mesh: str) -> None:
    """A policy does not see traffic in the tunnel: a pod that reaches its port reaches every port behind it."""
    scrapers = "[{namespace_labels: {kubernetes.io/metadata.name: monitoring}, pod_labels: {app: prometheus}}]"
    policy = f"mode: deployment, network_policy: {{mesh: {mesh}, scrapers: {scrapers}}}"
    objects = rendered(policy, ("shop", "cart"), ("shop", "order"))
    tunnel = MESH_PORTS[mesh]
    for name in ("cart", "order"):
        assert access(objects, f"shop/{name}-otel-collector") == {
            **own("shop", name, OTLP | {tunnel}),
            "monitoring/prometheus": {METRICS_PORT, tunnel},
        }


def test_the_collector_of_a_node_accepts_every_class_and_no_other_pod() -> None:
    """Classes are not kept apart there: docs/collector.md says so."""
    objects = rendered("mode: daemonset, daemonset: {manage: true}", ("shop", "cart"), ("lab", "order"))
    assert access(objects, "oaas-system/oaas-otel-collector") == {**own("shop", "cart"), **own("lab", "order")}


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_the_second_tier_takes_the_first_tier_of_its_class_only(mode: str) -> None:
    """Sidecars send from the pods of the class; with a Deployment, only the first tier sends."""
    objects = rendered(
        f"mode: {mode}, gateway: {{}}, tail_sampling: {{}}", ("shop", "cart"), ("shop", "order"), ("lab", "cart")
    )
    for namespace, name in (("shop", "cart"), ("shop", "order"), ("lab", "cart")):
        found = access(objects, f"{namespace}/{name}-otel-gateway")
        reached = set().union(*found.values())
        assert reached <= OTLP
        first = f"{namespace}/{name}-otel-collector"
        assert found == ({first: reached} if mode == "deployment" else own(namespace, name, frozenset(reached)))


def test_without_the_policy_every_pod_has_access() -> None:
    """The evaluation is of the policy, not of luck."""
    objects = rendered("mode: deployment", ("shop", "cart"))
    there = pods(objects)
    assert all(
        Network((), {}).lets(pod, there["shop/cart-otel-collector"], port)
        for pod in STRANGERS.values()
        for port in EVERY
    )


def addresses(at: object) -> Iterator[str]:
    if isinstance(at, Mapping):
        for key, value in at.items():
            if key == "endpoint":
                yield str(value)
            else:
                yield from addresses(value)


def test_a_sidecar_listens_only_on_loopback() -> None:
    """It needs no policy, and has none: its receivers are on the loopback, which no other pod reaches."""
    objects = rendered("mode: sidecar", ("shop", "cart"), ("shop", "order"))
    assert {one["kind"] for one in objects} == {"OTelConfig", "ClassRuntime", "Deployment", "Service", "ConfigMap"}
    configs = [one["data"]["collector.yaml"] for one in objects if one["kind"] == "ConfigMap"]
    assert len(configs) == 2
    for text in configs:
        receivers = yaml.safe_load(text)["receivers"]
        assert sorted(addresses(receivers)) == [f"127.0.0.1:{port}" for port in sorted(OTLP)]
