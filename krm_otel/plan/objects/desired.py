"""The objects that classes need: their collectors', and those that monitor the collectors."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import PurePath

from krm_otel import names
from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.objects import Asset
from krm_otel.collector.monitoring.dashboards import dashboard_assets
from krm_otel.collector.monitoring.monitors import monitor_assets
from krm_otel.collector.monitoring.prometheus_rules import rule_assets
from krm_otel.collector.monitoring.promql import request_histogram
from krm_otel.collector.naming import collector_name, config_name
from krm_otel.collector.operator import operator_assets, operator_name
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.resource import Resource
from krm_otel.plan.classes.summary import ClassSummary, Summaries
from krm_otel.plan.objects.identity import (
    Blocked,
    DesiredObject,
    Key,
    key_of,
    same_object_desired,
    with_annotations,
)
from krm_otel.plan.request import Request

OwnedName = tuple[Ref, str, str]
"""Owner, kind and name of a generated object."""


def desired_objects(request: Request, summaries: Summaries) -> tuple[dict[Key, DesiredObject], list[Blocked]]:
    """The objects that the enabled classes need, and the classes that need an object of another class.

    A class without a workload gets the objects that workloads elsewhere can use: a collector behind a Service, and all
    that it has where kustomize generates.
    """
    desired: dict[Key, DesiredObject] = {}
    blocked: list[Blocked] = []
    items = {item.position: item for item in request.items}
    default = next((resource for item in request.items if (resource := item.resource)), None)
    for summary in summaries.values():
        oaas_class, settings = summary.oaas_class, summary.settings
        if settings is None or not oaas_class.enabled:
            continue
        if not summary.has_workload and not request.generating and not _has_service(settings):
            continue
        # The objects are written next to the class, or what configures it; otherwise next to a workload. A function
        # config need not be in the package, nor its file in the folder.
        neighbour = oaas_class.resource
        if neighbour is None or neighbour.position < 0:
            first = items[summary.first].resource if summary.first is not None else None
            neighbour = first or default
        for key, entry in _class_objects(summary, settings, request.configuration, neighbour).items():
            if desired.setdefault(key, entry) is not entry:
                blocked.append(same_object_desired(key, desired[key].owner, entry.owner))
    return desired, blocked


def collector_references(oaas_class: OaasClass, generated: AbstractSet[OwnedName]) -> list[dict[str, str]]:
    """The object of a class's collector that its status names, as `{kind, name}`.

    It is the object that runs the collector, or its config where the workloads' pods run it.
    """
    name = oaas_class.name
    for kind, object_name in (
        ("Deployment", collector_name(name)),
        ("ConfigMap", config_name(name)),
        ("OpenTelemetryCollector", operator_name(name)),
    ):
        if (oaas_class.ref, kind, object_name) in generated:
            return [{"kind": kind, "name": object_name}]
    return []


def _has_service(settings: Settings) -> bool:
    """Whether workloads that are not in the input can use the class's collector."""
    return settings.collector is not None and settings.collector.placement.has_service


def _class_objects(
    summary: ClassSummary, settings: Settings, configuration: Configuration, neighbour: Resource | None
) -> dict[Key, DesiredObject]:
    """The objects of one class, in a file next to the `neighbour`."""
    oaas_class, wave = summary.oaas_class, summary.sync_wave
    annotations = {names.A_SYNC_WAVE: str(wave)} if wave else {}
    file_name = f"{oaas_class.name}{'' if oaas_class.name == names.NODE_OWNER else '-otel'}.yaml"
    path = _sibling(neighbour.annotations.get(names.A_PATH, ""), file_name) if neighbour else ""
    file = _sibling(neighbour.file, file_name) if neighbour else ""
    package = neighbour.annotations.get(names.A_PACKAGE_PATH, "") if neighbour else ""
    return {
        key_of(asset.data): DesiredObject(
            with_annotations(asset.data, annotations), oaas_class.ref, path, file, package
        )
        for asset in _assets(oaas_class, settings, configuration)
    }


def _assets(oaas_class: OaasClass, settings: Settings, configuration: Configuration) -> Iterator[Asset]:
    monitoring, nodes = configuration.monitoring, configuration.node_collectors
    # What a node's collector counts is known only where krm-otel generates it.
    node_settings = nodes.settings if nodes else None
    metrics = request_histogram(node_settings if settings.node_collector else settings)
    if configuration.operator:
        yield from operator_assets(oaas_class, settings, monitoring.monitors)
    else:
        yield from assets(oaas_class, settings)
        if monitoring.monitors:
            yield from monitor_assets(oaas_class, settings, monitoring.monitors)
    if monitoring.dashboards:
        yield from dashboard_assets(oaas_class, settings, monitoring.dashboards, metrics)
    if monitoring.rules and oaas_class.name not in names.RESERVED:
        yield from rule_assets(oaas_class, monitoring.rules, metrics)


def _sibling(path: str, name: str) -> str:
    """A file in the folder of another; empty where there is none."""
    return str(PurePath(path).with_name(name)) if path else ""
