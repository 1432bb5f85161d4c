"""Conditions and references in and out of the `status` of one ClassRuntime, with the record of that.

A condition of another controller stays as it is, where it is. One of a type of ours that somebody else wrote gets our
values in its place, and its own ones back when ours go.
"""

from __future__ import annotations

from collections.abc import Sequence as AbcSequence
from typing import Any, Final

from krm_otel.inject.patch.additions import our_entries
from krm_otel.inject.patch.insert import insert_metadata
from krm_otel.inject.patch.record import Adopted, Record, StateRecord, digest
from krm_otel.inject.patch.strip import strip_list, strip_metadata
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import decode, direct, is_null, lookup, text_of

# Upstream's spellings.
CONDITIONS: Final = "conditions"
REFS: Final = "resource_refs"
GENERATION: Final = "observed_generation"
_SINCE: Final = "lastTransitionTime"
_NO_POD: Final = ("", "")
Entry = dict[str, str]


def put_state(
    text: str, root: Mapping, class_name: str, conditions: AbcSequence[Entry], refs: AbcSequence[Entry]
) -> str:
    """The text of a ClassRuntime with these conditions and references in its status; raises CannotEdit.

    Shapes are upstream's: `{type, status, reason, message, lastTransitionTime}` and `{kind, name}`.
    `observed_generation` is added where the object tells a generation and its status none.
    """
    editor = Editor(text, root)
    record = Record(class_name, state=StateRecord())
    state = record.state
    assert state is not None
    status = editor.editable("status")
    if not isinstance(status, Mapping) and not is_null(status):
        raise CannotEdit("it is not a mapping", ("status",))
    there = _by_type(status)
    for one in conditions:
        if (found := there.get(one["type"])) is not None:
            index, entry = found
            # Another wording is no change: what is right stays as it is.
            if any(text_of(direct(entry, key)) != one[key] for key in ("status", "reason")):
                _renew(editor, index, entry, one, state)
    new = [one for one in conditions if one["type"] not in there]
    missing = [one for one in refs if one not in _entries(status, REFS)]
    state.conditions, state.refs = [digest(one) for one in new], [digest(one) for one in missing]
    generation = text_of(lookup(root, "metadata", "generation")) or ""
    state.generation = generation.isdecimal() and lookup(status, GENERATION) is None
    number = {GENERATION: int(generation)} if state.generation else {}
    lists = {key: entries for key, entries in ((CONDITIONS, new), (REFS, missing)) if entries}
    if isinstance(status, Mapping) and status.pairs:
        for key, entries in lists.items():
            if (opened := editor.append(("status", key), entries)) is not None:
                record.opened[f"status.{key}"] = opened
        for key, value in number.items():
            editor.put(("status", key), value)
    elif opened := editor.add(("status",), {**lists, **number}):
        record.opened["status"] = opened
    if state == StateRecord():
        return text
    insert_metadata(editor, {}, record)
    return editor.finish()


def strip_state(text: str, root: Mapping, record: Record) -> str:
    """The text of a ClassRuntime without what the record says is ours; raises CannotEdit. What was edited stays."""
    editor = Editor(text, root)
    status, state = editor.editable("status"), record.state or StateRecord()
    if isinstance(status, Mapping):
        gone = []
        for key, digests in ((CONDITIONS, state.conditions), (REFS, state.refs)):
            node = direct(status, key)
            if not isinstance(node, Sequence):
                continue
            ours = record.opened.get("status") or record.opened.get(f"status.{key}") == "new"
            if ours and len(our_entries(node, digests)) == len(node.items):
                gone.append(_index(status, key))
            else:
                strip_list(editor, ("status", key), digests, record.opened.get(f"status.{key}"))
        if state.generation and text_of(direct(status, GENERATION)) == text_of(lookup(root, "metadata", "generation")):
            gone.append(_index(status, GENERATION))
        for index, entry in _by_type(status).values():
            _give_back(editor, index, entry, state)
        if gone:
            editor.remove(("status",), gone, record.opened.get("status"))
    strip_metadata(editor, record, _NO_POD)
    return editor.finish()


def written(root: Mapping, kind: str) -> Entry:
    """The condition of this type that an object has; empty where it has none."""
    found = _by_type(direct(root, "status")).get(kind)
    if found is None:
        return {}
    return {text_of(key) or "": text_of(value) or "" for key, value in found[1].pairs if not is_null(value)}


def _renew(editor: Editor, index: int, entry: Mapping, wanted: Entry, state: StateRecord) -> None:
    """Gives a condition that stands there our values."""
    kind = wanted["type"]
    for key, value in wanted.items():
        node = direct(entry, key)
        path = ("status", CONDITIONS, index, key)
        if node is None:
            editor.put(path, value)
            state.added.setdefault(kind, {})[key] = digest(value)
        elif not isinstance(node, Scalar):
            raise CannotEdit("it is no plain value", path)
        elif node.value != value:
            old = editor.replace(path, value)
            state.replaced.setdefault(kind, {})[key] = Adopted(old, digest(value))
    since = direct(entry, _SINCE)
    if _SINCE not in wanted and isinstance(since, Scalar) and not is_null(since):
        # It is not so since then, and since when is not known.
        state.replaced.setdefault(kind, {})[_SINCE] = Adopted(
            editor.replace(("status", CONDITIONS, index, _SINCE), None), digest("null")
        )


def _give_back(editor: Editor, index: int, entry: Mapping, state: StateRecord) -> None:
    kind = text_of(direct(entry, "type")) or ""
    for key, one in state.replaced.get(kind, {}).items():
        node = editor.editable("status", CONDITIONS, index, key)
        if isinstance(node, Scalar) and digest(node.value) == one.digest:
            editor.restore(("status", CONDITIONS, index, key), one.text)
    for key, hashed in state.added.get(kind, {}).items():
        if digest(text_of(editor.editable("status", CONDITIONS, index, key)) or "") == hashed:
            editor.remove_key(("status", CONDITIONS, index, key))


def _by_type(status: Node | None) -> dict[str, tuple[int, Mapping]]:
    """Condition type → index and entry; of two of one type, the first."""
    node = lookup(status, CONDITIONS) if status is not None else None
    found: dict[str, tuple[int, Mapping]] = {}
    for i, item in enumerate(node.items if isinstance(node, Sequence) else ()):
        if isinstance(item, Mapping):
            found.setdefault(text_of(direct(item, "type")) or "", (i, item))
    return found


def _entries(status: Node | None, key: str) -> list[Any]:
    node = lookup(status, key) if status is not None else None
    return [decode(item) for item in node.items] if isinstance(node, Sequence) else []


def _index(mapping: Mapping, key: str) -> int:
    return next(i for i, (k, _) in enumerate(mapping.pairs) if isinstance(k, Scalar) and k.value == key)
