"""Collectors that are generated, through the real clients: where the objects land, and that they go again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tools.clients import Kpt, Kustomize, as_function, read_tree, write_kustomization
from tests.tools.function import CAT, FUNCTION, UNINJECT, manifests

CLASS = """apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata:
  name: echo
spec:
  observability:
    enabled: true
    telemetry: {{propagators: [w3c]}}
    collector:
      mode: {mode}
      exporters: {{traces: "http://tempo:4317", metrics: debug}}
"""
WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: echo
  labels: {oaas.io/owner: echo}
spec:
  template:
    spec:
      containers:
      - name: function
        image: acme/echo:1
"""
CONFIG = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": {}}
NAMED = {"Service", "ConfigMap", "Deployment", "NetworkPolicy", "ServiceAccount"}


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_kpt_writes_one_file_beside_the_class(kpt: Kpt, tmp_path: Path, mode: str) -> None:
    """The objects of a class share a file, a second run changes nothing, and uninject removes the file again."""
    package = tmp_path / "package"
    (package / "apps").mkdir(parents=True)
    (package / "apps" / "class.yaml").write_text(CLASS.format(mode=mode))
    (package / "apps" / "workload.yaml").write_text(WORKLOAD)
    kpt.eval(package, CAT).ok()
    plain = read_tree(package)
    kpt.eval(package, [FUNCTION]).ok()
    first = read_tree(package)
    assert first.keys() - plain.keys() == {"apps/echo-otel.yaml"}
    assert first["apps/class.yaml"] == plain["apps/class.yaml"]
    kpt.eval(package, [FUNCTION]).ok()
    assert read_tree(package) == first
    kpt.eval(package, UNINJECT).ok()
    assert read_tree(package) == plain


def deployed(folder: Path) -> Path:
    """A package whose class has a collector behind a Service, rendered once."""
    (folder / "apps").mkdir(parents=True)
    (folder / "apps" / "class.yaml").write_text(CLASS.format(mode="deployment"))
    (folder / "apps" / "workload.yaml").write_text(WORKLOAD)
    return folder


@pytest.mark.parametrize("replicas", [1, 2], ids=["unchanged", "changed"])
def test_kpt_leaves_generated_objects_where_somebody_moved_them(kpt: Kpt, tmp_path: Path, replicas: int) -> None:
    """One file for all, and one object in a file of yours: later runs bring them up to date there."""
    package = deployed(tmp_path / "package")
    kpt.eval(package, [FUNCTION]).ok()
    generated = package / "apps" / "echo-otel.yaml"
    *others, last = generated.read_text().split("---\n")
    generated.unlink()
    (package / "collectors").mkdir()
    (package / "collectors" / "echo.yaml").write_text("---\n".join(others))
    (package / "apps" / "workload.yaml").write_text(f"{(package / 'apps' / 'workload.yaml').read_text()}---\n{last}")
    moved = read_tree(package)
    config = {**CONFIG, "spec": {"collector": {"replicas": replicas}}}
    (tmp_path / "otel.yaml").write_text(as_function(config, [FUNCTION]))
    kpt.eval(package, [FUNCTION], config=tmp_path / "otel.yaml").ok()
    after = read_tree(package)
    # Two replicas bring a budget, and that is the only thing that comes.
    assert after.keys() - moved.keys() == ({"apps/echo-otel.yaml"} if replicas == 2 else set())
    if replicas == 1:
        assert after == moved
    else:
        assert [one["kind"] for one in manifests(after["apps/echo-otel.yaml"])] == ["PodDisruptionBudget"]
        assert b"replicas: 2" in after["collectors/echo.yaml"] + after["apps/workload.yaml"]


@pytest.mark.parametrize("flags", [["--match-kind", "ClassRuntime"], ["--exclude-kind", "Service"]], ids=" ".join)
def test_what_a_selector_hides_comes_twice_and_goes_again(kpt: Kpt, tmp_path: Path, flags: list[str]) -> None:
    """As the guide says: nobody can tell what was not selected from what is not there."""
    package = deployed(tmp_path / "package")
    kpt.eval(package, [FUNCTION]).ok()
    (package / "apps" / "echo-otel.yaml").rename(package / "collector.yaml")
    once = read_tree(package)
    kpt.eval(package, [FUNCTION], flags=flags).ok()
    assert read_tree(package).keys() - once.keys() == {"apps/echo-otel.yaml"}
    kpt.eval(package, [FUNCTION]).ok()
    assert {kind: count for kind, count in counted(package).items() if count > 1 and kind != "Deployment"} == {}


def counted(package: Path) -> dict[str, int]:
    kinds = [one["kind"] for data in read_tree(package).values() for one in manifests(data)]
    return {kind: kinds.count(kind) for kind in kinds}


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_kustomize_names_fit_each_other(kustomize: Kustomize, tmp_path: Path, mode: str) -> None:
    """Under a prefix, in another namespace, every name that a workload refers to is that of an object in the build."""
    (tmp_path / "class.yaml").write_text(CLASS.format(mode=mode))
    (tmp_path / "workload.yaml").write_text(WORKLOAD)
    (tmp_path / "otel.yaml").write_text(as_function(CONFIG, [FUNCTION]))
    write_kustomization(
        tmp_path,
        resources=["class.yaml", "workload.yaml"],
        transformers=["otel.yaml"],
        namePrefix="eu-",
        namespace="shop-eu",
    )
    found = manifests(kustomize.build(tmp_path).ok().stdout)
    names = {(one["kind"], one["metadata"]["name"]) for one in found if one["kind"] in NAMED}
    assert all(one["metadata"]["namespace"] == "shop-eu" for one in found)
    [workload] = [one for one in found if (one["kind"], one["metadata"]["name"]) == ("Deployment", "eu-echo")]
    pod: dict[str, Any] = workload["spec"]["template"]["spec"]
    endpoint = next(e["value"] for e in pod["containers"][0]["env"] if e["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT")
    if mode == "deployment":
        assert ("Service", endpoint.removeprefix("http://").removesuffix(":4317")) in names
        assert ("ConfigMap", "eu-echo-otel-config") in names
    else:
        assert endpoint == "http://127.0.0.1:4317"
        assert {("ConfigMap", volume["configMap"]["name"]) for volume in pod["volumes"]} <= names
