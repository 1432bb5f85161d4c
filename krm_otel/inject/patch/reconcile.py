"""Inject, update and remove: one way, out and in.

What is ours is taken out first (`strip`), then what is wanted is put in (`insert`). So an update equals a fresh
injection, removal is an update to nothing, and running twice gives the same text. Where only values have changed, they
are changed in place (`update`). All of it works on the text of one object and knows nothing of classes or settings.
"""

from __future__ import annotations

from krm_otel.inject.patch.additions import ObjectEdit, PodPath
from krm_otel.inject.patch.insert import insert
from krm_otel.inject.patch.record import Record
from krm_otel.inject.patch.update import places, update
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.query import decode


def put_in(
    base: tuple[str, Mapping],
    current: tuple[str, Mapping],
    record: Record | None,
    pod: PodPath,
    names_of: list[str],
    edit: ObjectEdit,
) -> tuple[str, Record]:
    """The object's new text and its record; raises CannotEdit.

    Args:
        base: text and root of the object without anything of ours.
        current: text and root as they are; the same where nothing of ours is in it.
        record: what is ours in `current`.
        pod: where the pod spec stands.
        names_of: the names of the containers in `current`, by index.
        edit: what is to be put in.
    """
    text, root = current
    if record is None:
        fresh = insert(*base, pod, edit)
        return fresh.text, fresh.record
    edit = edit.standing_before(places(root, record, pod, names_of))
    fresh = insert(*base, pod, edit, text)
    if fresh.text == text:
        return text, fresh.record
    new = update(text, root, pod, names_of, record, edit, fresh) or fresh
    return text if new.text == text or reads_the_same(root, new.root) else new.text, fresh.record


def reads_the_same(old: Mapping, new: Mapping) -> bool:
    """Whether two objects mean the same: then somebody reformatted ours, and no line is changed."""
    try:
        return bool(decode(old) == decode(new))
    except SourceError:
        return False
