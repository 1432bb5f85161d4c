"""What happens to a definition of ClassRuntime in the input: on request it learns the block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from krm_otel import names
from krm_otel.crd.definition import DEFINITION_NAME, block_schema
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.inject.crd import put_block, strip_block
from krm_otel.krm.envelope import Item
from krm_otel.plan.changes import Change
from krm_otel.plan.recorded_objects import reconciled
from krm_otel.yamltext.editor import CannotEdit
from krm_otel.yamltext.parse import Mapping

_KIND: Final = "CustomResourceDefinition"


def plan_definitions(items: Sequence[Item], *, merge: bool) -> tuple[list[Change], list[Result]]:
    """Plans the definitions `classruntimes.oaas.io` of one input; `merge`: they are to have the block.

    The global switch leaves them as they are: without the block, a server would refuse the classes that have one.
    """
    changes: list[Change] = []
    results: list[Result] = []
    for item in items:
        if item.kind != _KIND or (found := item.resource) is None or found.name != DEFINITION_NAME:
            continue
        try:
            change = reconciled(item, names.BLOCK, strip_block, _put if merge else None)
        except CannotEdit as fault:
            text = f"the block cannot be merged into this definition: {fault.reason}; leave merge_crd out"
            where = field_path(*fault.path) if fault.path else ""
            results.append(Result("cannot-edit", "error", text, found.ref, where))
        else:
            changes += [change] if change else []
    return changes, results


def _put(text: str, root: Mapping) -> str:
    return put_block(text, root, block_schema())
