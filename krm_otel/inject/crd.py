"""Puts the schema of `spec.observability` into a CustomResourceDefinition, and takes it out by the record."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.inject.patch.insert import insert_metadata
from krm_otel.inject.patch.record import Record, digest
from krm_otel.inject.patch.strip import strip_metadata
from krm_otel.names import BLOCK
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.nodes import Mapping, Sequence, SourceError
from krm_otel.yamltext.query import decode, direct, lookup, text_of

VERSION: Final = "v1alpha1"
_TO_SPEC: Final = ("schema", "openAPIV3Schema", "properties", "spec")


def put_block(text: str, root: Mapping, schema: dict[str, Any]) -> str:
    """The text of the definition of ClassRuntime with the schema in it; raises CannotEdit.

    A definition that has `spec.observability` stays as it is.
    """
    path = _path(root)
    properties = lookup(root, *path, "properties")
    if lookup(properties, BLOCK) is not None:
        return text
    editor = Editor(text, root)
    opened = editor.add((*path, "properties"), {BLOCK: schema})
    record = Record("", lists={BLOCK: [digest(schema)]}, opened={} if opened is None else {"properties": opened})
    insert_metadata(editor, record)
    return editor.finish()


def strip_block(text: str, root: Mapping, record: Record) -> str:
    """The text without the schema, unless somebody has edited it; raises CannotEdit."""
    editor = Editor(text, root)
    path = _path(root)
    properties = editor.editable(*path, "properties")
    if isinstance(properties, Mapping) and _is_injected(properties, record):
        keys = [text_of(key) for key, _ in properties.pairs]
        editor.remove((*path, "properties"), [keys.index(BLOCK)], record.opened.get("properties"))
    strip_metadata(editor, record)
    return editor.finish()


def _is_injected(properties: Mapping, record: Record) -> bool:
    node = direct(properties, BLOCK)
    try:
        return node is not None and [digest(decode(node))] == record.lists.get(BLOCK)
    except SourceError:
        return False  # deeper or larger than anything that is injected


def _path(root: Mapping) -> tuple[str | int, ...]:
    versions = lookup(root, "spec", "versions")
    for i, version in enumerate(versions.items if isinstance(versions, Sequence) else ()):
        if text_of(lookup(version, "name")) == VERSION:
            return ("spec", "versions", i, *_TO_SPEC)
    raise CannotEdit(f"it has no version {VERSION}", ("spec", "versions"))
