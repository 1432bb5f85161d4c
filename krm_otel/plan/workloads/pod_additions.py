"""What a managed collector means for the pods of its class: a sidecar, or a label by which they may send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from krm_otel.collector.manifests.sidecar import Sidecar, sidecar
from krm_otel.collector.naming import client_labels
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.inject.patch.additions import Additions
from krm_otel.workloads.autoscalers import Autoscalers, check_autoscalers
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.select import Selection
from krm_otel.yamltext.nodes import Sequence
from krm_otel.yamltext.query import lookup, text_of

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
    scalers: Autoscalers,
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
    told = [*(_kept(ref, *one) for one in taken), *check_autoscalers(scalers.of(workload.resource), first)]
    return Joined(additions, results=tuple(told))


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
