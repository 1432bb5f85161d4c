"""The draft of a plan: the workloads, planned one by one, and what follows from all of them.

With `on_error: degrade`, a class whose objects cannot be written keeps what it has, and the other classes go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.plan.changes import Change
from krm_otel.plan.objects.generated import (
    Blocked,
    DesiredObject,
    ExistingObject,
    Key,
    desired_objects,
    existing_objects,
    name_collisions,
)
from krm_otel.plan.request import Request, Scope
from krm_otel.plan.summary import Summaries, summarize_classes
from krm_otel.plan.workloads.candidate import KeptWorkload, WorkloadOutcome
from krm_otel.plan.workloads.halves import outcomes_of
from krm_otel.plan.workloads.planner import WorkloadPlanner
from krm_otel.workloads.kinds import mounted_config_maps

_OPERATOR_FIELDS: Final = (("spec", "mode"), ("spec", "exporter", "endpoint"))
"""Fields of the Operator's objects that decide where telemetry goes. Pods ask for these objects by name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known once all workloads are planned.

    Args:
        request: what is planned.
        scope: which classes the input holds.
        outcomes: what happens to each workload, in the order of the input.
        summaries: what the workloads of each class add up to.
        existing: the generated objects of the input.
        desired: the objects that the classes need.
        collisions: the owners of objects whose names are taken, with the errors.
    """

    request: Request
    scope: Scope
    outcomes: Sequence[WorkloadOutcome]
    summaries: Summaries
    existing: Sequence[ExistingObject]
    desired: Mapping[Key, DesiredObject]
    collisions: Sequence[Blocked]

    @property
    def changes(self) -> list[Change]:
        """The changes of the workloads."""
        return [outcome.change for outcome in self.outcomes]

    @property
    def results(self) -> list[Result]:
        """The results of the workloads."""
        return [result for outcome in self.outcomes for result in outcome.results]

    @property
    def kept(self) -> list[KeptWorkload]:
        """The workloads that have errors and keep what they have."""
        return [outcome.kept for outcome in self.outcomes if outcome.kept]


def draft_plan(request: Request) -> Draft:
    """Plans the workloads, one by one, then the objects that their classes need."""
    scope = Scope.of(request)
    planner = WorkloadPlanner.of(request, scope)
    outcomes = outcomes_of(planner, request.items, request.track, two_processes=request.two_processes)
    summaries = summarize_classes(request.configuration, [o.membership for o in outcomes if o.membership])
    existing = existing_objects(request.items)
    desired: dict[Key, DesiredObject] = {}
    collisions: list[Blocked] = []
    if request.is_render:
        desired, collisions = desired_objects(request, summaries)
        collisions += name_collisions(request.items, desired, existing)
    return Draft(request, scope, outcomes, summaries, existing, desired, collisions)


def degraded_draft(draft: Draft) -> tuple[Draft, list[Result]]:
    """The draft in which blocked classes keep what they have, and why they are blocked."""
    configuration = draft.request.configuration
    classes = {oaas_class.ref for oaas_class in configuration.classes}
    blocked = [(owner, result) for owner, result in _blocked_classes(draft) if owner in classes]
    if not blocked:
        return draft, []
    results = [replace(result, severity="warning") for _, result in blocked]
    without_blocked = configuration.without({owner for owner, _ in blocked})
    degraded = draft_plan(replace(draft.request, configuration=without_blocked))
    # The errors of a workload remain, also where its class is not planned any more.
    reported = {repr(result) for result in degraded.results}
    kept_results = [result for outcome in draft.outcomes if outcome.kept for result in outcome.results]
    return degraded, results + [result for result in kept_results if repr(result) not in reported]


def _blocked_classes(draft: Draft) -> list[Blocked]:
    """The owners whose objects cannot be written: a name is taken, or a workload needs the objects as they are.

    A workload that has errors keeps what it has, so it needs its collector as it was. In another mode the same names
    are other objects: a new ConfigMap would break the sidecar that reads it, or the collector that is kept for the
    workload.
    """
    owners = {label: workload for workload in draft.kept for label in workload.owner_labels}
    if not owners:
        return list(draft.collisions)
    readers = {(w.ref.namespace, name): w for w in draft.kept for name in w.config_maps}
    renewed: list[tuple[ExistingObject, DesiredObject]] = []
    for entry in draft.existing:
        label = (entry.resource.namespace, entry.owner_label)
        key = entry.key(draft.desired)
        if key is not None:
            renewed.append((entry, draft.desired[key]))
        elif label in owners:  # the object is kept for that workload
            mounted = mounted_config_maps(entry.resource, draft.request.configuration)
            readers |= {(label[0], name): owners[label] for name in mounted}
    blocked: dict[Ref, Result] = {}
    for entry, new in renewed:
        ref = entry.resource.ref
        workload = readers.get((ref.namespace, ref.name)) if ref.kind == "ConfigMap" else None
        if workload is None and any(entry.resource.text(*path) != _text(new.data, path) for path in _OPERATOR_FIELDS):
            workload = owners.get((ref.namespace, entry.owner_label))
        if workload is not None and not entry.equals(new.data):
            text = (
                f"{workload.ref} has errors and keeps what it had, and needs {ref} as it is, so the whole class keeps "
                "what it had"
            )
            result = rules.CLASS_HELD_BACK.at(new.owner, text, fix=f"fix {workload.ref} first", severity="error")
            blocked.setdefault(new.owner, result)
    return [*draft.collisions, *blocked.items()]


def _text(data: Any, path: Sequence[str]) -> str:
    for key in path:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data if isinstance(data, str) else ""
