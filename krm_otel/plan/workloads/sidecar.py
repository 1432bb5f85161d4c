"""The collector as a sidecar of a pod: what the pod gets, and why it cannot have one.

It imports all that generates a collector, so it is itself imported where a class has one in its pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final

from krm_otel.collector.consistency.references import pod_fields_missing
from krm_otel.collector.manifests.sidecar import Sidecar, sidecar
from krm_otel.collector.naming import client_labels
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings
from krm_otel.config.types.quantity import quantity_text, value
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result, has_errors
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import sidecars as rules
from krm_otel.diagnostics.rules.workloads import INIT_CONTAINER_EARLY
from krm_otel.inject.patch.additions import Additions, Lists
from krm_otel.plan.workloads.host_network import HOST_NETWORK_DNS
from krm_otel.plan.workloads.pod_additions import PodAdditions
from krm_otel.plan.workloads.scraped import check_scraped
from krm_otel.workloads.autoscalers import Autoscalers, check_autoscalers
from krm_otel.workloads.containers import INIT_CONTAINERS, Container
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.pods import container_requests, pod_level, pod_text, runs_to_completion, windows_field
from krm_otel.workloads.select import Selection
from krm_otel.yamltext.query import items_of, lookup, text_of

_HOOKS: Final = ("helm.sh/hook", "argocd.argoproj.io/hook")
_KNATIVE_PORT: Final = 8080
"""Where Knative sends requests to a container that names no port (Knative, runtime contract)."""
_KNATIVE_TAKEN: Final = (8008, 8012, 8013, 8022, 8112, 9090, 9091)
"""The ports of queue-proxy, and those that Knative reserves (knative.dev/serving, `pkg/networking/constants.go`)."""


def sidecar_additions(
    workload: Workload,
    oaas_class: OaasClass,
    settings: Settings,
    managed: CollectorSettings,
    selection: Selection,
    scalers: Autoscalers,
    was_injected: bool,
    has_pod_monitor: bool,
) -> PodAdditions:
    """As `pod_additions`, for a class whose `managed` collector runs in its pods."""
    resource = workload.resource
    if hook := next((key for key in _HOOKS if key in resource.annotations), None):
        text = f"{hook} makes this a hook, which runs before its collector's ConfigMap exists, so it is left alone"
        fix = "write collector.endpoint for its class to instrument it"
        where = Location(resource.ref, field_path("metadata", "annotations", hook))
        result = rules.HOOK_WITHOUT_SIDECAR.at(where, text, fix=fix)
        return PodAdditions(reason_skipped=f"a hook ({hook})", results=(result,))
    is_root = resource.text(*workload.pod_path, "securityContext", "runAsUser") == "0"
    new_sidecar = sidecar(oaas_class, settings, workload.kind.knative, root=is_root)
    same_name = list(_same_name(workload, new_sidecar))
    early = tuple(_before_the_collector(selection, new_sidecar, resource.ref))
    errors = [*_conflicts(workload, new_sidecar, () if was_injected else same_name)]
    if workload.kind.knative:
        errors += pod_fields_missing(managed)
    if errors or has_errors(early):
        return PodAdditions(results=(*errors, *early))
    fix = "delete it to get the generated one back"
    results = [
        rules.SIDECAR_KEPT.at(where, f"{name} was changed by hand and is kept as it is", fix=fix, current=name)
        for where, name in same_name
    ]
    results += check_autoscalers(scalers.of(resource), _function(workload, selection).name)
    results += [*early, *(check_scraped(workload, new_sidecar) if has_pod_monitor else ())]
    template = {"annotations": new_sidecar.annotations}
    if managed.gateway or (has_pod_monitor and not workload.kind.knative):
        # The gateway's NetworkPolicy and the PodMonitor select the pods by these labels. On Knative a PodMonitor has
        # no port to name.
        template["labels"] = client_labels(oaas_class.name)
    lists = _lists(workload, managed, new_sidecar, {name for _, name in same_name})
    # Init containers start in their order: the collector is ready before the first of them that sends.
    chosen = [one.container.index for one in selection.containers if one.container.is_init]
    before = {INIT_CONTAINERS: min(chosen)} if chosen and new_sidecar.native and lists[INIT_CONTAINERS] else {}
    additions = Additions(lists, template, before, _knative_port(workload, selection), names=True)
    return PodAdditions(additions, results=tuple(results))


def _function(workload: Workload, selection: Selection) -> Container:
    """The container that serves: the first that is instrumented, and no init container."""
    ordinary = [one.container for one in selection.containers if not one.container.is_init]
    return (*ordinary, *workload.containers)[0]


def _before_the_collector(selection: Selection, new_sidecar: Sidecar, ref: Ref) -> Iterator[Result]:
    """Warnings for init containers that end before an ordinary container starts; errors where nobody else sends."""
    served = any(one.container.stays for one in selection.containers)
    for one in selection.containers if not new_sidecar.native else ():
        if not one.container.stays:
            text = f"{one.container.name} is an init container, and ends before the pod's collector starts"
            fix = "write mode: deployment, or leave native_sidecar out; Knative takes no native sidecars"
            where = Location(ref, field_path(*one.container.path))
            yield INIT_CONTAINER_EARLY.at(where, text, fix=fix, severity=None if served else "error")


def _lists(workload: Workload, managed: CollectorSettings, new_sidecar: Sidecar, kept: AbstractSet[str]) -> Lists:
    """The sidecar's container and volumes, except those with a kept name, and pull secrets that the pod lacks."""
    containers = () if new_sidecar.container["name"] in kept else (new_sidecar.container,)
    lists: dict[str, tuple[dict[str, Any], ...]] = {
        INIT_CONTAINERS if new_sidecar.native else "containers": containers,
        "volumes": tuple(volume for volume in new_sidecar.volumes if volume["name"] not in kept),
    }
    entries = _entries(workload, *workload.pod_path, "imagePullSecrets")
    existing = {text_of(lookup(entry, "name")) for _, entry in entries}
    missing = tuple({"name": name} for name in managed.pod.image_pull_secrets if name not in existing)
    return {**lists, "imagePullSecrets": missing} if missing else lists


def _conflicts(workload: Workload, new_sidecar: Sidecar, same_name: Iterable[tuple[Location, str]]) -> Iterator[Result]:
    """The errors of a pod that cannot have the sidecar; `same_name` are fields of the user's with its names."""
    ref, pod, fix = workload.resource.ref, workload.pod_path, "write mode: deployment"
    if runs_to_completion(workload) and not new_sidecar.native:
        text = "the pod would never end: its collector is an ordinary container (native_sidecar: false) and goes on"
        fix = "write mode: deployment, or leave native_sidecar out"
        yield rules.SIDECAR_NEVER_ENDS.at(Location(ref, field_path(*pod)), text, fix=fix)
        return
    if workload.resource.text(*pod, "hostNetwork") == "true":
        where = Location(ref, field_path(*pod, "hostNetwork"))
        text = "the pod uses the host's network, where the ports of two collectors would clash"
        dns = "" if pod_text(workload, "dnsPolicy") == HOST_NETWORK_DNS else f", and dnsPolicy: {HOST_NETWORK_DNS}"
        yield rules.SIDECAR_HOST_NETWORK.at(where, text, fix=fix + dns)
    if windows := windows_field(workload):
        where = Location(ref, field_path(*pod, *windows))
        text = "the pod runs on Windows, where a cluster refuses the sidecar's security context"
        yield rules.SIDECAR_WINDOWS.at(where, text, fix=fix)
    yield from _beyond_the_pod(workload, new_sidecar)
    yield from _taken_ports(workload, new_sidecar)
    for where, name in same_name:
        text = f"{name} is a name that the sidecar needs"
        yield rules.SIDECAR_NAME_TAKEN.at(where, text, fix="rename it, or write mode: deployment", current=name)


def _taken_ports(workload: Workload, new_sidecar: Sidecar) -> Iterator[Result]:
    """Errors for ports of the sidecar that the pod has already."""
    ref, fix = workload.resource.ref, "write mode: deployment"
    listeners = {(listener.transport, str(listener.address.port)): listener for listener in new_sidecar.listening.all}
    staying = [container for container in workload.init_containers if container.stays]
    for container in (*workload.containers, *staying):
        if container.name == new_sidecar.container["name"]:
            continue
        for i, entry in _entries(workload, *container.path, "ports"):
            port, transport = text_of(lookup(entry, "containerPort")), text_of(lookup(entry, "protocol")) or "TCP"
            if (transport, port) in listeners:
                where = Location(ref, field_path(*container.path, "ports", i, "containerPort"))
                text = f"the sidecar listens on port {port} of the same pod"
                yield rules.SIDECAR_PORT_TAKEN.at(where, text, fix=fix, current=port)
    if workload.kind.knative:
        function_has_port = any(_entries(workload, *c.path, "ports") for c in workload.containers)
        for port in (*_KNATIVE_TAKEN, *(() if function_has_port else (_KNATIVE_PORT,))):
            if (listener := listeners.get(("TCP", str(port)))) is not None:
                who = "the function" if port == _KNATIVE_PORT else "Knative's queue-proxy"
                text = f"the sidecar's {listener.component} listens on port {port}, which {who} has in a Knative pod"
                path = field_path(*workload.pod_path)
                fix = f"write another port in collector.config at {field_path(*listener.steps)}"
                yield rules.SIDECAR_PORT_TAKEN.at(Location(ref, path), text, fix=fix)


def _beyond_the_pod(workload: Workload, new_sidecar: Sidecar) -> Iterator[Result]:
    """Errors where the resources of the pod as a whole have no room for the sidecar's."""
    requests, limits = pod_level(workload, "requests"), pod_level(workload, "limits")
    asked = new_sidecar.container["resources"]
    for name, amount in asked["requests"].items():
        needed = value(amount) + container_requests(workload, name)
        if name in requests and needed > requests[name]:
            text = f"the pod has less {name} than its containers ask for once the sidecar requests {amount}"
            yield _pod_resources(workload, text, "requests", name, quantity_text(name, needed))
    for name, amount in asked["limits"].items():
        if name in limits and value(amount) > limits[name]:
            text = f"the pod has less {name} than the sidecar's limit of {amount}"
            yield _pod_resources(workload, text, "limits", name, amount)


def _pod_resources(workload: Workload, text: str, section: str, name: str, least: str) -> Result:
    where = Location(workload.resource.ref, field_path(*workload.pod_path, "resources", section, name))
    fix = f"write {least} or more, lower collector.resources.{section}.{name}, or write mode: deployment"
    return rules.SIDECAR_POD_RESOURCES.at(where, text, fix=fix, proposed=least)


def _same_name(workload: Workload, new_sidecar: Sidecar) -> Iterator[tuple[Location, str]]:
    """Containers and volumes of the pod that have a name of the sidecar's: location and name."""
    for key, sidecar_names in (
        ("containers", {new_sidecar.container["name"]}),
        (INIT_CONTAINERS, {new_sidecar.container["name"]}),
        ("volumes", {volume["name"] for volume in new_sidecar.volumes}),
    ):
        for i, entry in _entries(workload, *workload.pod_path, key):
            if (name := text_of(lookup(entry, "name")) or "") in sidecar_names:
                yield Location(workload.resource.ref, field_path(*workload.pod_path, key, i, "name")), name


def _entries(workload: Workload, *path: str | int) -> list[tuple[int, Any]]:
    return list(enumerate(items_of(workload.resource.node(*path))))


def _knative_port(workload: Workload, selection: Selection) -> dict[str, dict[str, tuple[dict[str, Any], ...]]]:
    """The port of the function's container, where no container of a Knative workload has one.

    With two containers Knative requires exactly one port on exactly one of them. Source: knative.dev/serving,
    `validateContainersPorts`.
    """
    if not workload.kind.knative or any(_entries(workload, *c.path, "ports") for c in workload.containers):
        return {}
    function = _function(workload, selection)
    # The API server would fill the protocol in, which Argo CD shows as drift.
    return {function.name: {"ports": ({"containerPort": _KNATIVE_PORT, "protocol": "TCP"},)}}
