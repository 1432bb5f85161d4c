"""What a managed collector means for its class's workloads, and which objects it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, Final

from krm_otel.collector.dashboards import dashboard_assets
from krm_otel.collector.manifests import Asset, assets
from krm_otel.collector.monitors import monitor_assets
from krm_otel.collector.names import client_labels, collector_name, config_name
from krm_otel.collector.operator import A_SIDECAR, asking, instrumented, object_name, operator_assets
from krm_otel.collector.promql import source
from krm_otel.collector.rules import rule_assets
from krm_otel.collector.sidecar import Sidecar, sidecar
from krm_otel.config import names
from krm_otel.config.managed import CollectorSettings
from krm_otel.config.settings import Monitoring, OaasClass, Settings
from krm_otel.config.values import Tls
from krm_otel.inject.desired import Desired
from krm_otel.inject.edits import Additions
from krm_otel.krm.resource import Resource
from krm_otel.krm.results import Ref, Result
from krm_otel.prune import Key, Wanted, key_of, with_annotations
from krm_otel.workloads.fields import field_path
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.scalers import Scalers, scaled_by_pod
from krm_otel.workloads.select import Selection
from krm_otel.yamltext.source import Sequence, lookup, text_of

_HOOKS: Final = ("helm.sh/hook", "argocd.argoproj.io/hook")
_ENDING: Final = frozenset(("Job", "CronJob"))
_KNATIVE_PORT: Final = 8080
"""Where Knative sends requests to a container that names no port (Knative, runtime contract)."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a workload gets of its class's collector. Where `skipped` says why, the workload gets nothing at all."""

    additions: Additions = field(default_factory=Additions)
    skipped: str | None = None
    results: tuple[Result, ...] = ()


def join(
    workload: Workload,
    oaas_class: OaasClass,
    settings: Settings,
    selection: Selection,
    scalers: Scalers,
    *,
    injected: bool = False,
    monitored: bool = False,
) -> Joined:
    """What joins the pods of a workload.

    `scalers` are the autoscalers of the input; `injected`: something of ours was in the workload, so what still has a
    name of ours is ours as somebody changed it. `monitored`: a PodMonitor looks for the pods.
    """
    managed = settings.collector
    if managed is None and settings.node_collector is None:
        return Joined()
    if managed is None or managed.mode.value != "sidecar":
        return Joined(Additions(template={"labels": client_labels(oaas_class.name)}))
    ref = workload.resource.ref
    if hook := next((one for one in _HOOKS if one in workload.resource.annotations), None):
        message = (
            f"{hook} makes this a hook, which runs before its collector's ConfigMap is there: "
            "it is left alone; write collector.endpoint for its class to instrument it"
        )
        path = field_path("metadata", "annotations", hook)
        return Joined(
            skipped=f"a hook ({hook})", results=(Result("hook-without-sidecar", "warning", message, ref, path),)
        )
    root = workload.resource.text(*workload.pod_path, "securityContext", "runAsUser") == "0"
    made = sidecar(oaas_class, settings, workload.kind.knative, root=root)
    if workload.resource.kind in _ENDING and not made.native:
        message = (
            "the pod would never end: its collector, an ordinary container with native_sidecar: false, goes on; "
            "write mode: deployment, or leave native_sidecar out"
        )
        return Joined(results=(Result("sidecar-never-ends", "error", message, ref, field_path(*workload.pod_path)),))
    taken = list(_taken(workload, made))
    if faults := [*_faults(workload, made), *(_name_taken(ref, *one) for one in taken if not injected)]:
        return Joined(results=tuple(faults))
    kept = {name for _, name in taken}
    place = "initContainers" if made.native else "containers"
    lists = {
        place: () if made.container["name"] in kept else (made.container,),
        "volumes": tuple(volume for volume in made.volumes if volume["name"] not in kept),
        **_pull_secrets(workload, managed),
    }
    template = {"annotations": made.annotations}
    if managed.gateway or (monitored and not workload.kind.knative):
        # The gateway lets it in by that, and a PodMonitor finds it; on Knative it has no ports that one could name.
        template["labels"] = client_labels(oaas_class.name)
    additions = Additions(lists, template, _port(workload, selection), names=True)
    first = selection.containers[0].container.name
    told = [*(_kept(ref, *one) for one in taken), *scaled_by_pod(scalers.of(workload.resource), first)]
    return Joined(additions, results=tuple(told))


def joined_by_operator(workload: Workload, oaas_class: OaasClass, settings: Settings, wanted: Desired) -> Desired:
    """What a workload gets in flavor `operator`, from what it would get else: annotations that ask for it.

    What the user's template says to the Operator itself stays.
    """
    if not wanted.containers:
        return wanted
    parts = [part.container for part in wanted.containers]
    containers = [one.name for one in parts] if all(one.named for one in parts) else []
    called = {v.value for part in wanted.containers for v in part.variables if v.name == names.E_SERVICE_NAME}
    service_name = str(called.pop()).replace("$$", "$") if len(called) == 1 else ""
    asked = asking(oaas_class, settings, containers, service_name)
    there = workload.template_annotations
    results = list(wanted.results)
    for key in sorted(asked.keys() & there.keys()):
        path = field_path(*workload.template_path, "metadata", "annotations", key)
        if there[key] != asked.pop(key):
            text = f"{key} is set in the manifest and is kept as it is"
            results.append(Result("variable-kept", "info", text, workload.resource.ref, path))
    sends = settings.collector is not None and settings.collector.mode.value != "sidecar"
    sends |= settings.node_collector is not None
    labels = {"labels": client_labels(oaas_class.name)} if sends else {}
    additions = Additions(template={"annotations": asked, **labels})
    return replace(
        wanted, containers=(), volumes=(), additions=additions, results=tuple(results), template_alone=bool(asked)
    )


def met_operator(workload: Workload, settings: Settings) -> list[Result]:
    """What is to be said of a pod that the Operator instruments as well."""
    ref, managed = workload.resource.ref, settings.collector
    beside = managed is not None and managed.mode.value == "sidecar"
    found = []
    for key in instrumented(workload.template_annotations):
        path = field_path(*workload.template_path, "metadata", "annotations", key)
        if key == A_SIDECAR and beside:
            text = (
                f"{key} brings the Operator's collector beside ours, on the same ports: remove the annotation, or "
                "write mode: deployment"
            )
            found.append(Result("operator-sidecar", "error", text, ref, path))
        elif key != A_SIDECAR:
            text = (
                f"{key} has the OpenTelemetry Operator instrument this pod, too: it keeps what stands here and sets "
                "what does not; write flavor: operator in the OTelConfig, or remove the annotation"
            )
            found.append(Result("operator-instrumented", "warning", text, ref, path))
    return found


def beyond_operator(settings: Settings, ref: Ref) -> list[Result]:
    """What an Instrumentation cannot say: it has one endpoint, and no headers or certificates that fit ours."""
    own = settings.endpoint.value if settings.endpoint else None
    if settings.exporters or (own and (own.headers or own.tls != Tls())):
        text = (
            "flavor operator has no way to say endpoints for single signals, headers and certificates of SDKs: send to "
            "a collector (mode: deployment), or write flavor: native"
        )
        return [Result("operator-cannot-say", "error", text, ref, "spec.observability.collector", proposed="native")]
    return []


def _pull_secrets(workload: Workload, managed: CollectorSettings) -> dict[str, tuple[dict[str, str], ...]]:
    """What the image is pulled with, but for what the pod has already."""
    there = {text_of(lookup(entry, "name")) for _, entry in _entries(workload, *workload.pod_path, "imagePullSecrets")}
    missing = tuple({"name": name} for name in managed.pod.image_pull_secrets if name not in there)
    return {"imagePullSecrets": missing} if missing else {}


def _faults(workload: Workload, made: Sidecar) -> list[Result]:
    """What in the pod stands in a sidecar's way."""
    ref, pod = workload.resource.ref, workload.pod_path
    found = []
    if workload.resource.text(*pod, "hostNetwork") == "true":
        message = (
            "the pod uses the host's network, where the ports of two collectors would clash: write mode: deployment"
        )
        found.append(Result("sidecar-host-network", "error", message, ref, field_path(*pod, "hostNetwork")))
    ports = set(map(str, made.ports))
    for one in workload.containers:
        if one.name == made.container["name"]:
            continue
        for i, entry in _entries(workload, *one.path, "ports"):
            if (port := text_of(lookup(entry, "containerPort"))) in ports:
                message = f"the sidecar listens on port {port} of the same pod: write mode: deployment"
                path = field_path(*one.path, "ports", i, "containerPort")
                found.append(Result("sidecar-port-taken", "error", message, ref, path, port))
    return found


def _taken(workload: Workload, made: Sidecar) -> Iterator[tuple[str, str]]:
    """Field path and name of what has a name that the sidecar brings."""
    for kind, ours in (
        ("containers", {made.container["name"]}),
        ("initContainers", {made.container["name"]}),
        ("volumes", {volume["name"] for volume in made.volumes}),
    ):
        for i, entry in _entries(workload, *workload.pod_path, kind):
            if (name := text_of(lookup(entry, "name")) or "") in ours:
                yield field_path(*workload.pod_path, kind, i, "name"), name


def _name_taken(ref: Ref, path: str, name: str) -> Result:
    message = f"{name} is the name of what the sidecar brings: rename it, or write mode: deployment"
    return Result("sidecar-name-taken", "error", message, ref, path, name)


def _kept(ref: Ref, path: str, name: str) -> Result:
    message = f"{name} was changed by hand and is kept as it is; delete it to get ours back"
    return Result("sidecar-kept", "info", message, ref, path, name)


def _entries(workload: Workload, *path: str | int) -> list[tuple[int, Any]]:
    node = workload.resource.node(*path)
    return list(enumerate(node.items)) if isinstance(node, Sequence) else []


def _port(workload: Workload, selection: Selection) -> dict[int, dict[str, tuple[dict[str, Any], ...]]]:
    """With two containers Knative wants exactly one port on exactly one of them: the function gets one if it had none.

    Source: knative.dev/serving, `validateContainersPorts`.
    """
    if not workload.kind.knative or any(_entries(workload, *one.path, "ports") for one in workload.containers):
        return {}
    function = selection.containers[0].container
    # The API server would fill the protocol in, which Argo CD shows as drift.
    return {function.index: {"ports": ({"containerPort": _KNATIVE_PORT, "protocol": "TCP"},)}}


def sync_wave(workload: Workload) -> int:
    """When Argo CD applies a workload; 0 where nothing is said, or nothing that it can read."""
    written = workload.resource.annotations.get(names.A_SYNC_WAVE, "")
    return int(written) if re.fullmatch(r"[+-]?[0-9]{1,9}", written) else 0


def wanted_objects(
    oaas_class: OaasClass,
    settings: Settings,
    monitoring: Monitoring,
    nodes: Settings | None,
    neighbour: Resource | None,
    wave: int,
    *,
    operator: bool = False,
) -> dict[Key, Wanted]:
    """The objects that a class wants to have, by identity: its collector's, and what watches it.

    They are written beside the `neighbour`, an item of the input; `wave` is the earliest of the workloads that need
    them. `nodes` are the settings of the collectors on nodes, where they are made here. `operator`: the objects are the
    OpenTelemetry Operator's.
    """
    waves = {names.A_SYNC_WAVE: str(wave)} if wave else {}
    name = f"{oaas_class.name}{'' if oaas_class.name == names.NODE_OWNER else '-otel'}.yaml"
    path = _beside(neighbour.annotations.get(names.A_PATH, ""), name) if neighbour else ""
    file = _beside(neighbour.file, name) if neighbour else ""
    return {
        key_of(asset.data): Wanted(with_annotations(asset.data, waves), oaas_class.ref, path, file)
        for asset in _assets(oaas_class, settings, monitoring, nodes, operator=operator)
    }


def _assets(
    oaas_class: OaasClass, settings: Settings, monitoring: Monitoring, nodes: Settings | None, *, operator: bool
) -> Iterator[Asset]:
    known = source(nodes if settings.node_collector else settings)
    if operator:
        yield from operator_assets(oaas_class, settings, monitored=monitoring.monitors is not None)
    else:
        yield from assets(oaas_class, settings)
        if monitoring.monitors:
            yield from monitor_assets(oaas_class, settings, monitoring.monitors)
    if monitoring.dashboards:
        yield from dashboard_assets(oaas_class, settings, monitoring.dashboards, known)
    if monitoring.rules and oaas_class.name not in names.RESERVED:
        yield from rule_assets(oaas_class, monitoring.rules, known)


def references(wanted: Mapping[Key, Wanted], oaas_class: OaasClass) -> list[dict[str, str]]:
    """What a class's status says of its collector: the objects that run it, or its config where pods carry it."""
    found = {key_of(one.data)[1::2] for one in wanted.values() if one.owner == oaas_class.ref}
    config, name = config_name(oaas_class.name), collector_name(oaas_class.name)
    runs = (("Deployment", name), ("ConfigMap", config), ("OpenTelemetryCollector", object_name(oaas_class.name)))
    return next(([{"kind": kind, "name": called}] for kind, called in runs if (kind, called) in found), [])


def _beside(path: str, name: str) -> str:
    """A file in the folder of another; empty where there is none."""
    return str(PurePath(path).with_name(name)) if path else ""
