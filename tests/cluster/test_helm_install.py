"""`helm install` of charts with upstream's shapes, with krm-otel as post-renderer, on the real API server.

The charts write the namespace of the release in some objects only (tests/tools/data/oaas-rs). Whatever the mode is,
every object is accepted once, and each workload has what it is to have. No pod runs: what is asked is what the server
holds.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.kubernetes import Cluster
from tests.tools.function import FUNCTION, injected
from tools.build import require
from tools.cluster.cluster import KUBECONFIG, inside

CHART = Path(__file__).parents[1] / "tools" / "data" / "oaas-rs"
CLASS = "record-x7k2p9qa"
MODES: dict[str, dict[str, Any]] = {
    "sidecar": {"mode": "sidecar"},
    "deployment": {"mode": "deployment", "replicas": 2},
    "gateway": {"mode": "deployment", "replicas": 2, "tail_sampling": {}, "gateway": {"replicas": 2}},
    "daemonset": {"mode": "daemonset", "daemonset": {"manage": True, "namespace": "helm-daemonset"}},
    "external": {"mode": "external", "endpoint": "http://otel.observability:4317"},
}
INSTRUMENTED = {
    f"Deployment/{CLASS}-fn-0": "example.Record-example.Record.new",
    f"Deployment/{CLASS}-fn-1": "example.Record-example.Record.random",
    f"Deployment/{CLASS}-odgm": "example.Record-odgm",
    "Deployment/oaas-gateway": "oprc-gateway",
    "Deployment/oaas-crm": "oprc-crm",
    "Deployment/oaas-pm": "oprc-pm",
}
LEFT_ALONE = {"StatefulSet/oaas-router", "StatefulSet/oaas-pm-etcd", "Deployment/oaas-compiler"}
KINDS = "deployments,statefulsets,daemonsets,configmaps,services,serviceaccounts,networkpolicies,poddisruptionbudgets"


@pytest.fixture(scope="module", autouse=True)
def definition(cluster: Cluster) -> Iterator[None]:
    cluster.apply(subprocess.run([FUNCTION, "crd"], capture_output=True, text=True, check=True).stdout)
    cluster.established("classruntimes.oaas.io")
    yield
    cluster.kubectl("delete", "crd", "classruntimes.oaas.io")


def helm(version: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    homes = [f"HELM_{kind}_HOME={folder / kind.lower()}" for kind in ("DATA", "CONFIG", "CACHE")]
    command = ["env", *homes, f"KUBECONFIG={KUBECONFIG}", str(require(f"helm{version}")), *arguments]
    return subprocess.run(inside(*command), capture_output=True, text=True, check=False, cwd=folder)


def post_renderer(version: int, folder: Path) -> list[str]:
    """The options for krm-otel with the OTelConfig of this folder."""
    config = str(folder / "otelconfig.yaml")
    if version == 3:
        arguments = ("render", "-", "-c", config)
        return ["--post-renderer", str(FUNCTION), *(f"--post-renderer-args={one}" for one in arguments)]
    plugin = folder / "plugin"
    plugin.mkdir()
    about = {
        "apiVersion": "v1",
        "type": "postrenderer/v1",
        "name": "krm-otel",
        "version": "0.1.0",
        "runtime": "subprocess",
        "runtimeConfig": {
            "platformCommand": [{"command": str(FUNCTION), "args": ["render", "-"]}],
        },
    }
    (plugin / "plugin.yaml").write_text(yaml.safe_dump(about))
    done = helm(version, folder, "plugin", "install", str(plugin))
    assert done.returncode == 0, done.stderr
    return ["--post-renderer", "krm-otel", "--post-renderer-args=-c", f"--post-renderer-args={config}"]


@pytest.mark.parametrize(("mode", "version"), [*((mode, 3) for mode in MODES), ("deployment", 4)])
def test_upstreams_charts_install(cluster: Cluster, tmp_path: Path, mode: str, version: int) -> None:
    namespace = f"helm-{mode}" if version == 3 else f"helm{version}-{mode}"
    managed = {} if mode == "external" else {"exporters": {"traces": "debug", "metrics": "debug"}}
    spec = {
        "telemetry": {"propagators": ["w3c"], "service_name_template": "{class_key}-{function_key}"},
        "collector": {**managed, **MODES[mode]},
        "platform": {"preset": "oaas-rs"},
        "classes": {CLASS: {"enabled": True}},
    }
    config = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": spec}
    (tmp_path / "otelconfig.yaml").write_text(yaml.safe_dump(config))
    options = post_renderer(version, tmp_path)
    release = ("oaas", str(CHART), "--namespace", namespace)
    # What an earlier test applied to the whole cluster belongs to no release, and Helm refuses to take it over.
    mine = ("--selector", "app.kubernetes.io/managed-by=krm-otel")
    cluster.kubectl("delete", "clusterroles,clusterrolebindings", *mine)
    done = helm(version, tmp_path, "install", *release, "--create-namespace", *options)
    assert done.returncode == 0, done.stderr
    try:
        live = cluster.get(KINDS, namespace)
        env = injected(live)
        assert {name for name, containers in env.items() if containers} >= INSTRUMENTED.keys()
        assert not any(env[name] for name in LEFT_ALONE)
        assert {name: service_name(live, name) for name in INSTRUMENTED} == INSTRUMENTED
        again = helm(version, tmp_path, "upgrade", *release, *options)
        assert again.returncode == 0, again.stderr
        generations = {key(one): one["metadata"].get("generation") for one in cluster.get(KINDS, namespace)}
        assert generations == {key(one): one["metadata"].get("generation") for one in live}
    finally:
        helm(version, tmp_path, "uninstall", "oaas", "--namespace", namespace)
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def key(data: dict[str, Any]) -> str:
    return f"{data['kind']}/{data['metadata']['name']}"


def service_name(live: list[dict[str, Any]], name: str) -> str:
    (workload,) = (one for one in live if key(one) == name)
    (container, *_) = workload["spec"]["template"]["spec"]["containers"]
    return next(str(entry["value"]) for entry in container["env"] if entry["name"] == "OTEL_SERVICE_NAME")
