"""Objects that have a record and are not workloads: ClassRuntimes with conditions, and the definition of ClassRuntime.

The old part that krm-otel wrote is taken out first, then the new one is put in.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_otel import names
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import inputs as rules
from krm_otel.inject.patch.record import Record, load
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change
from krm_otel.plan.claims import foreign_claim_of_status
from krm_otel.plan.request import Request
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.query import same_data

Strip = Callable[[str, Mapping, Record], str]
Put = Callable[[str, Mapping], str]


def plan_definitions(request: Request) -> tuple[list[Change], list[Result]]:
    """Plans the definitions `classruntimes.oaas.io`: with `merge_crd` they get the schema of the block.

    The global switch leaves them as they are: without the block, a server would refuse the classes that have one.
    """
    merge = request.configuration.merge_crd and request.purpose != "uninject"
    changes: list[Change] = []
    results: list[Result] = []
    for item in request.items:
        if item.kind != "CustomResourceDefinition" or (definition := item.resource) is None:
            continue
        if definition.name != names.CLASS_DEFINITION:
            continue
        from krm_otel.inject.crd import strip_block

        put, problem = _put_block if merge else None, "the block cannot be merged into this definition"
        change, faults = plan_recorded(
            item, definition, names.BLOCK, strip_block, put, problem, fix="leave merge_crd out"
        )
        changes += change
        results += faults
    return changes, results


def plan_recorded(
    item: Item, current: Resource, what: str, strip: Strip, put: Put | None, problem: str, *, fix: str
) -> tuple[list[Change], list[Result]]:
    """The change of one object, if krm-otel has something in it or adds something.

    Args:
        item: the object's place in the input.
        current: the object as it is.
        what: what krm-otel writes into it, for the line that people read.
        strip: text, object and record → the text without it.
        put: text and object → the text with it; None where nothing is added.
        problem, fix: the error where the object cannot be edited safely.
    """
    try:
        change = _change(item, current, what, strip, put)
    except CannotEdit as error:
        return [], [cannot_edit(current.ref, error, f"{problem}: {error.reason}", fix=fix)]
    return [change] if change else [], []


def _change(item: Item, current: Resource, what: str, strip: Strip, put: Put | None) -> Change | None:
    annotation = current.annotations.get(names.A_RECORD)
    text, root = item.text, current.root
    if annotation is not None:
        record = load(annotation)
        path = ("metadata", "annotations", names.A_RECORD)
        if record is None:
            raise CannotEdit("the record of what was written cannot be read", path)
        if record.status is not None and (foreign := foreign_claim_of_status(root, record.status)):
            raise CannotEdit(f"the record claims {foreign}, which krm-otel does not write", path)
        text = strip(text, root, record)
        stripped = item.read(text)
        assert stripped is not None
        root = stripped.root
    if put is None:
        return Change(current.ref, "removed", what, text, role="definition") if annotation is not None else None
    new = put(text, root)
    # Where only the style differs, another tool wrote the object, which is no reason to change it.
    is_same = new == item.text or (
        annotation is not None and (resource := item.read(new)) is not None and same_data(current.root, resource.root)
    )
    if is_same:
        return Change(current.ref, "unchanged", what, role="definition")
    return Change(current.ref, "injected" if annotation is None else "updated", what, new, role="definition")


def cannot_edit(ref: Ref, error: CannotEdit, text: str = "", *, fix: str = "") -> Result:
    """The error of an object that cannot be edited safely; `text` says more of what was tried."""
    path = field_path(*error.path) if error.path else ""
    return rules.CANNOT_EDIT.at(Location(ref, path), text or f"this cannot be edited safely: {error.reason}", fix=fix)


def _put_block(text: str, root: Mapping) -> str:
    from krm_otel.crd.definition import block_schema
    from krm_otel.inject.crd import put_block

    return put_block(text, root, block_schema())
