"""New values where the old ones stand: comments between our lines, and what stands behind them, stay in their place."""

from __future__ import annotations

from typing import Any

from krm_otel import names
from krm_otel.inject.patch.additions import ObjectEdit, PodPath, all_there, attributes_in, is_ours, parts
from krm_otel.inject.patch.insert import Fresh
from krm_otel.inject.patch.record import Merge, Record, digest
from krm_otel.yamltext.editable import Path
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.emit import SingleQuoted
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import lookup, text_of


def places(root: Mapping, record: Record, pod: PodPath, names_of: list[str]) -> dict[int, int]:
    """Container index → index of the user's env entry that ours stand before, where one stands behind them.

    What stands behind may refer to ours by `$(NAME)`: an update must not move them.
    """
    found = {}
    for index, part in parts(record, names_of, root, pod):
        env = lookup(root, *pod, "containers", index, "env")
        ours = [is_ours(item, part.env) for item in env.items] if isinstance(env, Sequence) and not env.flow else []
        if True in ours:
            before = ours.index(True)
            if before < ours.count(False):
                found[index] = before
    return found


def update(
    text: str, root: Mapping, pod: PodPath, names_of: list[str], old: Record, edit: ObjectEdit, fresh: Fresh
) -> Fresh | None:
    """The object with new values where the old ones stand.

    `fresh` is a fresh injection into the same object. None where more than values of variables has changed; raises
    CannotEdit.
    """
    new = fresh.record
    if old.containers.keys() != new.containers.keys() or (old.lists, old.template) != (new.lists, new.template):
        return None
    if not all_there(root, pod, old, parts(old, names_of, root, pod)):
        return None  # somebody took something of ours away: it returns by a fresh injection
    editor = Editor(text, root)
    for part in edit.containers:
        was, now = old.containers[part.name], new.containers[part.name]
        path: Path = (*pod, "containers", part.index, "env")
        env = editor.editable(*path)
        if (
            names_of[part.index] != part.name
            or (was.lists, was.adopted, was.own) != (now.lists, now.adopted, now.own)
            or not isinstance(env, Sequence)
        ):
            return None
        ours = [i for i, item in enumerate(env.items) if is_ours(item, was.env)]
        if [text_of(lookup(env.items[i], "name")) for i in ours] != [name for name, _ in part.env]:
            return None
        for i, (name, value) in zip(ours, part.env, strict=True):
            if was.env[name] != now.env[name] and not _renew(editor, (*path, i, "value"), value):
                return None
        merged = lookup(fresh.root, *path) if now.merge else None
        if not _remerge(editor, path, env, was.merge, now.merge, merged):
            return None
    annotation = editor.editable("metadata", "annotations", names.A_RECORD)
    if not isinstance(annotation, Scalar):
        return None
    if annotation.value != (dump := new.dump()):
        editor.replace(("metadata", "annotations", names.A_RECORD), SingleQuoted(dump))
    return Fresh(editor.finish(), new)


def _renew(editor: Editor, path: Path, value: str | dict[str, Any]) -> bool:
    if not isinstance(editor.editable(*path), Scalar) or not isinstance(value, str):
        return False
    editor.replace(path, value)
    return True


def _remerge(
    editor: Editor, path: Path, env: Sequence, was: Merge | None, now: Merge | None, fresh: Node | None
) -> bool:
    if was is None or now is None:
        return was is now
    current = attributes_in(env)
    value = attributes_in(fresh) if isinstance(fresh, Sequence) else None
    if current is None or value is None or digest(current[1].value) != was.digest:
        return False
    if was.digest != now.digest:
        editor.replace((*path, current[0], "value"), value[1].value)
    return True
