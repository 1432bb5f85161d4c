"""The draft of a plan: the workloads, planned one by one, and what follows from all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from krm_otel.collector.naming import label_value
from krm_otel.diagnostics.result import Result
from krm_otel.plan.changes import Change
from krm_otel.plan.classes.summary import Summaries, summarize_classes
from krm_otel.plan.objects.desired import desired_objects
from krm_otel.plan.objects.identity import (
    Blocked,
    DesiredObject,
    ExistingObject,
    Key,
    existing_objects,
    name_collisions,
)
from krm_otel.plan.request import Request
from krm_otel.plan.scope import Scope
from krm_otel.plan.workloads.outcome import KeptWorkload, WorkloadOutcome
from krm_otel.plan.workloads.planner import WorkloadPlanner


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
        collisions: what owns objects whose names are taken, with the errors.
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
    outcomes = [outcome for item in request.track(request.items, "planning") if (outcome := planner.plan(item))]
    memberships = [outcome.membership for outcome in outcomes if outcome.membership]
    summaries = summarize_classes(request.configuration, planner.matcher, memberships)
    existing = existing_objects(request.items)
    desired: dict[Key, DesiredObject] = {}
    collisions: list[Blocked] = []
    if request.is_render:
        desired, collisions = desired_objects(request, summaries)
        collisions += name_collisions(request.items, desired, existing)
    return Draft(request, scope, outcomes, summaries, existing, desired, collisions)


def owner_labels(kept: KeptWorkload) -> set[tuple[str, str]]:
    """(namespace, label `oaas.io/owner`) of the objects that a workload may still need."""
    return {(namespace, label_value(name)) for namespace, name in kept.classes}
