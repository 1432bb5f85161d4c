"""What happens to ClassRuntimes: their conditions become results, or go into the object (`status: write`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from krm_otel import names
from krm_otel.conditions import CONFIGURED, DEGRADED, Condition, conditions
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.inject.status import existing_condition, put_status, strip_status
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change
from krm_otel.plan.draft import Draft
from krm_otel.plan.objects.desired import collector_references
from krm_otel.plan.recorded import cannot_edit, reconcile_recorded
from krm_otel.plan.workloads.outcome import class_key
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.nodes import Mapping


def plan_classes(draft: Draft) -> tuple[list[Change], list[Result]]:
    """Plans the ClassRuntimes of one input."""
    request = draft.request
    by_position = {oaas_class.ref.position: oaas_class for oaas_class in request.configuration.classes}
    generated = {(entry.owner, kind, name) for (_, kind, _, name), entry in draft.desired.items()}
    changes: list[Change] = []
    results: list[Result] = []
    for item in request.items:
        if item.kind != names.CLASS_KIND or (resource := item.resource) is None:
            continue
        oaas_class = by_position.get(item.position)
        put = None
        if oaas_class and request.is_render and (oaas_class.enabled or oaas_class.faulty):
            summary = draft.summaries[class_key(oaas_class)]
            current = conditions(oaas_class.settings, summary.instrumented, summary.failed, faulty=oaas_class.faulty)
            write = request.configuration.write_status
            results += [_result(c, resource.ref) for c in current if not write or c.type == DEGRADED]
            if write:
                references = collector_references(oaas_class, generated)
                put = partial(_put, resource, current, references, request.now)
        try:
            change = reconcile_recorded(item, resource, "conditions", strip_status, put)
        except CannotEdit as error:
            text = f"its conditions cannot be written safely: {error.reason}"
            results.append(cannot_edit(resource.ref, error, text, fix="write status: results-only"))
        else:
            changes += [change] if change else []
    return changes, results


def _put(
    resource: Resource,
    current: Sequence[Condition],
    references: Sequence[dict[str, str]],
    now: str,
    text: str,
    root: Mapping,
) -> str:
    entries = [condition.entry(existing_condition(resource.root, condition.type), now) for condition in current]
    return put_status(text, root, resource.name, entries, references)


def _result(condition: Condition, ref: Ref) -> Result:
    rule = rules.TELEMETRY_CONFIGURED if condition.type == CONFIGURED else rules.TELEMETRY_DEGRADED
    return rule.at(ref, str(condition))
