"""What happens to ClassRuntimes: their conditions, as results or (with `status: write`) in the object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from krm_otel import names
from krm_otel.conditions import CONFIGURED, DEGRADED, Condition, Tally, conditions
from krm_otel.config.settings import Configuration, OaasClass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.inject.status import existing_condition, put_status, strip_status
from krm_otel.krm.item import Item
from krm_otel.plan.changes import Change
from krm_otel.plan.recorded_objects import reconciled
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.nodes import Mapping

References = Callable[[OaasClass], Sequence[dict[str, str]]]
"""Class → its collector's objects, `{kind, name}` each."""


def plan_classes(
    items: Sequence[Item],
    configuration: Configuration,
    tally: Callable[[OaasClass], Tally],
    references: References,
    *,
    remove: bool,
    now: str,
) -> tuple[list[Change], list[Result]]:
    """Plans the ClassRuntimes of one input.

    Args:
        items: the input's objects.
        configuration: its classes, and whether conditions are written into them.
        tally: what came of a class's workloads.
        references: which objects its collector is.
        remove: take out what is ours.
        now: `lastTransitionTime` of a condition that changes; empty: it has none.
    """
    by_position = {one.ref.position: one for one in configuration.classes}
    off = remove or configuration.switched_off is not None
    changes: list[Change] = []
    results: list[Result] = []
    for item in items:
        if item.kind != names.CLASS_KIND or (found := item.resource) is None:
            continue
        oaas_class = by_position.get(item.position)
        wanted: tuple[Condition, ...] = ()
        if oaas_class and not off and (oaas_class.enabled or oaas_class.faulty):
            wanted = conditions(oaas_class.settings, tally(oaas_class), faulty=oaas_class.faulty)
        write = configuration.write_status and bool(wanted)
        results += [_said(one, found.ref) for one in wanted if not write or one.type == DEGRADED]
        put = partial(_put, item, wanted, references, oaas_class, now) if write and oaas_class else None
        try:
            change = reconciled(item, "conditions", strip_status, put)
        except CannotEdit as fault:
            text = f"its conditions cannot be written safely: {fault.reason}; write status: results-only"
            where = field_path(*fault.path) if fault.path else ""
            results.append(Result("cannot-edit", "error", text, found.ref, where))
        else:
            changes += [change] if change else []
    return changes, results


def _put(
    item: Item,
    wanted: Sequence[Condition],
    references: References,
    oaas_class: OaasClass,
    now: str,
    text: str,
    root: Mapping,
) -> str:
    current = item.resource
    assert current is not None
    entries = [one.entry(existing_condition(current.root, one.type), now) for one in wanted]
    return put_status(text, root, current.name, entries, references(oaas_class))


def _said(condition: Condition, ref: Ref) -> Result:
    if condition.type == CONFIGURED:
        return Result("telemetry-configured", "info", str(condition), ref)
    return Result("telemetry-degraded", "warning", str(condition), ref)
