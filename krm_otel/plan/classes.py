"""What happens to ClassRuntimes: their conditions, as results or (with `status: write`) in the object."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from krm_otel.config import names
from krm_otel.config.settings import Configuration, OaasClass
from krm_otel.inject.record import load
from krm_otel.inject.state import put_state, strip_state, written
from krm_otel.krm.envelope import Item
from krm_otel.krm.results import Ref, Result
from krm_otel.plan.changes import Change
from krm_otel.status.conditions import CONFIGURED, DEGRADED, Condition, Tally, conditions
from krm_otel.workloads.fields import field_path
from krm_otel.yamltext.edit import CannotEdit

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
        if item.kind != names.CLASS_KIND or item.resource is None:
            continue
        oaas_class = by_position.get(item.position)
        wanted: tuple[Condition, ...] = ()
        if oaas_class and not off and (oaas_class.enabled or oaas_class.faulty):
            wanted = conditions(oaas_class.settings, tally(oaas_class), faulty=oaas_class.faulty)
        write = configuration.write_status and bool(wanted)
        results += [_said(one, item.resource.ref) for one in wanted if not write or one.type == DEGRADED]
        if not write and names.A_RECORD not in item.resource.annotations:
            continue
        try:
            refs = references(oaas_class) if oaas_class else ()
            changes.append(_change(item, wanted if write else (), refs, now))
        except CannotEdit as fault:
            text = f"its conditions cannot be written safely: {fault.reason}; write status: results-only"
            where = field_path(*fault.path) if fault.path else ""
            results.append(Result("cannot-edit", "error", text, item.resource.ref, where))
    return changes, results


def _change(item: Item, wanted: Sequence[Condition], refs: Sequence[dict[str, str]], now: str) -> Change:
    """The change of one object: strip, then put in; raises CannotEdit."""
    current = item.resource
    assert current is not None
    note = current.annotations.get(names.A_RECORD)
    record = load(note) if note is not None else None
    if note is not None and record is None:
        raise CannotEdit("the record of what was written cannot be read", ("metadata", "annotations", names.A_RECORD))
    text, base = item.text, current
    if record is not None:
        text = strip_state(item.text, current.root, record)
        stripped = item.read(text)
        assert stripped is not None
        base = stripped
    ref = current.ref
    if not wanted:
        return Change(ref, "removed", "conditions", text)
    entries = [one.entry(written(current.root, one.type), now) for one in wanted]
    new = put_state(text, base.root, current.name, entries, refs)
    if new == item.text:
        return Change(ref, "unchanged", "conditions")
    return Change(ref, "updated" if record else "injected", "conditions", new)


def _said(condition: Condition, ref: Ref) -> Result:
    if condition.type == CONFIGURED:
        return Result("telemetry-configured", "info", str(condition), ref)
    return Result("telemetry-degraded", "warning", str(condition), ref)
