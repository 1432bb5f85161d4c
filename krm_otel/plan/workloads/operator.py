"""The OpenTelemetry Operator, in a plan: annotations in place of variables, and pods that it instruments as well."""

from __future__ import annotations

from dataclasses import replace

from krm_otel import names
from krm_otel.collector.naming import client_labels
from krm_otel.collector.operator import A_SIDECAR, active_annotations, operator_annotations
from krm_otel.config.settings import OaasClass, Settings, Tls
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.inject.sdk.variables import DesiredWorkload
from krm_otel.workloads.kinds import Workload


def joined_by_operator(
    workload: Workload, oaas_class: OaasClass, settings: Settings, wanted: DesiredWorkload
) -> DesiredWorkload:
    """What a workload gets in flavor `operator`, from what it would get else: annotations that ask for it.

    What the user's template says to the Operator itself stays.
    """
    if not wanted.containers:
        return wanted
    parts = [part.container for part in wanted.containers]
    containers = [one.name for one in parts] if all(one.named for one in parts) else []
    called = {value for part in wanted.edit.containers for name, value in part.env if name == names.E_SERVICE_NAME}
    service_name = str(called.pop()).replace("$$", "$") if len(called) == 1 else ""
    asked = operator_annotations(oaas_class, settings, containers, service_name)
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
    template = {"annotations": asked, **labels}
    edit = replace(wanted.edit, containers=(), lists={}, template=template, only_template=bool(asked))
    return replace(wanted, edit=edit, containers=(), results=tuple(results))


def met_operator(workload: Workload, settings: Settings) -> list[Result]:
    """What is to be said of a pod that the Operator instruments as well."""
    ref, managed = workload.resource.ref, settings.collector
    beside = managed is not None and managed.mode.value == "sidecar"
    found = []
    for key in active_annotations(workload.template_annotations):
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
