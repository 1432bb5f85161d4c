"""Objects that are no workloads and have a record all the same: what is ours comes out, what is wanted goes in."""

from __future__ import annotations

from collections.abc import Callable

from krm_otel import names
from krm_otel.inject.patch.record import Record, load
from krm_otel.krm.item import Item
from krm_otel.plan.changes import Change
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.query import decode

Strip = Callable[[str, Mapping, Record], str]
Put = Callable[[str, Mapping], str]


def reconciled(item: Item, what: str, strip: Strip, put: Put | None) -> Change | None:
    """The change of one object; None where nothing of ours is in it and nothing is wanted. Raises CannotEdit.

    Args:
        what: is ours in it, for the line that people read.
        strip: text, object and record → the text without it.
        put: text and object → the text with it; None where it is not wanted.
    """
    current = item.resource
    assert current is not None
    note = current.annotations.get(names.A_RECORD)
    text, root = item.text, current.root
    if note is not None:
        record = load(note)
        if record is None:
            raise CannotEdit(
                "the record of what was written cannot be read", ("metadata", "annotations", names.A_RECORD)
            )
        text = strip(text, root, record)
        stripped = item.read(text)
        assert stripped is not None
        root = stripped.root
    if put is None:
        return Change(current.ref, "removed", what, text) if note is not None else None
    new = put(text, root)
    if new == item.text or (note is not None and _same(item, new, current.root)):
        return Change(current.ref, "unchanged", what)
    return Change(current.ref, "injected" if note is None else "updated", what, new)


def _same(item: Item, new: str, root: Mapping) -> bool:
    """Whether only the writing differs: somebody's tool wrote it in another style, which is no reason to change it."""
    made = item.read(new)
    try:
        return made is not None and decode(made.root) == decode(root)
    except SourceError:
        return False
