"""The objects that classes want to have: their collectors', and what watches those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from krm_otel import names
from krm_otel.collector.manifests.factories import assets
from krm_otel.collector.manifests.objects import Asset
from krm_otel.collector.monitoring.dashboards import dashboard_assets
from krm_otel.collector.monitoring.monitors import monitor_assets
from krm_otel.collector.monitoring.prometheus_rules import rule_assets
from krm_otel.collector.monitoring.promql import request_histogram
from krm_otel.collector.naming import collector_name, config_name
from krm_otel.collector.operator import operator_assets, operator_name
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.classes.summary import Census, Seen
from krm_otel.plan.objects.ownership import Key, Taken, Wanted, both_want, key_of, with_annotations


def wanted_objects(
    items: Sequence[Item], configuration: Configuration, census: Census, *, generating: bool
) -> tuple[dict[Key, Wanted], list[Taken]]:
    """The objects that the enabled classes want to have, by identity, and those that two of them want.

    A class without a workload gets those that workloads elsewhere can use: a collector behind a Service, and all
    that it has where kustomize generates.
    """
    found: dict[Key, Wanted] = {}
    taken: list[Taken] = []
    for oaas_class in census.classes():
        seen = census.of(oaas_class)
        settings = seen.settings or oaas_class.settings
        if settings is None or not oaas_class.enabled:
            continue
        if seen.first is None and not generating and not _serves_others(settings):
            continue
        neighbour = _neighbour(items, oaas_class, seen)
        for key, one in _objects(oaas_class, settings, configuration, neighbour, seen.wave or 0).items():
            if found.setdefault(key, one) is not one:
                taken.append(both_want(key, found[key].owner, one.owner))
    return found, taken


def references(wanted: Mapping[Key, Wanted], oaas_class: OaasClass) -> list[dict[str, str]]:
    """What a class's status says of its collector: the objects that run it, or its config where pods carry it."""
    found = {key_of(one.data)[1::2] for one in wanted.values() if one.owner == oaas_class.ref}
    config, name = config_name(oaas_class.name), collector_name(oaas_class.name)
    runs = (("Deployment", name), ("ConfigMap", config), ("OpenTelemetryCollector", operator_name(oaas_class.name)))
    return next(([{"kind": kind, "name": called}] for kind, called in runs if (kind, called) in found), [])


def _serves_others(settings: Settings) -> bool:
    """Whether a class without a workload here has objects that workloads elsewhere use."""
    return settings.collector is not None and settings.collector.mode.value != "sidecar"


def _neighbour(items: Sequence[Item], oaas_class: OaasClass, seen: Seen) -> Resource | None:
    """The item that a class's objects are written beside: the class, or what says it; else a workload."""
    own = oaas_class.resource
    # A function config need not be in the package, nor its file in the folder.
    if own is not None and own.position >= 0:
        return own
    return seen.first or next((resource for item in items if (resource := item.resource)), None)


def _objects(
    oaas_class: OaasClass, settings: Settings, configuration: Configuration, neighbour: Resource | None, wave: int
) -> dict[Key, Wanted]:
    """Written beside the `neighbour`; `wave` is the earliest of the workloads that need them."""
    waves = {names.A_SYNC_WAVE: str(wave)} if wave else {}
    name = f"{oaas_class.name}{'' if oaas_class.name == names.NODE_OWNER else '-otel'}.yaml"
    path = _beside(neighbour.annotations.get(names.A_PATH, ""), name) if neighbour else ""
    file = _beside(neighbour.file, name) if neighbour else ""
    package = neighbour.annotations.get(names.A_PACKAGE_PATH, "") if neighbour else ""
    return {
        key_of(asset.data): Wanted(with_annotations(asset.data, waves), oaas_class.ref, path, file, package)
        for asset in _assets(oaas_class, settings, configuration)
    }


def _assets(oaas_class: OaasClass, settings: Settings, configuration: Configuration) -> Iterator[Asset]:
    monitoring, nodes = configuration.monitoring, configuration.node_collectors
    # Of a node's collector it is known what it counts where it is made here.
    shared = nodes.settings if nodes else None
    known = request_histogram(shared if settings.node_collector else settings)
    if configuration.operator:
        yield from operator_assets(oaas_class, settings, monitoring.monitors)
    else:
        yield from assets(oaas_class, settings)
        if monitoring.monitors:
            yield from monitor_assets(oaas_class, settings, monitoring.monitors)
    if monitoring.dashboards:
        yield from dashboard_assets(oaas_class, settings, monitoring.dashboards, known)
    if monitoring.rules and oaas_class.name not in names.RESERVED:
        yield from rule_assets(oaas_class, monitoring.rules, known)


def _beside(path: str, name: str) -> str:
    """A file in the folder of another; empty where there is none."""
    return str(PurePath(path).with_name(name)) if path else ""
