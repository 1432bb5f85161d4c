"""The objects that run a managed collector, and its container.

One pure function for each kind decides whether the object is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from krm_otel.collector.manifests.config_map import config_map
from krm_otel.collector.manifests.network import network_policy, service
from krm_otel.collector.manifests.objects import Asset
from krm_otel.collector.manifests.rbac import cluster_role, cluster_role_binding, service_account
from krm_otel.collector.manifests.workload import autoscaler, daemon_set, deployment, disruption_budget
from krm_otel.collector.tiers import Tier, tiers
from krm_otel.config.settings import OaasClass, Settings

_FACTORIES: Final[tuple[Callable[[Tier], Asset | None], ...]] = (
    config_map,
    deployment,
    daemon_set,
    service,
    service_account,
    cluster_role,
    cluster_role_binding,
    network_policy,
    disruption_budget,
    autoscaler,
)
"""In the order in which the objects are written."""


def assets(oaas_class: OaasClass, settings: Settings) -> tuple[Asset, ...]:
    """Everything that is generated for the tiers of a class; nothing without a managed collector."""
    generated = (factory(tier) for tier in tiers(oaas_class, settings) for factory in _FACTORIES)
    return tuple(asset for asset in generated if asset is not None)
