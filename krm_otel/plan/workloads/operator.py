"""The OpenTelemetry Operator: annotations in place of variables, and pods that it instruments as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from krm_otel import names
from krm_otel.collector.naming import client_labels
from krm_otel.config.settings import OaasClass, Settings, Tls
from krm_otel.dataclass import replace
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules.workloads import VARIABLE_KEPT
from krm_otel.inject.sdk.variables import DesiredWorkload
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.sdk_profile import SPECIFICATION
from krm_otel.workloads.select import Selection


def with_operator_annotations(
    workload: Workload, oaas_class: OaasClass, settings: Settings, desired: DesiredWorkload
) -> DesiredWorkload:
    """What a workload gets in flavor `operator`: annotations, in place of what it would get in flavor `native`.

    The annotations for the Operator that the user's template has already stay as they are.
    """
    if not desired.containers:
        return desired
    containers = [part.container for part in desired.containers]
    container_names = [container.name for container in containers] if all(c.named for c in containers) else []
    variables = [variable for container in desired.edit.containers for variable in container.env]
    service_names = {value for name, value in variables if name == names.E_SERVICE_NAME}
    service_name = str(service_names.pop()).replace("$$", "$") if len(service_names) == 1 else ""
    from krm_otel.collector.operator import operator_annotations

    annotations = operator_annotations(oaas_class, settings, container_names, service_name)
    existing = workload.template_annotations
    results = list(desired.results)
    for key in sorted(annotations.keys() & existing.keys()):
        if existing[key] != annotations.pop(key):
            text = f"{key} is set in the manifest and is kept as it is"
            results.append(VARIABLE_KEPT.at(_annotation(workload, key), text))
    sends = settings.collector is not None and settings.collector.placement.has_service
    sends |= settings.node_collector is not None
    labels = {"labels": client_labels(oaas_class.name)} if sends else {}
    template = {"annotations": annotations, **labels}
    edit = replace(desired.edit, containers=(), lists={}, template=template, only_template=bool(annotations))
    return replace(desired, edit=edit, containers=(), results=tuple(results))


def operator_conflicts(workload: Workload, settings: Settings) -> Iterator[Result]:
    """The results for a pod that the Operator instruments as well."""
    has_sidecar = settings.collector is not None and settings.collector.placement.in_class_pods
    for key in _active(workload.template_annotations):
        if key == names.A_SIDECAR and has_sidecar:
            text = f"{key} adds the Operator's collector to a pod that has krm-otel's, on the same ports"
            fix = "remove the annotation, or write mode: deployment"
            yield rules.OPERATOR_SIDECAR.at(_annotation(workload, key), text, fix=fix)
        elif key != names.A_SIDECAR:
            text = (
                f"{key} makes the OpenTelemetry Operator instrument this pod, too; it keeps the variables that are set "
                "and sets the others"
            )
            fix = "write flavor: operator in the OTelConfig, or remove the annotation"
            yield rules.OPERATOR_INSTRUMENTED.at(_annotation(workload, key), text, fix=fix)


def _active(annotations: Mapping[str, str]) -> list[str]:
    """The annotations of a pod template that ask the Operator to inject something."""
    keys = [key for key in annotations if key.startswith(names.INJECT_PREFIX) or key == names.A_SIDECAR]
    return [key for key in keys if annotations[key].lower() != "false"]


def unsupported_by_operator(
    workload: Workload, selection: Selection, settings: Settings, class_ref: Ref
) -> Iterator[Result]:
    """What an Instrumentation cannot express.

    It has one endpoint, no headers or certificates that fit those of a backend or of a collector, and the variables of
    OpenTelemetry's specification only.
    """
    for selected in selection.containers:
        if selected.sdk != SPECIFICATION:
            name = selected.container.name
            text = f"{name} has the SDK profile {selected.sdk.name}, which flavor operator cannot express"
            fix = "write flavor: native, or what the SDK reads into the container"
            where = Location(workload.resource.ref, field_path(*selected.container.path))
            yield rules.OPERATOR_CANNOT_SAY.at(where, text, fix=fix, severity="warning")
    where = Location(class_ref, "spec.observability.collector")
    if settings.sender_tls is not None:
        text = "flavor operator cannot express the certificates with which SDKs send to a collector's receivers"
        fix = "leave collector.receiver_tls out, or write flavor: native"
        yield rules.OPERATOR_CANNOT_SAY.at(where, text, fix=fix, proposed="native")
    endpoint = settings.endpoint.value if settings.endpoint else None
    if settings.exporters or (endpoint and (endpoint.headers or endpoint.tls != Tls())):
        text = "flavor operator cannot express endpoints for single signals, headers and certificates of SDKs"
        fix = "send to a collector (mode: deployment), or write flavor: native"
        yield rules.OPERATOR_CANNOT_SAY.at(where, text, fix=fix, proposed="native")


def _annotation(workload: Workload, key: str) -> Location:
    return Location(workload.resource.ref, field_path(*workload.template_path, "metadata", "annotations", key))
