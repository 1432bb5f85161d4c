"""What is generated for every class of the matrix, and what its containers find at run time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.collector.tiers import tiers as tiers_of
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.dataclass import replace
from tests.support.collector import class_and_settings, node_collectors_and_settings
from tests.tools.matrix import Case, cases

SECRET: Final = "canary-5f1c"
"""The value of every Secret."""


@cache
def everything() -> tuple[tuple[Case, OaasClass, Settings], ...]:
    return tuple(
        (
            case,
            *(
                class_and_settings(case.block, case.spec, namespace=case.namespace)
                if case.block
                else node_collectors_and_settings(case.spec)
            ),
        )
        for case in cases()
    )


def tiers(oaas_class: OaasClass, settings: Settings) -> Iterator[Settings]:
    """The collectors of a class: what SDKs send to, and its gateway."""
    return (replace(settings, collector=tier.collector) for tier in tiers_of(oaas_class, settings))


def config_of(oaas_class: OaasClass, settings: Settings) -> str:
    """The text in the ConfigMap."""
    data = assets(oaas_class, settings)[0].data["data"]
    (text,) = data.values()
    assert isinstance(text, str)
    return text


def container_of(oaas_class: OaasClass, settings: Settings) -> dict[str, Any]:
    managed = settings.collector
    assert managed is not None
    if managed.mode.value == "sidecar":
        return sidecar(oaas_class, settings, knative=False).container
    template, *_ = (asset.data["spec"]["template"] for asset in assets(oaas_class, settings) if has_pods(asset.data))
    found: dict[str, Any] = template["spec"]["containers"][0]
    return found


def has_pods(data: dict[str, Any]) -> bool:
    return data["kind"] in ("Deployment", "DaemonSet")


def environment(container: dict[str, Any]) -> dict[str, str]:
    """What the kubelet would set; nothing else of this machine's gets in."""
    known = {
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
        "metadata.namespace": "demo",
        "metadata.name": "basic",  # a verbosity, too, where a config needs one that is in a variable
        "spec.nodeName": "node-1",
    }
    found = {"PATH": os.environ["PATH"]}
    for entry in container["env"]:
        source = entry.get("valueFrom", {})
        field = source.get("fieldRef", {}).get("fieldPath")
        found[entry["name"]] = entry["value"] if "value" in entry else known[field] if field else SECRET
    return found
