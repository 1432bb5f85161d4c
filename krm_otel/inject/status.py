"""Puts conditions and references into the `status` of one ClassRuntime, and takes them out by the record.

A condition of another controller stays as it is, where it is. A condition that somebody else wrote, of a type that
krm-otel writes, gets new values in its place, and its old ones back when they are taken out.
"""

from __future__ import annotations

from collections.abc import Sequence as AbcSequence
from typing import Final

from krm_otel.inject.patch.insert import insert_metadata
from krm_otel.inject.patch.ownership import injected_entries
from krm_otel.inject.patch.record import Adopted, Record, StatusRecord, digest
from krm_otel.inject.patch.strip import strip_list, strip_metadata
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import decode, direct, is_null, items_of, lookup, text_of

# Upstream's spellings.
CONDITIONS: Final = "conditions"
REFS: Final = "resource_refs"
GENERATION: Final = "observed_generation"
_SINCE: Final = "lastTransitionTime"
Entry = dict[str, str]


def put_status(
    text: str, root: Mapping, class_name: str, conditions: AbcSequence[Entry], refs: AbcSequence[Entry]
) -> str:
    """The text of a ClassRuntime with these conditions and references in its status; raises CannotEdit.

    Shapes are upstream's: `{type, status, reason, message, lastTransitionTime}` and `{kind, name}`.
    `observed_generation` is added where the object has a generation and its status none.
    """
    editor = Editor(text, root)
    status = editor.editable("status")
    if not isinstance(status, Mapping) and not is_null(status):
        raise CannotEdit("it is not a mapping", ("status",))
    existing = _by_type(status)
    replaced: dict[str, dict[str, Adopted]] = {}
    added: dict[str, dict[str, str]] = {}
    for condition in conditions:
        if (match := existing.get(condition["type"])) is not None:
            index, entry = match
            # A condition that differs only in its message is right, and stays as it is.
            if any(text_of(direct(entry, key)) != condition[key] for key in ("status", "reason")):
                values = _replace_condition(editor, index, entry, condition)
                replaced[condition["type"]], added[condition["type"]] = values
    new_conditions = [condition for condition in conditions if condition["type"] not in existing]
    existing_refs = [decode(item) for item in items_of(lookup(status, REFS))]
    new_refs = [ref for ref in refs if ref not in existing_refs]
    generation = text_of(lookup(root, "metadata", "generation")) or ""
    adds_generation = generation.isdecimal() and lookup(status, GENERATION) is None
    number = {GENERATION: int(generation)} if adds_generation else {}
    lists = {key: entries for key, entries in ((CONDITIONS, new_conditions), (REFS, new_refs)) if entries}
    opened = _add_members(editor, status, lists, number)
    record = StatusRecord(
        [digest(condition) for condition in new_conditions],
        [digest(ref) for ref in new_refs],
        {condition_type: fields for condition_type, fields in replaced.items() if fields},
        {condition_type: fields for condition_type, fields in added.items() if fields},
        adds_generation,
    )
    if record == StatusRecord():
        return text
    insert_metadata(editor, Record(class_name, opened=opened, status=record))
    return editor.finish()


def _add_members(
    editor: Editor, status: Node | None, lists: dict[str, list[Entry]], number: dict[str, int]
) -> dict[str, str]:
    """Adds entries of lists and a number to the status; returns what the record needs (`Record.opened`)."""
    if not isinstance(status, Mapping) or not status.pairs:
        opened = editor.add(("status",), {**lists, **number})
        return {"status": opened} if opened else {}
    opened_lists = {}
    for key, entries in lists.items():
        if (opened := editor.append(("status", key), entries)) is not None:
            opened_lists[f"status.{key}"] = opened
    for key, value in number.items():
        editor.put(("status", key), value)
    return opened_lists


def strip_status(text: str, root: Mapping, record: Record) -> str:
    """The text of a ClassRuntime without what the record lists; raises CannotEdit. What was edited since stays."""
    editor = Editor(text, root)
    status, status_record = editor.editable("status"), record.status or StatusRecord()
    if isinstance(status, Mapping):
        removed = []
        for key, digests in ((CONDITIONS, status_record.conditions), (REFS, status_record.refs)):
            node = direct(status, key)
            if not isinstance(node, Sequence):
                continue
            added = record.opened.get("status") or record.opened.get(f"status.{key}") == "new"
            if added and len(injected_entries(node, digests)) == len(node.items):
                removed.append(key)
            else:
                strip_list(editor, ("status", key), digests, record.opened.get(f"status.{key}"))
        generation = text_of(lookup(root, "metadata", "generation"))
        if status_record.generation and text_of(direct(status, GENERATION)) == generation:
            removed.append(GENERATION)
        for index, entry in _by_type(status).values():
            _restore_condition(editor, index, entry, status_record)
        if removed:
            keys = [key.value if isinstance(key, Scalar) else None for key, _ in status.pairs]
            editor.remove(("status",), [keys.index(key) for key in removed], record.opened.get("status"))
    strip_metadata(editor, record)
    return editor.finish()


def existing_condition(root: Mapping, condition_type: str) -> Entry:
    """The condition of this type that an object has; empty where it has none."""
    match = _by_type(direct(root, "status")).get(condition_type)
    if match is None:
        return {}
    return {text_of(key) or "": text_of(value) or "" for key, value in match[1].pairs if not is_null(value)}


def _replace_condition(
    editor: Editor, index: int, entry: Mapping, condition: Entry
) -> tuple[dict[str, Adopted], dict[str, str]]:
    """Gives an existing condition new values; returns the replaced and the added fields (`StatusRecord`)."""
    path = ("status", CONDITIONS, index)
    replaced: dict[str, Adopted] = {}
    added: dict[str, str] = {}
    for key, value in condition.items():
        node = direct(entry, key)
        if node is None:
            editor.put((*path, key), value)
            added[key] = digest(value)
        elif not isinstance(node, Scalar):
            raise CannotEdit("it is not a plain value", (*path, key))
        elif node.value != value:
            replaced[key] = Adopted(editor.replace((*path, key), value), digest(value))
    since = direct(entry, _SINCE)
    if _SINCE not in condition and isinstance(since, Scalar) and not is_null(since):
        # The condition has changed since then, and the time of the change is not known.
        replaced[_SINCE] = Adopted(editor.replace((*path, _SINCE), None), digest("null"))
    return replaced, added


def _restore_condition(editor: Editor, index: int, entry: Mapping, record: StatusRecord) -> None:
    path = ("status", CONDITIONS, index)
    condition_type = text_of(direct(entry, "type")) or ""
    for key, replaced in record.replaced.get(condition_type, {}).items():
        node = editor.editable(*path, key)
        if isinstance(node, Scalar) and digest(node.value) == replaced.digest:
            editor.restore((*path, key), replaced.text)
    for key, hashed in record.added.get(condition_type, {}).items():
        if digest(text_of(editor.editable(*path, key)) or "") == hashed:
            editor.remove_key((*path, key))


def _by_type(status: Node | None) -> dict[str, tuple[int, Mapping]]:
    """Condition type → index and entry; of two of one type, the first."""
    conditions: dict[str, tuple[int, Mapping]] = {}
    for i, item in enumerate(items_of(lookup(status, CONDITIONS))):
        if isinstance(item, Mapping):
            conditions.setdefault(text_of(direct(item, "type")) or "", (i, item))
    return conditions
