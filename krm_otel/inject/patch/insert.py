"""Puts an edit into an object that has nothing injected."""

from __future__ import annotations

from collections.abc import Mapping as AbcMapping
from typing import Any, cast

from krm_otel import names
from krm_otel.dataclass import dataclass, replace
from krm_otel.inject import attributes
from krm_otel.inject.patch.additions import ContainerEdit, Metadata, ObjectEdit, PodPath
from krm_otel.inject.patch.record import Adopted, ContainerRecord, Merge, Record, digest
from krm_otel.yamltext.editable import CannotEdit, Path
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.emit import JsonText, Quoted
from krm_otel.yamltext.nodes import Mapping, Scalar
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import direct, text_of


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
    containers = {container.name: _insert_container(editor, pod, container) for container in edit.containers}
    spec = _mapping(editor, *pod)
    lists: dict[str, list[str]] = {}
    opened: dict[str, str] = {}
    for key in _existing_first(spec, edit.lists):
        entries = edit.lists[key]
        if (index := edit.before.get(key)) is not None:
            editor.insert((*pod, key), index, entries)
        else:
            opened |= _opened(key, editor.append((*pod, key), entries))
        lists[key] = [digest(entry) for entry in entries]
    added = _not_there_yet(editor, pod[:-1], edit.template)
    members = added if len(pod) == 1 else {}  # a Pod has one metadata for both
    if not members:
        opened |= _insert_template(editor, pod[:-1], added)
    template = {kind: {k: digest(v) for k, v in pairs.items()} for kind, pairs in added.items() if pairs}
    record = Record(edit.class_name, containers, lists, template, opened, edit.enabled_by)
    record = insert_metadata(editor, record, members)
    return Injection(editor.finish(known), record)


def _insert_container(editor: Editor, pod: PodPath, edit: ContainerEdit) -> ContainerRecord:
    path: Path = (*pod, *edit.place)
    container = _mapping(editor, *path)
    merge = None
    if edit.merge:
        index, pairs = edit.merge
        value = _env_value(editor, (*path, "env", index), names.E_ATTRIBUTES)
        new = attributes.merged(value.value, dict(pairs))
        if new != value.value:
            hashes = {key: digest(pair) for key, pair in pairs.items() if key not in attributes.keys(value.value)}
            merge = Merge(editor.replace((*path, "env", index, "value"), new), hashes, digest(new))
    adopted = {}
    for index, name, text in edit.adopted:
        _env_value(editor, (*path, "env", index), name)
        adopted[name] = Adopted(editor.replace((*path, "env", index, "value"), text), digest(text))
    env = [{"name": name, **_value_fields(value)} for name, value in edit.env]
    lists = {"env": env} | {key: list(entries) for key, entries in edit.lists.items()}
    opened: dict[str, str] = {}
    for key in _existing_first(container, lists):
        if key == "env" and edit.before is not None:
            editor.insert((*path, key), edit.before, env)
        else:
            opened |= _opened(key, editor.append((*path, key), lists[key]))
    if edit.unnamed:
        editor.put((*path, "name"), edit.name)
        opened["name"] = "new"
    return ContainerRecord(
        {name: digest(value) for name, value in edit.env},
        merge,
        {key: [digest(entry) for entry in entries] for key, entries in edit.lists.items() if entries},
        opened,
        adopted,
        list(edit.hand_edited),
    )


def _env_value(editor: Editor, path: Path, name: str) -> Scalar:
    """The value of an entry of `env`, to be replaced."""
    value = editor.editable(*path, "value")
    if not isinstance(value, Scalar):
        raise CannotEdit(f"{name} is not a plain value", path)
    return value


def _value_fields(value: str | dict[str, Any]) -> dict[str, Any]:
    return {"value": Quoted(value)} if isinstance(value, str) else {"valueFrom": value}


def _existing_first(parent: Mapping, lists: AbcMapping[str, Any]) -> list[str]:
    """Keys of the lists that get entries, in the order of the edits.

    A new key goes behind the last line of its parent, so a list that ends there gets its entries first.
    """
    return sorted(filter(lists.get, lists), key=lambda key: direct(parent, key) is None)


def _not_there_yet(editor: Editor, path: PodPath, members: Metadata) -> Metadata:
    """The members of the metadata that have to be added; one that is there with the same value stays the user's.

    Raises CannotEdit where one has another value: it is not krm-otel's, since no record has it.
    """
    added: dict[str, dict[str, str]] = {}
    for kind, pairs in members.items():
        existing = editor.editable(*path, "metadata", kind)
        for key, value in pairs.items():
            there = direct(existing, key)
            if there is None:
                added.setdefault(kind, {})[key] = value
            elif text_of(there) != value:
                place = (*path, "metadata", kind, key)
                raise CannotEdit(f"{key} is there with another value, and no record says that krm-otel wrote it", place)
    return added


def _insert_template(editor: Editor, path: PodPath, members: Metadata) -> dict[str, str]:
    """Adds members to the metadata of a pod template that is not the object itself; returns `Record.opened`."""
    added = {kind: _quoted(pairs) for kind, pairs in members.items() if pairs}
    if not added:
        return {}
    metadata = editor.editable(*path, "metadata")
    if not isinstance(metadata, Mapping) or not metadata.pairs:
        return _opened("template", editor.add((*path, "metadata"), added))
    opened: dict[str, str] = {}
    # An empty key at the end is filled before a new key goes behind it.
    for kind in _existing_first(metadata, added):
        opened |= _opened(f"template.{kind}", editor.add((*path, "metadata", kind), added[kind]))
    return opened


def insert_metadata(editor: Editor, record: Record, members: Metadata | None = None) -> Record:
    """Adds the record to an object's metadata, and `members`, which only a Pod gets there; returns the full record."""
    added: dict[str, dict[str, Any]] = {kind: _quoted(pairs) for kind, pairs in (members or {}).items() if pairs}
    opened = dict(record.opened)
    added.setdefault("annotations", {})
    for kind in added.keys() - {"annotations"}:
        opened |= _opened(kind, editor.original(("metadata", kind)))
    existing = editor.editable("metadata", "annotations")
    # Annotations that kpt and kustomize add in transit are not on disk: without them, the key may be new.
    only_transit = (
        isinstance(existing, Mapping)
        and bool(existing.pairs)
        and all(isinstance(key, Scalar) and names.in_transit(key.value) for key, _ in existing.pairs)
    )
    # The record contains the state of `annotations` and is itself added to it, so the state is read first.
    opened |= _opened("annotations", "new" if only_transit else editor.original(("metadata", "annotations")))
    if opened != record.opened:
        record = replace(record, opened=opened)
    added["annotations"][names.A_RECORD] = record_text(editor, record)
    for kind in _existing_first(_mapping(editor, "metadata"), added):
        editor.add(("metadata", kind), added[kind])
    return record


def record_text(editor: Editor, record: Record) -> JsonText:
    """The record as a value: on several lines, but on one where the annotations are in flow style."""
    metadata = editor.editable("metadata")
    around = editor.editable("metadata", "annotations") or metadata
    is_flow = isinstance(around, Mapping) and around.flow and bool(around.pairs)
    is_flow |= isinstance(metadata, Mapping) and metadata.flow
    return JsonText(record.dump().replace("\n", "") if is_flow else record.dump())


def _mapping(editor: Editor, *path: str | int) -> Mapping:
    node = editor.editable(*path)
    if not isinstance(node, Mapping):
        raise CannotEdit("it is not a mapping", path)
    return node


def _opened(key: str, state: str | None) -> dict[str, str]:
    return {} if state is None else {key: state}


def _quoted(pairs: AbcMapping[str, str]) -> dict[str, Quoted]:
    return {key: Quoted(value) for key, value in pairs.items()}
