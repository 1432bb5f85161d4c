"""One workload during planning: as it is in the input, its base without the injection, and the outcome of planning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from krm_otel import names
from krm_otel.config.settings import OaasClass
from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.inject.patch.additions import ObjectEdit
from krm_otel.inject.patch.ownership import InjectedObject, hand_edited
from krm_otel.inject.patch.reconcile import reconcile
from krm_otel.inject.patch.record import Record
from krm_otel.inject.patch.strip import mounted_volumes, strip
from krm_otel.inject.sdk.variables import DesiredWorkload
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change
from krm_otel.workloads.kinds import Workload


@dataclass(frozen=True, slots=True)
class Candidate:
    """A workload of the input.

    Args:
        item: its place in the input.
        current: the workload as it is.
        injected: the same with its record; None where krm-otel injected nothing.
        text: its text without what the record names.
        base: the workload of that text.
    """

    item: Item
    current: Workload
    injected: InjectedObject | None
    text: str
    base: Workload

    @classmethod
    def of(cls, item: Item, current: Workload, injected: InjectedObject | None) -> Candidate:
        """Takes out what krm-otel injected, if anything; raises CannotEdit."""
        if injected is None:
            return cls(item, current, None, item.text, current)
        return cls(item, current, injected, injected.text, current)._without(injected)

    @property
    def record(self) -> Record | None:
        """What krm-otel injected; None where it injected nothing."""
        return self.injected.record if self.injected else None

    @property
    def ref(self) -> Ref:
        """The workload, for results."""
        return self.current.resource.ref

    def keeping_mounted_volumes(self, renewed: AbstractSet[str] = frozenset()) -> Candidate:
        """The same, with the injected volumes that a container of the user's mounts.

        `renewed` are the names of volumes that are injected again.
        """
        if self.injected is None or "volumes" not in self.injected.record.lists:
            return self
        mounted = mounted_volumes(self.injected) - renewed
        return self._without(self.injected, mounted) if mounted else self

    def edited_variables(self) -> dict[str, tuple[str, ...]]:
        """Container → the injected variables that somebody changed by hand since."""
        return hand_edited(self.injected) if self.injected else {}

    def with_edit(self, edit: ObjectEdit) -> tuple[str, Record]:
        """The text with an edit in it, and the record of the edit; raises CannotEdit."""
        return reconcile((self.text, self.base.resource.root), self.base.pod_path, edit, self.injected)

    def _without(self, injected: InjectedObject, kept_volumes: AbstractSet[str] = frozenset()) -> Candidate:
        stripped = self.item.read(text := strip(injected, kept_volumes))
        assert stripped is not None
        return replace(self, text=text, base=Workload(stripped, self.current.kind))


# --- what planning one workload returns; it does not depend on any other workload ------------------------------------

ClassKey = tuple[Ref, str, str]
"""What identifies a class within one input: its ref, namespace and name. The platform's class has no ref."""


def class_key(oaas_class: OaasClass) -> ClassKey:
    """The key of a class."""
    return oaas_class.ref, oaas_class.namespace, oaas_class.name


@dataclass(frozen=True, slots=True)
class Membership:
    """What one workload contributes to the summary of its class.

    Args:
        key: the class.
        position: the workload's position in the input.
        sync_wave: when Argo CD applies the workload; None where krm-otel selects none of its containers.
        is_instrumented: the workload sends telemetry, or would if its manifest did not set everything itself.
        has_errors: it cannot be instrumented.
        component: for the platform's class, the key of its component.
        sdk_rules: the indices in `sdk.select` of the rules that fit its containers.
        sends_elsewhere: all of its containers keep an endpoint of the user's.
        services: the service names of its functions, each with the function.
    """

    key: ClassKey
    position: int
    sync_wave: int | None = None
    is_instrumented: bool = False
    has_errors: bool = False
    component: str = ""
    sdk_rules: frozenset[int] = frozenset()
    sends_elsewhere: bool = False
    services: tuple[tuple[str, str], ...] = ()

    def instrumented(self, desired: DesiredWorkload) -> Membership:
        """The contribution of a workload that is instrumented in this way."""
        elsewhere, services = desired.sends_elsewhere, desired.services
        return replace(self, is_instrumented=True, sends_elsewhere=elsewhere, services=services)


@dataclass(frozen=True, slots=True)
class KeptWorkload:
    """A workload that has errors and keeps what it has (`on_error: degrade`).

    Args:
        ref: the workload.
        owner_labels: (namespace, label `oaas.io/owner`) of the objects that it may still need.
        config_maps: the names of the ConfigMaps that its pods mount.
    """

    ref: Ref
    owner_labels: frozenset[tuple[str, str]]
    config_maps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkloadOutcome:
    """The change of one workload, its results, and what follows for its class."""

    change: Change
    results: tuple[Result, ...] = ()
    membership: Membership | None = None
    kept: KeptWorkload | None = None

    def after(self, earlier: Iterable[Result]) -> WorkloadOutcome:
        """The same outcome with the results of earlier steps in front."""
        results = (*earlier, *self.results)
        return replace(self, results=results) if len(results) > len(self.results) else self


def sync_wave(resource: Resource) -> int:
    """When Argo CD applies a workload; 0 where the annotation is absent, or is not a number that Argo CD can read."""
    value = resource.annotations.get(names.A_SYNC_WAVE, "")
    return int(value) if re.fullmatch(r"[+-]?[0-9]{1,9}", value) else 0
