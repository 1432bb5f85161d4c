"""What a matched workload is to have: every variable of every container, with where it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from krm_otel import names
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.inject.patch.additions import Additions, ContainerEdit, ObjectEdit
from krm_otel.inject.sdk.builder import Variable, Wanted
from krm_otel.inject.sdk.environment import EnvSource, Present, Setting, read_environment
from krm_otel.inject.sdk.exporters import Volumes, names_of_volumes, want_exporters
from krm_otel.inject.sdk.identity import Identity, want_identity
from krm_otel.otlp import RATIO, SAMPLERS, decimal
from krm_otel.workloads.containers import Container
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Match
from krm_otel.workloads.select import Selection


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """What one container is to have; `kept` are variables that stay the user's, `merge` what joins one of them."""

    container: Container
    variables: tuple[Variable, ...]
    kept: tuple[str, ...]
    merge: tuple[int, dict[str, str]] | None
    mounts: tuple[dict[str, Any], ...]
    adopted: tuple[tuple[int, str, str], ...] = ()
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """What one workload is to have. `left_alone` are containers with the reason why."""

    class_name: str
    containers: tuple[DesiredContainer, ...]
    volumes: tuple[dict[str, Any], ...]
    left_alone: tuple[tuple[str, str], ...]
    results: tuple[Result, ...]
    additions: Additions = field(default_factory=Additions)
    """What joins the pod beside the environment."""
    enabled_by: str = ""
    template_alone: bool = False
    """The containers stay as they are: what the template's metadata says is all that there is."""

    def edit(self) -> ObjectEdit:
        """The same as an edit of the object."""
        return ObjectEdit(
            self.class_name,
            tuple(
                ContainerEdit(
                    part.container.name,
                    part.container.index,
                    tuple((variable.name, variable.value) for variable in part.variables),
                    part.merge,
                    {"volumeMounts": part.mounts, **self.additions.containers.get(part.container.index, {})},
                    part.adopted,
                    part.own,
                    self.additions.names and not part.container.named,
                )
                for part in self.containers
            ),
            {**self.additions.lists, "volumes": (*self.volumes, *self.additions.lists.get("volumes", ()))},
            self.additions.template,
            self.enabled_by,
            self.template_alone,
        )


def desired(
    workload: Workload,
    oaas_class: OaasClass,
    settings: Settings,
    match: Match,
    selection: Selection,
    source: EnvSource,
    additions: Additions,
    *,
    adopt: Mapping[str, tuple[str, ...]] | None = None,
) -> Desired:
    """What a workload of an enabled class is to have, given the object without anything of ours; `additions` are what
    its class's collector brings. With `adopt` the user's own variables are taken over, but for those
    that it names by container: they were changed since."""
    ref = workload.resource.ref
    containers: list[DesiredContainer] = []
    left = list(selection.skipped)
    results = list(_of_the_kind(workload))
    volumes = Volumes(names_of_volumes(workload.resource.node(*workload.pod_path)))
    for chosen in selection.containers:
        container = chosen.container
        present = read_environment(container, workload.resource.namespace, ref, source)
        results += present.results
        own = adopt.get(container.name, ()) if adopt is not None else ()
        adoptable = _adoptable(present, own) if adopt is not None and not _not_ours(present) else {}
        wanted = Wanted(container, ref, present.without(adoptable))
        if reason := _not_ours(present):
            left.append((container.name, reason))
            wanted.say(
                "container-left-alone", "info", f"{container.name} is left alone: {reason}", field_path(*container.path)
            )
            results += wanted.results
            continue
        want_exporters(wanted, settings, selection.protocol, volumes)
        _want_sampler(wanted, settings)
        wanted.set(names.E_PROPAGATORS, ",".join(settings.propagators.value), settings.propagators.origin)
        want_identity(wanted, Identity(oaas_class, settings, workload, chosen.role, match.component))
        wanted.say_lost()
        adopted = tuple(_adopted(wanted, adoptable))
        results += wanted.results
        containers.append(
            DesiredContainer(
                container,
                tuple(wanted.all_variables()),
                tuple(wanted.kept),
                wanted.merge,
                tuple(wanted.mounts),
                adopted,
                own,
            )
        )
    results += _of_propagators(workload, settings, containers)
    return Desired(
        oaas_class.name,
        tuple(containers),
        volumes.all(),
        tuple(left),
        tuple(results),
        additions,
        oaas_class.enabled_by,
    )


def _adoptable(present: Present, own: tuple[str, ...]) -> dict[str, Setting]:
    """What can be taken over: text in `env` itself, and nothing that may hold a secret, for the record keeps it."""
    return {
        name: setting
        for name, setting in present.settings.items()
        if name in names.ADOPTED
        and name not in own
        and setting.mergeable
        and not re.search("[@?]", setting.value or "")
    }


def _adopted(wanted: Wanted, adoptable: dict[str, Setting]) -> Iterator[tuple[int, str, str]]:
    """The variables that stand where the user has set them by hand; they leave those that are added."""
    for variable in [one for one in wanted.variables if one.name in adoptable]:
        setting, value = adoptable[variable.name], variable.value
        if setting.index is None or not isinstance(value, str):
            continue
        wanted.variables.remove(variable)
        message = f"{variable.name} was set by hand and is taken over; uninject gives the old value back"
        wanted.say("variable-adopted", "info", message, setting.path)
        yield setting.index, variable.name, value


def _not_ours(present: Present) -> str | None:
    """Why nothing is injected into a container that configures its SDK by itself."""
    for name in (names.E_CONFIG_FILE, names.E_EXPERIMENTAL_CONFIG_FILE):
        if present.get(name) and present.value(name) != "":
            return f"{name} is set, which makes the SDK ignore every other variable"
    if (present.value(names.E_DISABLED) or "").lower() == "true":
        return f"{names.E_DISABLED} is true"
    return None


def _want_sampler(wanted: Wanted, settings: Settings) -> None:
    stage, rate = settings.sampling_stage, settings.sampling_rate
    sampler = SAMPLERS[stage.value]
    if wanted.set(names.E_SAMPLER, sampler, stage.origin) and sampler == RATIO:
        wanted.set(names.E_SAMPLER_ARG, decimal(rate.value), rate.origin)


def _of_the_kind(workload: Workload) -> list[Result]:
    """What the cluster will say to a changed template of this kind."""
    ref = workload.resource.ref
    found = []
    if workload.kind.immutable:
        found.append(
            Result("immutable-workload", "warning", workload.kind.immutable, ref, field_path(*workload.pod_path))
        )
    path = (*workload.template_path, "metadata", "name")
    if workload.kind.knative and (revision := workload.resource.text(*path)):
        message = (
            f"the revision has the fixed name {revision}: Knative refuses a changed template under the same name; "
            "change the name with this commit, or leave it out"
        )
        found.append(Result("revision-name-fixed", "warning", message, ref, field_path(*path), revision))
    return found


def _of_propagators(workload: Workload, settings: Settings, containers: list[DesiredContainer]) -> list[Result]:
    chosen = settings.propagators
    injected = any(v.name == names.E_PROPAGATORS for part in containers for v in part.variables)
    if chosen.origin.source != "default" or "b3" not in chosen.value or not injected:
        return []
    severity: Severity = "warning"
    message = (
        "OTEL_PROPAGATORS has b3, because telemetry.propagators is not set: SDKs without a B3 propagator package fail "
        "at start; write propagators: [w3c], or [w3c, b3] where all have it, in the ClassRuntime or OTelConfig"
    )
    return [Result("b3-by-default", severity, message, workload.resource.ref, proposed=["w3c"])]
