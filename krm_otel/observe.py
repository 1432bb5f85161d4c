"""Live objects → how each class's telemetry is, and what its status is to say. Reads, and changes nothing.

The input is what `kubectl get classruntimes,deployments,daemonsets,pods -o yaml` prints. What runs is told by what was
rendered: workloads by their record, collectors by their labels, sidecars by the ConfigMap that they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.naming import CONTAINER, GATEWAY, collector_name, config_name, gateway_name, label_value
from krm_otel.conditions import (
    COLLECTOR_UNAVAILABLE,
    DEGRADED,
    TYPES,
    Condition,
    conditions,
)
from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.settings import OaasClass
from krm_otel.config.sources.blocks import class_block
from krm_otel.diagnostics.result import Result, has_errors
from krm_otel.inject.patch.record import load
from krm_otel.inject.status import CONDITIONS, GENERATION, REFS, existing_condition
from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import is_required
from krm_otel.yamltext.nodes import Node, SourceError
from krm_otel.yamltext.nodes import Sequence as ListNode
from krm_otel.yamltext.query import decode, lookup, text_of

MANAGER: Final = "krm-otel"
"""The field manager that our patches are applied by."""
_AVAILABLE: Final = "CollectorAvailable"
_NO_COLLECTOR: Final = "NoCollector"


@dataclass(slots=True)
class State:
    """How one class is. `mode` is empty where it is not known."""

    resource: Resource
    conditions: tuple[Condition, ...] = ()
    mode: str = ""
    workloads: int = 0
    over: bool = False
    """Whether telemetry is off, and its status still speaks of it."""
    collector: str = ""
    """Ready and wanted collectors, as `kubectl get` writes them: `1/2`; empty where there are none."""
    refs: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen: the classes in the order of the input, and what is wrong with the input."""

    states: tuple[State, ...] = ()
    results: tuple[Result, ...] = ()

    def patches(self, now: str = "") -> list[dict[str, Any]]:
        """Patches of the status for server-side apply, for the classes whose telemetry is on, or was.

        Each has the complete list of conditions: upstream's definition has it atomic, so a shorter one would take
        other controllers' conditions away. `now` is the time of what changed; empty: it gets none.
        """
        return [_patch(state, now) for state in self.states if state.conditions or state.over]


def observe(data: bytes, config: Resource | None, environ: Mapping[str, str]) -> Observation:
    """How the classes among these objects are.

    Args:
        data: a `v1` List, or a stream of objects.
        config: the OTelConfig that was rendered with; without it, only what stands in the classes is judged.
        environ: for `OPRC_CRM_*`.
    """
    try:
        envelope = read_envelope(data.decode("utf-8"), is_required=is_required)
    except (UnicodeDecodeError, SourceError) as error:
        message = f"the input is not YAML or JSON: {error}; write kubectl get classruntimes,deployments,pods -o yaml"
        return Observation(results=(Result("unreadable-input", "error", message),))
    resources = [resource for item in envelope.items if (resource := item.resource)]
    own = [one for one in resources if one.kind == names.CLASS_KIND and one.group == names.CLASS_GROUP]
    if not own:
        text = "the input has no ClassRuntime: write kubectl get classruntimes,deployments,daemonsets,pods -o yaml"
        return Observation(results=(*envelope.results, Result("input-malformed", "error", text)))
    configuration, results = resolve(config, own, environ)
    classes = {one.ref.position: one for one in configuration.classes}
    live = _Live.of(resources)
    states = [_state(one, classes.get(one.position), live, known=config is not None) for one in own]
    # Without the configuration, what names a thing in it is no fault.
    return Observation(tuple(states), (*envelope.results, *(results if config is not None else ())))


@dataclass(slots=True)
class _Live:
    """What was seen, by namespace and class."""

    workloads: dict[tuple[str, str], int] = field(default_factory=dict)
    collectors: dict[tuple[str, str], Resource] = field(default_factory=dict)
    """By namespace and the label `oaas.io/owner`."""
    gateways: dict[tuple[str, str], Resource] = field(default_factory=dict)
    """The same, of second tiers: by namespace and name."""
    sidecars: dict[tuple[str, str], list[bool]] = field(default_factory=dict)
    """By namespace and the name of the ConfigMap that they read: whether each runs."""

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> _Live:
        found = cls()
        for one in resources:
            if names.A_GENERATED_BY in one.annotations and one.kind in ("Deployment", "DaemonSet"):
                if one.labels.get(names.L_INSTANCE, "").endswith(GATEWAY):
                    found.gateways[one.namespace, one.name] = one
                else:
                    found.collectors[one.namespace, one.labels.get(names.L_OWNER, "")] = one
            elif one.kind == "Pod":
                found._pod(one)
            if (record := load(one.annotations.get(names.A_RECORD, ""))) is not None and one.kind != names.CLASS_KIND:
                key = (one.namespace, record.class_name)
                found.workloads[key] = found.workloads.get(key, 0) + 1
        return found

    def _pod(self, pod: Resource) -> None:
        read = {text_of(lookup(volume, "configMap", "name")) for volume in _items(pod.node("spec", "volumes"))}
        if pod.text("status", "phase") in ("Succeeded", "Failed"):
            return
        for kind in ("initContainerStatuses", "containerStatuses"):
            for container in _items(pod.node("status", kind)):
                if text_of(lookup(container, "name")) == CONTAINER:
                    runs = lookup(container, "state", "running") is not None
                    for name in read - {None}:
                        self.sidecars.setdefault((pod.namespace, str(name)), []).append(runs)


def _state(resource: Resource, oaas_class: OaasClass | None, live: _Live, *, known: bool) -> State:
    here = (resource.namespace, resource.name)
    state = State(resource, workloads=live.workloads.get(here, 0))
    block, results = class_block(resource)
    # Without the configuration, a name that it would explain is no fault, and an exporter that is missing no lack.
    faulty = oaas_class.faulty if oaas_class and known else has_errors(results)
    settings = oaas_class.settings if oaas_class else None
    if settings is not None and (known or settings.enabled.value):
        on = settings.enabled.value
    else:
        on = bool(state.workloads) or (block is not None and block.written(("enabled",)) is True)
    if not on and not faulty:
        state.over = any(existing_condition(resource.root, kind) for kind in TYPES)
        return state
    state.mode = settings.mode.value if settings and settings.enabled.value else ""
    said = conditions(settings if known and state.mode else None, state.workloads, faulty=faulty)
    collector = _collector(resource, state, live)
    # One condition of a type: settings with errors weigh more than what their collector does.
    more = [] if any(one.type == DEGRADED for one in said) else [collector]
    state.conditions = (*said, *more)
    return state


def _collector(resource: Resource, state: State, live: _Live) -> Condition:
    """Whether the class's collectors are there; says in `state` what was seen of them."""
    found = _first_tier(resource, state, live)
    gateway = live.gateways.get((resource.namespace, gateway_name(resource.name)))
    if gateway is None or found.reason == COLLECTOR_UNAVAILABLE or _number(gateway, "status", "availableReplicas"):
        return found
    text = f"Deployment {gateway.name} has no available replica"
    return Condition(DEGRADED, "True", COLLECTOR_UNAVAILABLE, text)


def _first_tier(resource: Resource, state: State, live: _Live) -> Condition:
    own = live.collectors.get((resource.namespace, label_value(resource.name)))
    if own is None and state.mode == "daemonset":
        own = next((one for (_, whose), one in live.collectors.items() if whose == names.NODE_OWNER), None)
    sidecars = live.sidecars.get((resource.namespace, config_name(resource.name)), [])
    if own is not None:
        return _behind_service(resource, own, state)
    if sidecars:
        return _sidecars(sidecars, state)
    if state.mode == "deployment":
        text = f"Deployment {collector_name(resource.name)} is not there"
        return Condition(DEGRADED, "True", COLLECTOR_UNAVAILABLE, text)
    return Condition(DEGRADED, "False", _NO_COLLECTOR, "no collector of this class was seen")


def _behind_service(resource: Resource, own: Resource, state: State) -> Condition:
    if own.kind == "DaemonSet":
        ready, wanted = _number(own, "status", "numberAvailable"), _number(own, "status", "desiredNumberScheduled")
    else:
        written = own.text("spec", "replicas")
        ready, wanted = _number(own, "status", "availableReplicas"), int(written) if written.isdecimal() else 1
    state.collector = f"{ready}/{wanted}"
    state.mode = state.mode or own.kind.lower()
    if own.namespace == resource.namespace:
        state.refs = ({"kind": own.kind, "name": own.name},)
    if not ready:
        return Condition(DEGRADED, "True", COLLECTOR_UNAVAILABLE, f"{own.kind} {own.name} has no available replica")
    return Condition(DEGRADED, "False", _AVAILABLE, f"{own.kind} {own.name} is available")


def _sidecars(sidecars: Sequence[bool], state: State) -> Condition:
    state.collector = f"{sum(sidecars)}/{len(sidecars)}"
    state.mode = state.mode or "sidecar"
    if not any(sidecars):
        return Condition(DEGRADED, "True", COLLECTOR_UNAVAILABLE, "no pod's collector runs")
    return Condition(DEGRADED, "False", _AVAILABLE, "the pods' collectors run")


def _patch(state: State, now: str) -> dict[str, Any]:
    resource = state.resource
    there = [decode(one) for one in _items(resource.node("status", CONDITIONS))]
    ours = {one.type: one for one in state.conditions}
    made: list[Any] = []
    for one in there:
        kind = one.get("type") if isinstance(one, dict) else None
        if kind in TYPES:
            found = ours.pop(kind, None)
            made += [found.entry(one, now)] if found else []
        else:
            made.append(one)
    made += [one.entry({}, now) for one in ours.values()]
    status: dict[str, Any] = {CONDITIONS: made}
    refs = [decode(one) for one in _items(resource.node("status", REFS))]
    if state.over:
        collectors = (collector_name(resource.name), config_name(resource.name))
        if left := [ref for ref in refs if not isinstance(ref, dict) or ref.get("name") not in collectors]:
            status[REFS] = left
    elif state.refs:
        status[REFS] = [*refs, *(ref for ref in state.refs if ref not in refs)]
    generation = resource.text("metadata", "generation")
    seen = resource.text("status", GENERATION)
    # Another controller's number stays its own: to write over it would be a conflict.
    if generation.isdecimal() and (seen in ("", generation) or _writers(resource, GENERATION) == {MANAGER}):
        status[GENERATION] = int(generation)
    metadata = {"name": resource.name} | ({"namespace": resource.namespace} if resource.namespace else {})
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "status": status}


def _writers(resource: Resource, key: str) -> set[str | None]:
    """Who wrote a field of the status; nobody where kubectl was not asked for it (`--show-managed-fields`)."""
    managers = _items(resource.node("metadata", "managedFields"))
    return {
        text_of(lookup(one, "manager"))
        for one in managers
        if lookup(one, "fieldsV1", "f:status", f"f:{key}") is not None
    }


def _items(node: Node | None) -> list[Node]:
    return list(node.items) if isinstance(node, ListNode) else []


def _number(resource: Resource, *path: str) -> int:
    text = resource.text(*path)
    return int(text) if text.isdecimal() else 0
