"""Puts an edit into an object that has nothing injected."""

from __future__ import annotations

from collections.abc import Mapping as AbcMapping
from dataclasses import dataclass
from typing import Any, cast

from krm_otel import names
from krm_otel.inject.patch.additions import ContainerEdit, Metadata, ObjectEdit, PodPath
from krm_otel.inject.patch.record import Adopted, ContainerRecord, Merge, Record, digest
from krm_otel.inject.sdk import attributes
from krm_otel.yamltext.editor import CannotEdit, Editor
from krm_otel.yamltext.emit import Quoted, SingleQuoted
from krm_otel.yamltext.parse import Mapping, Scalar, compose, direct


@dataclass(frozen=True, slots=True)
class Injection:
    """An object's text with an edit in it, and the record of that."""

    text: str
    record: Record

    @property
    def root(self) -> Mapping:
        """The object, composed anew."""
        return cast(Mapping, compose(self.text))


def insert(text: str, root: Mapping, pod: PodPath, edit: ObjectEdit, known: str | None = None) -> Injection:
    """The text with an edit in it; raises CannotEdit.

    `known` is the text that this one was stripped from, which is nearly always the outcome again.
    """
    editor = Editor(text, root)
    record = Record(edit.class_name, enabled_by=edit.enabled_by)
    for container in edit.containers:
        record.containers[container.name] = _insert_container(editor, pod, container)
    spec = _mapping(editor, *pod)
    for key in _existing_first(spec, edit.lists):
        editor.reach(*pod, key)
        entries = edit.lists[key]
        record.opened |= _opened(key, editor.append(spec, key, list(entries)))
        record.lists[key] = _digests(entries)
    if len(pod) == 1:  # a Pod has one metadata for both
        insert_metadata(editor, record, edit.template)
    else:
        _insert_template(editor, pod[:-1], edit.template, record)
        insert_metadata(editor, record)
    return Injection(editor.finish(known), record)


def _insert_container(editor: Editor, pod: PodPath, edit: ContainerEdit) -> ContainerRecord:
    record = ContainerRecord(hand_edited=list(edit.hand_edited))
    path: tuple[str | int, ...] = (*pod, "containers", edit.index)
    container = _mapping(editor, *path)
    editor.reach(*path, "env")
    if edit.merge:
        index, pairs = edit.merge
        value = _env_value(editor, (*path, "env", index), names.E_ATTRIBUTES)
        new = attributes.merged(value.value, dict(pairs))
        if new != value.value:
            hashes = {key: digest(pair) for key, pair in pairs.items() if key not in attributes.keys(value.value)}
            record.merge = Merge(editor.replace(value, new), hashes, digest(new))
    for index, name, text in edit.adopted:
        value = _env_value(editor, (*path, "env", index), name)
        record.adopted[name] = Adopted(editor.replace(value, text), digest(text))
    env = [{"name": name, **_value_fields(value)} for name, value in edit.env]
    lists = {"env": env} | {key: list(entries) for key, entries in edit.lists.items()}
    for key in _existing_first(container, lists):
        editor.reach(*path, key)
        if key == "env" and edit.before is not None:
            editor.insert(container, key, edit.before, env)
        else:
            record.opened |= _opened(key, editor.append(container, key, lists[key]))
    if edit.unnamed:
        editor.put(container, "name", edit.name)
        record.opened["name"] = "new"
    record.env = {name: digest(value) for name, value in edit.env}
    record.lists = {key: _digests(entries) for key, entries in edit.lists.items() if entries}
    return record


def _env_value(editor: Editor, path: tuple[str | int, ...], name: str) -> Scalar:
    """The value of an entry of `env`, to be replaced."""
    editor.reach(*path)
    value = editor.reach(*path, "value")
    if not isinstance(value, Scalar):
        raise CannotEdit(f"{name} is no plain value", path)
    return value


def _value_fields(value: str | dict[str, Any]) -> dict[str, Any]:
    return {"value": Quoted(value)} if isinstance(value, str) else {"valueFrom": value}


def _existing_first(parent: Mapping, lists: AbcMapping[str, Any]) -> list[str]:
    """Keys of the lists that get entries, in the order of the edits.

    A new key goes behind the last line of its parent, so a list that ends there gets its entries first.
    """
    return sorted(filter(lists.get, lists), key=lambda key: direct(parent, key) is None)


def _insert_template(editor: Editor, path: PodPath, members: Metadata, record: Record) -> None:
    """Adds members to the metadata of a pod template that is not the object itself."""
    added = {kind: _quoted(pairs) for kind, pairs in members.items() if pairs}
    if not added:
        return
    template = _mapping(editor, *path)
    metadata = editor.reach(*path, "metadata")
    if isinstance(metadata, Mapping) and metadata.pairs:
        # An empty key at the end is filled before a new key goes behind it.
        for kind in _existing_first(metadata, added):
            editor.reach(*path, "metadata", kind)
            record.opened |= _opened(f"template.{kind}", editor.add(metadata, kind, added[kind]))
    else:
        record.opened |= _opened("template", editor.add(template, "metadata", added))
    record.template = _member_digests(members)


def insert_metadata(editor: Editor, record: Record, members: Metadata | None = None) -> None:
    """Adds the record to an object's own metadata, and `members`, which only a Pod gets there."""
    members = members or {}
    metadata = _mapping(editor, "metadata")
    record.template |= _member_digests(members)
    for kind in record.template if members else ():
        if kind != "annotations":
            editor.reach("metadata", kind)
            record.opened |= _opened(kind, editor.add(metadata, kind, _quoted(members[kind])))
    editor.reach("metadata", "annotations")
    existing = direct(metadata, "annotations")
    # Annotations that kpt and kustomize add in transit are not on disk: without them, the key may be new.
    only_transit = (
        isinstance(existing, Mapping)
        and bool(existing.pairs)
        and all(isinstance(key, Scalar) and names.in_transit(key.value) for key, _ in existing.pairs)
    )
    # The record contains the state of `annotations` and is itself added to it, so the state is read first.
    record.opened |= _opened("annotations", "new" if only_transit else editor.state(metadata, "annotations"))
    added: dict[str, Any] = {**_quoted(members.get("annotations", {}))}
    editor.add(metadata, "annotations", {**added, names.A_RECORD: SingleQuoted(record.dump())})


def _mapping(editor: Editor, *path: str | int) -> Mapping:
    node = editor.reach(*path) if path else editor.root
    if not isinstance(node, Mapping):
        raise CannotEdit("it is not a mapping", path)
    return node


def _opened(key: str, state: str | None) -> dict[str, str]:
    return {} if state is None else {key: state}


def _quoted(pairs: AbcMapping[str, str]) -> dict[str, Quoted]:
    return {key: Quoted(value) for key, value in pairs.items()}


def _digests(entries: tuple[dict[str, Any], ...]) -> list[str]:
    return [digest(entry) for entry in entries]


def _member_digests(members: Metadata) -> dict[str, dict[str, str]]:
    return {kind: {k: digest(v) for k, v in pairs.items()} for kind, pairs in members.items() if pairs}
