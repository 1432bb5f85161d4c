"""Every generated manifest and every pod with a sidecar is accepted by the schemas of the oldest and newest Kubernetes.
Kubernetes.

`kubernetes-validate` brings them; strict, so that a field that is not there is an error.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.config.settings import OaasClass, Settings
from tests.support.collector import class_and_settings, node_collectors_and_settings
from tests.support.own_config import OWN_CONFIGS, settings_with
from tests.tools.rendered import everything

NATIVE_SIDECARS = "1.29"
HASH = re.compile(r"(?<=otel-config-hash: )\S+")


def versions() -> list[str]:
    """The oldest and the newest Kubernetes whose schemas there are."""
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    found = {tuple(map(int, path.name[1:].split("-")[0].split(".")[:2])) for path in folder.iterdir() if path.is_dir()}
    return [".".join(map(str, version)) for version in (min(found), max(found))]


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """(oldest Kubernetes, manifest) of everything that is generated, and of pods with a sidecar. Doubles go."""
    seen = set()
    oldest, _ = versions()
    for _, oaas_class, settings in everything():
        found = [(oldest, asset.data) for asset in assets(oaas_class, settings)]
        managed = settings.collector
        assert managed is not None
        if managed.mode.value == "sidecar":
            found.append((NATIVE_SIDECARS, pod(oaas_class, settings, knative=False)))
            found.append((oldest, pod(oaas_class, settings, knative=True)))
        for version, data in found:
            shape = HASH.sub("", yaml.safe_dump({**data, "data": None}))
            if shape not in seen:
                seen.add(shape)
                yield version, data


def pod(oaas_class: OaasClass, settings: Settings, *, knative: bool) -> dict[str, Any]:
    """A pod with the sidecar in it."""
    beside = sidecar(oaas_class, settings, knative)
    spec: dict[str, Any] = {"containers": [{"name": "function", "image": "i:1"}], "volumes": list(beside.volumes)}
    spec.setdefault("initContainers" if beside.native else "containers", []).append(beside.container)
    metadata = {"name": "echo", "annotations": beside.annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("version", versions())
def test_manifests_that_follow_a_config_of_the_users_are_valid(version: str) -> None:
    for own in OWN_CONFIGS:
        for mode in own.modes:
            for asset in () if own.expected else assets(*settings_with(own, mode)):
                kubernetes_validate.validate(asset.data, version, strict=True)


OPTIONS = """
collector:
  autoscaling: {min_replicas: 2, max_replicas: 4}
  queue: {persistent: true, size_limit: 1Gi}
  resources: {requests: {cpu: 0.5, ephemeral_storage: 1Gi}}
  env: {TOKEN: {secret: s, key: k}}
  service_account: {annotations: {a: b}}
  network_policy:
    mesh: linkerd
    scrapers: [{namespace_labels: {a: b}, pod_labels: {c: d}}]
  pod:
    image_pull_secrets: [pull]
    tolerations: [{key: infra, operator: Exists}]
    node_selector: {pool: infra}
    affinity: {podAntiAffinity: {}}
    priority_class_name: high
    labels: {team: core}
    annotations: {a: b}
    security_context: {fsGroup: 1}
"""


def test_kubernetes_accepts_every_manifest() -> None:
    oldest, newest = versions()
    found = [
        *objects(),
        *((oldest, a.data) for a in assets(*class_and_settings("collector: {mode: deployment}", OPTIONS))),
    ]
    nodes = node_collectors_and_settings(OPTIONS.replace("collector:", "collector:\n  daemonset: {manage: true}"))
    found += ((oldest, asset.data) for asset in assets(*nodes))
    assert len(found) > 50
    for first, data in found:
        for version in (first, newest):
            kubernetes_validate.validate(data, version, strict=True)


def test_the_schemas_would_notice() -> None:
    """A field that is not there is an error: the check above can fail."""
    data = copy.deepcopy(assets(*class_and_settings("collector: {mode: deployment}"))[1].data)
    data["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(data, versions()[1], strict=True)
