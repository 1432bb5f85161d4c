"""In: what is wanted goes into one object that has nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping as AbcMapping
from dataclasses import dataclass
from typing import Any, cast

from krm_otel import names
from krm_otel.inject.patch.additions import ContainerEdit, ObjectEdit, PodPath
from krm_otel.inject.patch.record import Adopted, ContainerRecord, Merge, Record, digest
from krm_otel.inject.sdk import attributes
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.emit import Quoted, SingleQuoted
from krm_otel.yamltext.nodes import Mapping, Scalar, Sequence
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import direct


@dataclass(frozen=True, slots=True)
class Fresh:
    """An object's text with everything in it that was wanted, and the record of that."""

    text: str
    record: Record

    @property
    def root(self) -> Mapping:
        """The object, composed anew."""
        return cast(Mapping, compose(self.text))


def insert(text: str, root: Mapping, pod: PodPath, edit: ObjectEdit, known: str | None = None) -> Fresh:
    """The text with everything in it that `edit` says; raises CannotEdit.

    `known` is the text that this one was stripped from: nearly always it comes to that again.
    """
    editor = Editor(text, root)
    record = Record(edit.class_name, enabled_by=edit.enabled_by)
    for part in edit.containers:
        record.containers[part.name] = _insert_container(editor, pod, part)
    spec = _mapping(editor, *pod)
    for key in _present_first(spec, edit.lists):
        entries = edit.lists[key]
        _note(record.opened, key, editor.append((*pod, key), entries))
        record.lists[key] = [digest(entry) for entry in entries]
    own = edit.template if len(pod) == 1 else {}  # a Pod has one metadata for both
    if not own:
        _insert_template(editor, pod[:-1], edit.template, record)
    insert_metadata(editor, own, record)
    return Fresh(editor.finish(known), record)


def _insert_container(editor: Editor, pod: PodPath, part: ContainerEdit) -> ContainerRecord:
    record = ContainerRecord(own=list(part.own))
    here: tuple[str | int, ...] = (*pod, "containers", part.index)
    container = _mapping(editor, *here)
    env = editor.editable(*here, "env")
    if part.merge:
        index, pairs = part.merge
        value = editor.editable(*here, "env", index, "value")
        if not isinstance(env, Sequence) or not isinstance(value, Scalar):
            raise CannotEdit(f"{names.E_ATTRIBUTES} is no plain value", (*here, "env", index))
        new = attributes.merged(value.value, dict(pairs))
        if new != value.value:
            hashes = {key: digest(pair) for key, pair in pairs.items() if key not in attributes.keys(value.value)}
            record.merge = Merge(editor.replace((*here, "env", index, "value"), new), hashes, digest(new))
    for index, name, text in part.adopted:
        value = editor.editable(*here, "env", index, "value")
        if not isinstance(value, Scalar):
            raise CannotEdit(f"{name} is no plain value", (*here, "env", index))
        record.adopted[name] = Adopted(editor.replace((*here, "env", index, "value"), text), digest(text))
    lists = {"env": [{"name": name, **_entry(value)} for name, value in part.env]}
    lists |= {key: list(entries) for key, entries in part.lists.items()}
    for key in _present_first(container, lists):
        if key == "env" and part.before is not None:
            editor.insert((*here, key), part.before, lists[key])
        else:
            _note(record.opened, key, editor.append((*here, key), lists[key]))
    if part.unnamed:
        editor.put((*here, "name"), part.name)
        record.opened["name"] = "new"
    record.env = {name: digest(value) for name, value in part.env}
    record.lists = {key: [digest(entry) for entry in entries] for key, entries in part.lists.items() if entries}
    return record


def _present_first(parent: Mapping, lists: AbcMapping[str, Any]) -> list[str]:
    """Keys of lists that get entries. A new key goes behind the last line of its parent: a list that ends there has to
    get its entries first."""
    return sorted(filter(lists.get, lists), key=lambda key: direct(parent, key) is None)


def _insert_template(
    editor: Editor, path: PodPath, members: AbcMapping[str, AbcMapping[str, str]], record: Record
) -> None:
    """Members for the metadata of a pod template that is not the object itself."""
    wanted = {kind: {key: Quoted(value) for key, value in pairs.items()} for kind, pairs in members.items() if pairs}
    if not wanted:
        return
    metadata = editor.editable(*path, "metadata")
    if isinstance(metadata, Mapping) and metadata.pairs:
        # What fills an empty key that stands last comes before a new key behind it.
        for kind, pairs in sorted(wanted.items(), key=lambda item: direct(metadata, item[0]) is None):
            _note(record.opened, f"template.{kind}", editor.add((*path, "metadata", kind), pairs))
    else:
        _note(record.opened, "template", editor.add((*path, "metadata"), wanted))
    record.template = {kind: {key: digest(value) for key, value in members[kind].items()} for kind in wanted}


def insert_metadata(editor: Editor, members: AbcMapping[str, AbcMapping[str, str]], record: Record) -> None:
    """Puts the record into an object's own metadata, and `members`, what a bare Pod gets for itself."""
    record.template |= {kind: {k: digest(v) for k, v in pairs.items()} for kind, pairs in members.items() if pairs}
    for kind in record.template if members else ():
        if kind != "annotations":
            pairs = {key: Quoted(value) for key, value in members[kind].items()}
            _note(record.opened, kind, editor.add(("metadata", kind), pairs))
    existing = editor.editable("metadata", "annotations")
    # What kpt and kustomize put there for the way is not on disk: without it, the key may be ours.
    theirs = (
        isinstance(existing, Mapping)
        and bool(existing.pairs)
        and all(isinstance(k, Scalar) and names.in_transit(k.value) for k, _ in existing.pairs)
    )
    # The record says how `annotations` was before, and is itself a value that is added: asked first, added after.
    _note(record.opened, "annotations", "new" if theirs else editor.original(("metadata", "annotations")))
    annotations: dict[str, Any] = {key: Quoted(value) for key, value in members.get("annotations", {}).items()}
    editor.add(("metadata", "annotations"), {**annotations, names.A_RECORD: SingleQuoted(record.dump())})


def _entry(value: str | dict[str, Any]) -> dict[str, Any]:
    return {"value": Quoted(value)} if isinstance(value, str) else {"valueFrom": value}


def _mapping(editor: Editor, *path: str | int) -> Mapping:
    node = editor.editable(*path)
    if not isinstance(node, Mapping):
        raise CannotEdit("it is not a mapping", path)
    return node


def _note(opened: dict[str, str], key: str, state: str | None) -> None:
    if state is not None:
        opened[key] = state
