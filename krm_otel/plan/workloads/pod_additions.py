"""What the pods of a class get for its managed collector: a sidecar, or a label that lets them send to it."""

from __future__ import annotations

from krm_otel.collector.naming import client_labels
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.dataclass import dataclass, field, replace
from krm_otel.diagnostics.result import Result
from krm_otel.inject.patch.additions import Additions
from krm_otel.plan.workloads.host_network import check_host_network
from krm_otel.workloads.autoscalers import Autoscalers
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.select import Selection


@dataclass(frozen=True, slots=True)
class PodAdditions:
    """What a workload gets for its class's collector. With `reason_skipped` the workload gets nothing at all."""

    additions: Additions = field(default_factory=Additions)
    reason_skipped: str | None = None
    results: tuple[Result, ...] = ()


def sending_settings(oaas_class: OaasClass, settings: Settings) -> Settings:
    """The settings of a class with the endpoint that its workloads send to."""
    if settings.collector is None and settings.node_collector is None:
        return settings
    from krm_otel.collector.endpoint import collector_endpoint

    return replace(settings, endpoint=collector_endpoint(oaas_class, settings))


def pod_additions(
    workload: Workload,
    oaas_class: OaasClass,
    settings: Settings,
    selection: Selection,
    scalers: Autoscalers,
    was_injected: bool,
    has_pod_monitor: bool,
) -> PodAdditions:
    """What is added to the pods of a workload.

    Args:
        workload: the workload without what krm-otel injected.
        oaas_class: its class.
        settings: the settings of the class.
        selection: the containers that are instrumented.
        scalers: the autoscalers of the input.
        was_injected: the workload has a record. What still has a name of the sidecar's was changed by hand then.
        has_pod_monitor: a PodMonitor selects the pods by their labels.
    """
    managed = settings.collector
    if managed is None or not managed.placement.in_class_pods:
        has_collector = managed is not None or settings.node_collector is not None
        template = {"labels": client_labels(oaas_class.name)} if has_collector else {}
        return PodAdditions(Additions(template=template), results=tuple(check_host_network(workload, settings)))
    from krm_otel.plan.workloads.sidecar import sidecar_additions  # with all that generates a collector

    return sidecar_additions(workload, oaas_class, settings, managed, selection, scalers, was_injected, has_pod_monitor)
