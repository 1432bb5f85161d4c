"""The desired state of a matched workload: every variable of every container, with its origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from krm_otel import names
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.credential import is_credential
from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.diagnostics.rules.sampling import B3_BY_DEFAULT
from krm_otel.inject.patch.additions import Additions, ContainerEdit, ObjectEdit
from krm_otel.inject.sdk.builder import ContainerBuilder, InstrumentedContainer
from krm_otel.inject.sdk.common import CommonVariables
from krm_otel.inject.sdk.env_sources import EnvSources
from krm_otel.inject.sdk.environment import ADOPTED, Environment, read_environment
from krm_otel.inject.sdk.exporters import CertificateVolumes, add_exporters
from krm_otel.inject.sdk.host_address import HostVariables, stands_before
from krm_otel.inject.sdk.identity import Identity, add_identity
from krm_otel.inject.sdk.own_endpoints import check_own_endpoints, sends_elsewhere
from krm_otel.inject.sdk.profile import add_sampler, add_switches, check_profile, check_service_name, own_variables
from krm_otel.otlp import Protocol
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Match
from krm_otel.workloads.sdk_profile import NamedProfile
from krm_otel.workloads.select import Selection
from krm_otel.workloads.upstream import function_key
from krm_otel.yamltext.query import items_of, lookup, text_of

_DELTA: Final = frozenset(("delta", "lowmemory"))


@dataclass(frozen=True, slots=True)
class DesiredWorkload:
    """The desired state of one workload.

    Args:
        edit: the edit that puts it into the object.
        containers: the instrumented containers.
        left_alone: names of the other containers, with the reasons.
        results: everything that there is to report.
    """

    edit: ObjectEdit
    containers: tuple[InstrumentedContainer, ...]
    left_alone: tuple[tuple[str, str], ...]
    results: tuple[Result, ...]

    @property
    def services(self) -> tuple[tuple[str, str], ...]:
        """The service names of its functions, each with the function."""
        return tuple(container.service for container in self.containers if container.service)

    @property
    def sends_elsewhere(self) -> bool:
        """Whether every container keeps an endpoint of the user's, so that the class's collector gets nothing."""
        return bool(self.containers) and all(container.sends_elsewhere for container in self.containers)


def desired_workload(
    workload: Workload,
    oaas_class: OaasClass,
    settings: Settings,
    match: Match,
    selection: Selection,
    sources: EnvSources,
    additions: Additions,
    common: CommonVariables,
    *,
    adopt: Mapping[str, tuple[str, ...]] | None = None,
) -> DesiredWorkload:
    """The desired state of a workload of an enabled class.

    Args:
        workload: the workload without anything that krm-otel injected.
        sources: the ConfigMaps and Secrets of the input.
        additions: what the collector of the class adds to the pod.
        common: what containers have in common.
        adopt: variables that the user has set are taken over, except those listed here by container, which somebody
            has edited after they were injected. None: no variable is taken over.
    """
    ref, pod_path = workload.resource.ref, workload.pod_path
    edits: list[ContainerEdit] = []
    containers: list[InstrumentedContainer] = []
    left_alone = list(selection.skipped)
    results = list(_check_template(workload))
    taken = [text_of(lookup(volume, "name")) or "" for volume in items_of(workload.resource.node(*pod_path, "volumes"))]
    volumes = CertificateVolumes(taken)
    for selected in selection.containers:
        container = selected.container
        existing, faults = read_environment(container, workload.resource.namespace, ref, sources)
        results += faults
        if reason := _own_configuration(existing):
            left_alone.append((container.name, reason))
            location = Location(ref, field_path(*container.path))
            results.append(rules.CONTAINER_LEFT_ALONE.at(location, f"{container.name} is left alone, because {reason}"))
            continue
        hand_edited = adopt.get(container.name, ()) if adopt is not None else ()
        own = own_variables(selected.sdk) if adopt is not None else frozenset[str]()
        adoptable = _adoptable(existing, hand_edited, settings, own) if adopt is not None else {}
        others = {name: variable for name, variable in existing.items() if name not in adoptable}
        builder = ContainerBuilder(container, ref, others, adoptable)
        key = function_key(workload, container, oaas_class)
        identity = Identity(
            oaas_class, settings, workload, container, selected.role, match.component, key, selected.sdk
        )
        name = _add_variables(builder, identity, selection.protocol, volumes, common)
        edit, instrumented, container_results = builder.build(additions, hand_edited)
        edits.append(edit)
        elsewhere, service = sends_elsewhere(builder, settings), _service(builder, identity, name)
        containers.append(replace(instrumented, sends_elsewhere=elsewhere, service=service))
        results += container_results
    readers = [one for one in selection.containers if one.sdk.profile.does_read(names.E_PROPAGATORS)]
    results += _check_propagators(workload, settings, edits) if readers else ()
    lists = {**additions.lists, "volumes": (*volumes.all(), *additions.lists.get("volumes", ()))}
    object_edit = ObjectEdit(
        oaas_class.name, tuple(edits), lists, additions.template, oaas_class.enabled_by, before=additions.before
    )
    return DesiredWorkload(object_edit, tuple(containers), tuple(left_alone), tuple(results))


def _add_variables(
    builder: ContainerBuilder,
    identity: Identity,
    protocol: Protocol | None,
    volumes: CertificateVolumes,
    common: CommonVariables,
) -> str | None:
    """Adds every variable of one container, and returns its service name; None where the attributes have it.

    `protocol` is what the workload's annotation asks for.
    """
    settings, sdk, hosts = identity.settings, identity.sdk, HostVariables.of(identity.workload)
    add = partial(_add_common, settings=settings, protocol=protocol, sdk=sdk, hosts=hosts)
    oaas_class = identity.oaas_class
    # The endpoint of a collector in `settings` follows from the class; the platform's classes share their settings.
    depends_on = (oaas_class.settings, oaas_class.namespace, oaas_class.name, protocol, sdk.name, hosts)
    common.add(builder, depends_on, volumes, add)
    service_name = add_identity(builder, identity)
    check_service_name(builder, sdk, service_name)
    return service_name


def _add_common(
    builder: ContainerBuilder,
    volumes: CertificateVolumes,
    *,
    settings: Settings,
    protocol: Protocol | None,
    sdk: NamedProfile,
    hosts: HostVariables,
) -> None:
    """Adds what does not depend on the identity of a container."""
    add_exporters(builder, settings, protocol, sdk, volumes, hosts)
    add_switches(builder, settings, sdk)
    check_own_endpoints(builder)
    _check_temporality(builder, settings)
    add_sampler(builder, settings, sdk)
    builder.set(names.E_PROPAGATORS, ",".join(settings.propagators.value), settings.propagators.origin)
    for name, variable in settings.env.items():
        # The kubelet expands $(NAME) in a value.
        literal = (variable.value.value or "").replace("$", "$$")
        builder.set(name, variable.value.value_from or literal, variable.origin)
    check_profile(builder, settings, sdk)


def _check_temporality(builder: ContainerBuilder, settings: Settings) -> None:
    """Reports delta temporality of metrics, which what stores series does not take.

    OpenTelemetry specification, `metrics/sdk_exporters/otlp.md`: with `delta` and `lowmemory`, SDKs send counters
    and histograms as deltas. See `krm_otel.config.resolve.backends.deltas`.
    """
    variable, configured = builder.existing.get(names.E_TEMPORALITY), settings.env.get(names.E_TEMPORALITY)
    value = variable.value if variable else configured.value.value if configured else None
    if (value or "").lower() not in _DELTA or not settings.metrics.value or settings.deltas == "kept":
        return
    name = f"telemetry.env.{names.E_TEMPORALITY}" if variable is None else names.E_TEMPORALITY
    text = f"{name} is {value}, and the metrics go to a Prometheus, "
    fix = "write cumulative"
    if settings.deltas == "added up":
        text += "for which the collector adds deltas up, anew after each one that is missing"
    else:
        text += "which drops delta sums and histograms"
        if settings.collector or settings.node_collector:
            fix += ", or a deltatocumulative processor in collector.config"
    where = builder.location(variable.path if variable else "")
    builder.report(rules.DELTA_TO_PROMETHEUS.at(where, text, fix=fix, current=value, proposed="cumulative"))


def _service(builder: ContainerBuilder, identity: Identity, name: str | None) -> tuple[str, str] | None:
    """The service name that a function gets here, and the function's key; None where that is not known."""
    key = identity.function_key if identity.role == "function" else None
    return None if name is None or key is None or names.E_SERVICE_NAME in builder.existing else (name, key)


def _adoptable(
    existing: Environment, hand_edited: tuple[str, ...], settings: Settings, own: AbstractSet[str]
) -> Environment:
    """The variables that can be taken over: text in `env`, without anything secret, since the record keeps it.

    An endpoint with a variable that stands behind it is not: in its place the kubelet would not expand it.
    """
    url = settings.endpoint.value.url if settings.endpoint else ""
    return {
        name: variable
        for name, variable in existing.items()
        if (name in ADOPTED or name in own)
        and name not in hand_edited
        and variable.mergeable
        and not re.search("[@?]", variable.value or "")
        and (name != names.E_ENDPOINT or stands_before(existing, name, url))
        and not is_credential(name, variable.value or "")
    }


def _own_configuration(existing: Environment) -> str | None:
    """Why nothing is injected into a container that configures its SDK in another way; None where it does not."""
    for name in (names.E_CONFIG_FILE, names.E_EXPERIMENTAL_CONFIG_FILE):
        if (variable := existing.get(name)) and variable.value != "":
            return f"{name} is set, which makes the SDK ignore every other variable"
    disabled = existing.get(names.E_DISABLED)
    if disabled and (disabled.value or "").lower() == "true":
        return f"{names.E_DISABLED} is true"
    return None


def _check_template(workload: Workload) -> Iterator[Result]:
    """Warnings where the cluster refuses a changed template of this kind."""
    ref = workload.resource.ref
    if workload.kind.immutable:
        location = Location(ref, field_path(*workload.pod_path))
        yield rules.IMMUTABLE_WORKLOAD.at(location, workload.kind.immutable)
    path = (*workload.template_path, "metadata", "name")
    if workload.kind.knative and (revision := workload.resource.text(*path)):
        text = f"the revision has the fixed name {revision}, and Knative refuses a changed template under the same name"
        fix = "change the name in this commit, or leave it out"
        yield rules.REVISION_NAME_FIXED.at(Location(ref, field_path(*path)), text, fix=fix, current=revision)


def _check_propagators(workload: Workload, settings: Settings, edits: list[ContainerEdit]) -> Iterator[Result]:
    propagators = settings.propagators
    injected = any(name == names.E_PROPAGATORS for edit in edits for name, _ in edit.env)
    if propagators.origin.source == "default" and "b3" in propagators.value and injected:
        text = f"{names.E_PROPAGATORS} contains b3 by default, and SDKs without a B3 propagator package fail at start"
        fix = "write propagators: [w3c], or [w3c, b3] where all SDKs have it, in the ClassRuntime or OTelConfig"
        yield B3_BY_DEFAULT.at(workload.resource.ref, text, fix=fix, proposed=["w3c"])
