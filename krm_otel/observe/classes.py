"""How the telemetry of each class is, from live objects.

The input is what `kubectl get classruntimes,deployments,daemonsets,pods -o yaml` prints. The
render put into each object which class it belongs to: workloads have a record, collectors have labels, and sidecars
read a ConfigMap.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from krm_otel import names
from krm_otel.collector.naming import (
    CONTAINER,
    GATEWAY,
    collector_name,
    config_name,
    label_value,
    owner_value,
)
from krm_otel.conditions import COLLECTOR_UNAVAILABLE, DEGRADED, TYPES, Condition, conditions
from krm_otel.config.placement import PLACEMENTS, Placement
from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.settings import OaasClass
from krm_otel.config.sources.blocks import class_block
from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.result import Ref, Result, has_errors
from krm_otel.diagnostics.rules import inputs as rules
from krm_otel.inject.patch.record import load
from krm_otel.inject.status import existing_condition
from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import is_required
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import items_of, lookup, text_of

_AVAILABLE: Final = "CollectorAvailable"
_NO_COLLECTOR: Final = "NoCollector"
_FIX: Final = "give the output of kubectl get classruntimes,deployments,daemonsets,pods -o yaml"
_Key = tuple[str, str]
"""A namespace, and a name in it."""


@dataclass(frozen=True, slots=True)
class ClassState:
    """How the telemetry of one class is.

    Args:
        resource: the ClassRuntime.
        workloads: how many of its workloads are instrumented.
        conditions: empty where telemetry is off.
        mode: where the collector runs; empty where that is not known.
        collector: ready and desired collectors, as `kubectl get` writes them: `1/2`; empty where there are none.
        refs: the collector as entries of `status.resource_refs`.
        has_stale_status: telemetry is off, but the status still has conditions of krm-otel.
    """

    resource: Resource
    workloads: int
    conditions: tuple[Condition, ...] = ()
    mode: str = ""
    collector: str = ""
    refs: tuple[dict[str, str], ...] = ()
    has_stale_status: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """The classes in the order of the input, and what is wrong with the input."""

    states: tuple[ClassState, ...] = ()
    results: tuple[Result, ...] = ()


def observe(data: bytes, config: Resource | None, environ: Mapping[str, str]) -> Observation:
    """The state of the telemetry of each class among these objects.

    Args:
        data: a `v1` List, or a stream of objects.
        config: the OTelConfig of the render; without it, only the settings in the classes themselves are checked.
        environ: for `OPRC_CRM_*`.
    """
    try:
        envelope = read_envelope(data.decode("utf-8"), is_required=is_required)
    except (UnicodeDecodeError, SourceError) as error:
        text = f"the input is not YAML or JSON ({error})"
        return Observation(results=(rules.UNREADABLE_INPUT.at(Ref(), text, fix=_FIX),))
    resources = [resource for item in envelope.items if (resource := item.resource)]
    class_resources = [item for item in resources if item.kind == names.CLASS_KIND and item.group == names.CLASS_GROUP]
    if not class_resources:
        result = rules.INPUT_MALFORMED.at(Ref(), "the input has no ClassRuntime", fix=_FIX)
        return Observation(results=(*envelope.results, result))
    configuration, results = resolve(config, class_resources, environ)
    classes = {oaas_class.ref.position: oaas_class for oaas_class in configuration.classes}
    live = _live_objects(resources)
    states = [
        _class_state(resource, classes.get(resource.position), live, has_config=config is not None)
        for resource in class_resources
    ]
    # A class may use names that only the OTelConfig explains: without it, they are no faults.
    return Observation(tuple(states), (*envelope.results, *(results if config is not None else ())))


# --- what runs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _LiveObjects:
    """The objects that run for classes.

    Args:
        workloads: namespace and class → instrumented workloads.
        collectors: namespace and label `oaas.io/owner` → collector of the first tier.
        gateways: namespace and name → collector of the second tier.
        sidecars: namespace and name of the ConfigMap → for each sidecar that reads it, whether it runs.
    """

    workloads: Mapping[_Key, int]
    collectors: Mapping[_Key, Resource]
    gateways: Mapping[_Key, Resource]
    sidecars: Mapping[_Key, Sequence[bool]]


def _live_objects(resources: Iterable[Resource]) -> _LiveObjects:
    workloads: Counter[_Key] = Counter()
    collectors: dict[_Key, Resource] = {}
    gateways: dict[_Key, Resource] = {}
    sidecars: dict[_Key, list[bool]] = defaultdict(list)
    for resource in resources:
        namespace, record = resource.namespace, load(resource.annotations.get(names.A_RECORD, ""))
        if record is not None and resource.kind != names.CLASS_KIND:
            workloads[namespace, record.class_name] += 1
        if resource.kind == "Pod":
            for config_map, runs in _sidecars(resource):
                sidecars[namespace, config_map].append(runs)
        elif names.A_GENERATED_BY in resource.annotations and resource.kind in ("Deployment", "DaemonSet"):
            if resource.labels.get(names.L_INSTANCE, "").endswith(GATEWAY):
                gateways[namespace, owner_value(resource.labels)] = resource
            else:
                collectors[namespace, owner_value(resource.labels)] = resource
    return _LiveObjects(workloads, collectors, gateways, sidecars)


def _sidecars(pod: Resource) -> Iterator[tuple[str, bool]]:
    """The ConfigMaps that the collector of a pod may read, and whether it runs; nothing for a pod that has ended."""
    if pod.text("status", "phase") in ("Succeeded", "Failed"):
        return
    config_maps = {text_of(lookup(volume, "configMap", "name")) for volume in items_of(pod.node("spec", "volumes"))}
    for statuses in ("initContainerStatuses", "containerStatuses"):
        for container in items_of(pod.node("status", statuses)):
            if text_of(lookup(container, "name")) == CONTAINER:
                runs = lookup(container, "state", "running") is not None
                yield from ((name, runs) for name in config_maps if name is not None)


# --- the state of a class --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _CollectorState:
    """The collector of a class; `ready` is `1/2`, as in ClassState."""

    condition: Condition
    mode: str = ""
    ready: str = ""
    refs: tuple[dict[str, str], ...] = ()


def _class_state(
    resource: Resource, oaas_class: OaasClass | None, live: _LiveObjects, *, has_config: bool
) -> ClassState:
    workloads = live.workloads.get((resource.namespace, resource.name), 0)
    block, results = class_block(resource)
    # Without the OTelConfig, a name or an exporter that it may have is not missing.
    faulty = oaas_class.faulty if oaas_class and has_config else has_errors(results)
    settings = oaas_class.settings if oaas_class else None
    if settings is not None and (has_config or settings.enabled.value):
        enabled = settings.enabled.value
    else:
        enabled = bool(workloads) or (block is not None and block.written(("enabled",)) is True)
    if not enabled and not faulty:
        has_stale_status = any(existing_condition(resource.root, kind) for kind in TYPES)
        return ClassState(resource, workloads, has_stale_status=has_stale_status)
    mode = settings.mode.value if settings and settings.enabled.value else None
    collector = _collector_state(resource, PLACEMENTS[mode] if mode else None, live)
    entries = conditions(settings if has_config and mode else None, workloads, faulty=faulty)
    # A status has one condition of a type: errors in the settings are more important than the state of the collector.
    if all(condition.type != DEGRADED for condition in entries):
        entries = (*entries, collector.condition)
    return ClassState(resource, workloads, entries, mode or collector.mode, collector.ready, collector.refs)


def _collector_state(resource: Resource, placement: Placement | None, live: _LiveObjects) -> _CollectorState:
    """The state of the first tier, with the condition of the second one where that is the one that fails."""
    state = _first_tier(resource, placement, live)
    gateway = live.gateways.get((resource.namespace, label_value(resource.name)))
    if gateway is None or _number(gateway, "status", "availableReplicas"):
        return state
    if state.condition.reason != COLLECTOR_UNAVAILABLE:
        condition = _condition(False, f"Deployment {gateway.name} has no available replica")
        return replace(state, condition=condition)
    return state


def _first_tier(resource: Resource, placement: Placement | None, live: _LiveObjects) -> _CollectorState:
    collector = live.collectors.get((resource.namespace, label_value(resource.name)))
    if collector is None and placement and placement.per_node:
        shared = (daemon_set for (_, label), daemon_set in live.collectors.items() if label == names.NODE_OWNER)
        collector = next(shared, None)
    if collector is not None:
        return _workload_state(collector, resource.namespace)
    if sidecars := live.sidecars.get((resource.namespace, config_name(resource.name))):
        text = "the pods' collectors run" if any(sidecars) else "no pod's collector runs"
        return _CollectorState(_condition(any(sidecars), text), "sidecar", f"{sum(sidecars)}/{len(sidecars)}")
    if placement and placement.has_replicas:
        return _CollectorState(_condition(False, f"Deployment {collector_name(resource.name)} is not there"))
    return _CollectorState(Condition(DEGRADED, "False", _NO_COLLECTOR, "no collector of this class was seen"))


def _workload_state(collector: Resource, namespace: str) -> _CollectorState:
    """The state of a Deployment or DaemonSet of collectors, for a class in `namespace`."""
    kind, name = collector.kind, collector.name
    if kind == "DaemonSet":
        ready = _number(collector, "status", "numberAvailable")
        desired = _number(collector, "status", "desiredNumberScheduled")
    else:
        ready = _number(collector, "status", "availableReplicas")
        desired = _number(collector, "spec", "replicas", default=1)
    text = f"{kind} {name} is available" if ready else f"{kind} {name} has no available replica"
    # An entry of `resource_refs` has no namespace.
    refs = ({"kind": kind, "name": name},) if collector.namespace == namespace else ()
    return _CollectorState(_condition(bool(ready), text), kind.lower(), f"{ready}/{desired}", refs)


def _condition(is_available: bool, message: str) -> Condition:
    if is_available:
        return Condition(DEGRADED, "False", _AVAILABLE, message)
    return Condition(DEGRADED, "True", COLLECTOR_UNAVAILABLE, message)


def _number(resource: Resource, *path: str, default: int = 0) -> int:
    text = resource.text(*path)
    return int(text) if text.isdecimal() else default
