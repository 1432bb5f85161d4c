"""What happens to a definition of ClassRuntime in the input: on request it learns the block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from krm_otel.config import names
from krm_otel.crd.definition import block_schema, definition_name
from krm_otel.inject.record import load
from krm_otel.inject.schema import put_block, strip_block
from krm_otel.krm.envelope import Item
from krm_otel.krm.results import Result
from krm_otel.plan.changes import Change
from krm_otel.workloads.fields import field_path
from krm_otel.yamltext.edit import CannotEdit

_KIND: Final = "CustomResourceDefinition"


def plan_definitions(items: Sequence[Item], *, merge: bool) -> tuple[list[Change], list[Result]]:
    """Plans the definitions `classruntimes.oaas.io` of one input; `merge`: they are to have the block.

    The global switch leaves them as they are: without the block, a server would refuse the classes that have one.
    """
    changes: list[Change] = []
    results: list[Result] = []
    for item in items:
        if item.kind != _KIND or item.resource is None or item.resource.name != definition_name():
            continue
        ref = item.resource.ref
        try:
            if (change := _change(item, merge)) is not None:
                changes.append(change)
        except CannotEdit as fault:
            text = f"the block cannot be merged into this definition: {fault.reason}; leave merge_crd out"
            where = field_path(*fault.path) if fault.path else ""
            results.append(Result("cannot-edit", "error", text, ref, where))
    return changes, results


def _change(item: Item, merge: bool) -> Change | None:
    """The change of one definition: strip, then put in; raises CannotEdit."""
    current = item.resource
    assert current is not None
    note = current.annotations.get(names.A_RECORD)
    if note is None and not merge:
        return None
    record = load(note) if note is not None else None
    if note is not None and record is None:
        raise CannotEdit("the record of what was written cannot be read", ("metadata", "annotations", names.A_RECORD))
    text, base = item.text, current
    if record is not None:
        text = strip_block(item.text, current.root, record)
        stripped = item.read(text)
        assert stripped is not None
        base = stripped
    if not merge:
        return Change(current.ref, "removed", names.BLOCK, text)
    new = put_block(text, base.root, block_schema())
    if new == item.text:
        return Change(current.ref, "unchanged", names.BLOCK)
    return Change(current.ref, "updated" if record else "injected", names.BLOCK, new)
