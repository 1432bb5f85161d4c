"""kustomize's `generators:`: the function config alone, which kustomize puts among the items itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.run import Outcome, Source, run

FUNCTION = {"config.kubernetes.io/function": "exec: {path: krm-otel}", "config.kubernetes.io/local-config": "true"}
KUSTOMIZES = {"config.kubernetes.io/index": "0", "internal.config.kubernetes.io/index": "0", "config.k8s.io/id": "1"}
"""What kustomize v5.8.2 writes into the item, beside what the config has."""


def given(mode: str = "sidecar", **annotations: str) -> dict[str, Any]:
    collector = {"mode": mode, "exporters": {"traces": "http://tempo:4317", "metrics": "http://tempo:4317"}}
    return {
        "apiVersion": "oaas.io/v1alpha1",
        "kind": "ClassRuntime",
        "metadata": {"name": "cart", "annotations": {**FUNCTION, **annotations}},
        "spec": {
            "observability": {"enabled": True, "telemetry": {"propagators": ["w3c"]}, "collector": collector},
        },
    }


def answered(items: list[dict[str, Any]], config: dict[str, Any]) -> Outcome:
    resource_list = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    return run([Source(yaml.safe_dump({**resource_list, "functionConfig": config}).encode())], {})


def items_of(outcome: Outcome) -> list[dict[str, Any]]:
    (text,) = outcome.texts
    assert text is not None
    found: list[dict[str, Any]] = yaml.safe_load(text)["items"]
    return found


def names_of(outcome: Outcome) -> list[str]:
    return [f"{one['kind']}/{one['metadata']['name']}" for one in items_of(outcome)]


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("sidecar", ["ConfigMap/cart-otel-config"]),
        (
            "deployment",
            [
                "ConfigMap/cart-otel-config",
                "Deployment/cart-otel-collector",
                "NetworkPolicy/cart-otel-collector",
                "Service/cart-otel-collector",
                "ServiceAccount/cart-otel-collector",
            ],
        ),
        ("external", []),
    ],
)
def test_a_generator_returns_the_objects_of_a_class_without_the_class(mode: str, names: list[str]) -> None:
    """Missing workloads are not reported, since a generator never gets them. A second run changes nothing."""
    config = given(mode)
    if mode == "external":
        config["spec"]["observability"]["collector"] = {"mode": mode, "endpoint": "http://tempo:4317"}
    outcome = answered([given(mode, **KUSTOMIZES)], config)
    assert names_of(outcome) == names
    assert not [result for result in outcome.results if result.severity != "info"]
    assert items_of(answered(items_of(outcome), config)) == items_of(outcome)


@pytest.mark.parametrize("path", ["config.kubernetes.io/path", "internal.config.kubernetes.io/path"])
def test_a_class_in_a_file_of_a_package_stays(path: str) -> None:
    """kpt has the function config among the items, too, and deletes a file whose item does not come back."""
    found = names_of(answered([given("sidecar", **{path: "class.yaml"})], given()))
    assert found == ["ClassRuntime/cart"]


def test_a_transformer_keeps_the_class() -> None:
    """With anything else among the items there is no generator."""
    other = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other"}}
    assert names_of(answered([given(**KUSTOMIZES), other], given())) == ["ClassRuntime/cart", "Secret/other"]


def test_a_config_without_the_function_annotation_stays() -> None:
    plain = given()
    del plain["metadata"]["annotations"]
    assert names_of(answered([plain], plain)) == ["ClassRuntime/cart"]


def test_an_error_leaves_the_items_unchanged() -> None:
    broken = given()
    broken["spec"]["observability"]["telemetry"]["sampling_rat"] = 1
    outcome = answered([broken], broken)
    assert outcome.exit_code == 1
    assert names_of(outcome) == ["ClassRuntime/cart"]
