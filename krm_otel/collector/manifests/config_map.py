"""The ConfigMap with the collector's config."""

from __future__ import annotations

from typing import Final

from krm_otel import names
from krm_otel.collector.config.build import build_config
from krm_otel.collector.manifests.objects import Asset, new_object
from krm_otel.collector.naming import CONFIG_KEY
from krm_otel.collector.tiers import Tier
from krm_otel.krm.digest import sha256_hex
from krm_otel.yamltext.emit import block

_HASH: Final = 16


def config_map(tier: Tier) -> Asset:
    """The collector's config."""
    data = new_object(tier.oaas_class, "v1", "ConfigMap", tier.config_name, tier.name, substitute=False)
    data["data"] = {CONFIG_KEY: config_text(tier)}
    name = "second tier" if tier.collector.second_tier else "collector"
    return Asset(data, f"config of the {name} of class {tier.oaas_class.name}")


def config_text(tier: Tier) -> str:
    """The text of the config in the ConfigMap."""
    return "\n".join(block(build_config(tier), 2)) + "\n"


def template_annotations(tier: Tier) -> dict[str, str]:
    """A hash of the config for a pod template: the pods that read the config roll when it changes, and no others."""
    return {names.A_CONFIG_HASH: sha256_hex(config_text(tier).encode())[:_HASH]}
