"""The plan: what happens to every object of the input, as plain data with the reason for each.

`make_plan` decides and edits nothing but texts in memory; `run` writes them out. `render`, `diff`, `uninject` and the
function itself are uses of one plan. `workloads` decides for what is injected into, `objects` for what is generated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from krm_otel import names
from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.sources.environment import source_date
from krm_otel.diagnostics.result import has_errors
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change, Objects, Plan, Track, untracked
from krm_otel.plan.classes.checks import closing
from krm_otel.plan.classes.conditions import plan_classes
from krm_otel.plan.crds import plan_definitions
from krm_otel.plan.degrade import held_back
from krm_otel.plan.kustomize_generator import echoes, is_generating
from krm_otel.plan.objects.config_readers import reader
from krm_otel.plan.objects.ownership import Key, Taken, Wanted, collisions, existing
from krm_otel.plan.objects.planner import plan_objects
from krm_otel.plan.objects.wanted import references, wanted_objects
from krm_otel.plan.workloads.planner import WorkloadPlanner

__all__ = ["Change", "Objects", "Plan", "Track", "make_plan", "untracked"]


def make_plan(
    items: Sequence[Item],
    function_config: Resource | None,
    environ: Mapping[str, str],
    *,
    remove: bool = False,
    complete: bool = False,
    track: Track = untracked,
) -> Plan:
    """Plans one input.

    Args:
        items: the input's objects.
        function_config: what the orchestrator gave, if anything.
        environ: `OPRC_CRM_*` variables and SOURCE_DATE_EPOCH; others are not looked at.
        remove: take out everything that is ours, whatever the configuration says (`uninject`).
        complete: the input is known to hold every class (a whole folder): an absent class is gone.
        track: goes over the items, and may show how far it is.
    """
    kinds = (names.CLASS_KIND, names.CONFIG_KIND)
    resources = [resource for item in items if item.kind in kinds and (resource := item.resource)]
    configuration, results = resolve(function_config, resources, environ)
    ours = existing(items)
    generating = not remove and is_generating(items, function_config)

    def workloads() -> tuple[WorkloadPlanner, list[Change], dict[Key, Wanted], list[Taken]]:
        planner = WorkloadPlanner(items, configuration, remove=remove, complete=complete)
        changes = [change for item in track(items, "planning") if (change := planner.change(item))]
        if remove or configuration.switched_off is not None:
            return planner, changes, {}, []
        wanted, taken = wanted_objects(items, configuration, planner.census, generating=generating)
        return planner, changes, wanted, [*taken, *collisions(items, wanted, ours)]

    planner, changes, wanted, taken = workloads()
    refused = [*taken, *held_back(planner.kept, ours, wanted, configuration)]
    if configuration.degrade and refused:
        # Who cannot have its objects keeps what it had, and the others go on: planned again without it.
        owners = {owner for owner, _ in refused} & {one.ref for one in configuration.classes}
        results += [replace(said, severity="warning") for owner, said in refused if owner in owners]
        configuration = configuration.without(owners)
        kept = planner.kept
        planner, changes, wanted, taken = workloads()
        # What is wrong with a workload is still so where its class is not planned any more.
        results += [said for one in kept for said in one.results if said not in planner.results]
    results += [said for _, said in taken]
    texts = {change.ref.position: change.text for change in changes if change.text is not None}
    # Who has errors has no new text, and would seem to read what it no longer does.
    read = (lambda *_: None) if has_errors(planner.results) else reader(items, texts, configuration)
    off = remove or configuration.switched_off is not None
    objects, more, said = plan_objects(
        ours, wanted, planner.scope, {key for one in planner.kept for key in one.classes}, read, remove=off
    )
    changes += more
    # What is wrong with the configuration is nothing to somebody who takes everything out.
    told = [] if remove else results
    if not off and not has_errors(planner.results):
        told = [*told, *closing(configuration, planner.census, generating=generating)]
    results = [*told, *planner.results, *said]
    if not has_errors(results):  # else nothing is changed, and nothing is known of what came of it
        more, said = plan_classes(
            items,
            configuration,
            lambda one: planner.census.of(one).tally,
            partial(references, wanted),
            remove=remove,
            now=source_date(environ),
        )
        changes += more
        results += said
        more, said = plan_definitions(items, merge=configuration.merge_crd and not remove)
        changes += more
        results += said
    if generating:
        objects = replace(objects, gone=objects.gone | echoes(items, function_config))
    switch = str(configuration.switched_off) if configuration.switched_off and not remove else ""
    return Plan(tuple(changes), tuple(results), objects, switch)
