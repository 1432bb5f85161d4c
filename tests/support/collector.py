"""Classes with managed collectors, as short texts."""

from __future__ import annotations

from typing import Any

from krm_otel.collector.config.build import build_config
from krm_otel.collector.tiers import Tier, tiers
from krm_otel.config.settings import OaasClass, Settings
from tests.support.configuration import observability, otel_config, resolved


def class_and_settings(
    block: str = "", config: str | None = None, name: str = "echo", namespace: str = "demo"
) -> tuple[OaasClass, Settings]:
    """A class that is on and without faults, and its settings."""
    text = observability("enabled: true\n" + block, name=name, namespace=namespace)
    if not namespace:
        text = text.replace("  namespace: \n", "")
    configuration, results = resolved([text], otel_config(config) if config else None)
    assert [r.line() for r in results if r.severity == "error"] == []
    (found,) = configuration.classes
    assert found.settings is not None
    return found, found.settings


def node_collectors_and_settings(config: str) -> tuple[OaasClass, Settings]:
    """The pseudo-class of mode daemonset, and its settings."""
    configuration, results = resolved([], otel_config(config))
    assert [r.line() for r in results if r.severity == "error"] == []
    found = configuration.node_collectors
    assert found is not None and found.settings is not None
    return found, found.settings


def first_tier(found: tuple[OaasClass, Settings]) -> Tier:
    """The collector that the SDKs of a class send to."""
    return tiers(*found)[0]


def config_of(found: tuple[OaasClass, Settings]) -> dict[str, Any]:
    """The config of that collector."""
    return build_config(first_tier(found))
