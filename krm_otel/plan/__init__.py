"""The plan: what happens to every object of the input, as plain data with the reason for each.

`make_plan` changes only texts in memory; `run` puts them together. `render`, `diff`, `uninject` and the function itself
use the same plan. Planning has two steps:

1. `draft_plan` plans workloads, each independently of the others (`workloads`), then adds up what they mean for
   their classes (`summary`) and which objects the classes need (`objects.generated`).
2. `plan_objects`, `plan_classes` and `plan_definitions` plan everything that depends on the workloads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from krm_otel import names
from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.sources.shared import source_date
from krm_otel.diagnostics.result import has_errors
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change, ObjectChanges, Plan, Track, untracked
from krm_otel.plan.classes import check_classes, plan_classes
from krm_otel.plan.copies import check_copies
from krm_otel.plan.draft import degraded_draft, draft_plan
from krm_otel.plan.near_misses import near_misses
from krm_otel.plan.recorded import plan_definitions
from krm_otel.plan.request import Purpose, Request
from krm_otel.workloads.kustomizations import Kustomizations

__all__ = ["Change", "ObjectChanges", "Plan", "Track", "make_plan", "untracked"]


def make_plan(
    items: Sequence[Item],
    function_config: Resource | None,
    environ: Mapping[str, str],
    *,
    remove: bool = False,
    complete: bool = False,
    track: Track = untracked,
    two_processes: bool = False,
) -> Plan:
    """Plans one input.

    Args:
        items: the input's objects.
        function_config: what the orchestrator gave, if anything.
        environ: the environment; only `OPRC_CRM_*` and SOURCE_DATE_EPOCH are read.
        remove: take out everything of krm-otel, whatever the configuration says (`uninject`).
        complete: the input is a whole folder, so a class that is not in it is deleted.
        track: iterates over the items, and may show the progress.
        two_processes: a child process may plan half of a large input.
    """
    kinds = (names.CLASS_KIND, names.CONFIG_KIND)
    kustomizations = Kustomizations.of(items)
    resources = [resource for item in items if item.kind in kinds and (resource := item.resource)]
    resources = [resource for resource in resources if not kustomizations.naming(resource)]
    configuration, configuration_results = resolve(function_config, resources, environ)
    # Errors of the configuration do not matter to a user who takes everything out.
    results = [] if remove else [*configuration_results]
    generator = None
    if function_config is not None and not remove:
        from krm_otel.plan.kustomize_generator import generator_config

        generator = generator_config(items, function_config)
    purpose: Purpose = "render" if configuration.switched_off is None else "switched off"
    purpose = "uninject" if remove else purpose
    now = source_date(environ)
    request = Request(items, configuration, purpose, complete, generator, kustomizations, now, track, two_processes)

    draft = draft_plan(request)
    if configuration.degrade:
        draft, degrade_results = degraded_draft(draft)
        results += degrade_results
    results += [result for _, result in draft.collisions]
    if request.is_render and not has_errors(draft.results):
        results += [*check_classes(draft), *check_copies(draft.changes), *near_misses(draft)]
    changes = draft.changes
    results += draft.results
    objects = ObjectChanges()
    if draft.existing or draft.desired or generator is not None:
        from krm_otel.plan.objects.planner import plan_objects

        objects, object_changes, object_results = plan_objects(draft)
        changes += object_changes
        results += object_results
    if not has_errors(results):  # otherwise nothing is changed, and the conditions of the classes are not known
        for class_changes, class_results in (plan_classes(draft), plan_definitions(request)):
            changes += class_changes
            results += class_results
    return Plan(tuple(changes), tuple(results), objects, request.switched_off, configuration, kustomizations)
