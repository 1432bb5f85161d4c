"""Injects, updates and removes in one way: strip, then insert.

First everything injected is taken out (`strip`), then the edit is put in (`insert`). So an update equals a new
injection, a removal is an update to nothing, and a second run gives the same text. Where only values have changed, the
new ones replace the old ones in their place, so that comments between the lines stay. All of this works on the text of
one object and does not depend on classes or settings.
"""

from __future__ import annotations

from typing import Any, Final

from krm_otel import names
from krm_otel.inject.patch.additions import ObjectEdit, PodPath
from krm_otel.inject.patch.insert import Injection, insert, record_text
from krm_otel.inject.patch.ownership import InjectedObject, attributes_value, injected_entries
from krm_otel.inject.patch.record import Merge, Record, digest, load
from krm_otel.yamltext.editable import CannotEdit, Path
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import items_of, lookup, same_data, text_of

_RECORD: Final = ("metadata", "annotations", names.A_RECORD)


def reconcile(
    stripped: tuple[str, Mapping], pod: PodPath, edit: ObjectEdit, injected: InjectedObject | None
) -> tuple[str, Record]:
    """The object's new text and its record; raises CannotEdit.

    Args:
        stripped: text and root of the object without anything injected.
        pod: the path of the pod spec.
        edit: what to put in.
        injected: the object as it is; None where nothing is injected.
    """
    if injected is None:
        injection = insert(*stripped, pod, edit)
        return injection.text, injection.record
    injection = insert(*stripped, pod, edit.with_positions(_positions(injected)), injected.text)
    if injection.text == injected.text:
        return injected.text, injection.record
    new = _update(injected, edit, injection) or injection
    # Where both mean the same, somebody reformatted the injected lines, and no line is changed. Another record is
    # another annotation, so there is no need to look at the rest.
    unchanged = new.text == injected.text or (
        injection.record == injected.record and same_data(injected.root, new.root)
    )
    return injected.text if unchanged else new.text, injection.record


def _positions(injected: InjectedObject) -> dict[str, int]:
    """Name of a container → index of the user's entry of `env` that the injected ones are in front of.

    That entry may refer to injected ones by `$(NAME)`: an update must not move them behind it.
    """
    positions = {}
    for place, container in injected.containers():
        env = lookup(injected.root, *injected.pod, *place, "env")
        if not isinstance(env, Sequence) or env.flow:
            continue
        own = injected.own_variables(place, container)
        first = next(iter(own), len(env.items))
        if first < len(env.items) - len(own):
            positions[injected.container_names[place]] = first
    return positions


def _update(injected: InjectedObject, edit: ObjectEdit, injection: Injection) -> Injection | None:
    """The object with new values in the place of the old ones; raises CannotEdit.

    `injection` is a new injection of the edit. None where more has changed than values of variables.
    """
    old, new = injected.record, injection.record
    if old.containers.keys() != new.containers.keys() or (old.lists, old.template) != (new.lists, new.template):
        return None
    if not _is_complete(injected):
        return None  # somebody removed something injected: a new injection adds it again
    editor = Editor(injected.text, injected.root)
    places = {name: place for place, name in injected.container_names.items()}
    for container in edit.containers:
        before, after = old.containers[container.name], new.containers[container.name]
        path: Path = (*injected.pod, *edit.place_of(container), "env")
        env = editor.editable(*path)
        if (
            places.get(container.name) != edit.place_of(container)
            or (before.lists, before.adopted, before.hand_edited) != (after.lists, after.adopted, after.hand_edited)
            or not isinstance(env, Sequence)
        ):
            return None
        own = injected.own_variables(edit.place_of(container), before)
        if [*own.values()] != [name for name, _ in container.env]:
            return None
        for i, (name, value) in zip(own, container.env, strict=True):
            if before.env[name] != after.env[name] and not _replace_value(editor, (*path, i, "value"), value):
                return None
        new_env = lookup(injection.root, *path) if after.merge else None
        if not _replace_attributes(editor, path, env, before.merge, after.merge, new_env):
            return None
    annotation = editor.editable(*_RECORD)
    if not isinstance(annotation, Scalar):
        return None
    if load(annotation.value) != new:  # an older layout of the same record stays
        try:
            editor.replace(_RECORD, record_text(editor, new))
        except CannotEdit:
            return None
    return Injection(editor.finish(), new)


def _is_complete(injected: InjectedObject) -> bool:
    """Whether the object still has everything that the record lists in lists and metadata, unedited."""
    root, pod, record = injected.root, injected.pod, injected.record
    lists: list[tuple[tuple[str | int, ...], list[str]]] = []
    lists += [((*pod, key), digests) for key, digests in record.lists.items()]
    for place, container in injected.containers():
        lists += [((*pod, *place, key), digests) for key, digests in container.lists.items()]
    for path, digests in lists:
        node = lookup(root, *path)
        if not isinstance(node, Sequence) or len(injected_entries(node, digests)) < len(digests):
            return False
    for kind, hashes in record.template.items():
        node = lookup(root, *pod[:-1], "metadata", kind)
        if not isinstance(node, Mapping):
            return False
        values = {key.value: value for key, value in node.pairs if isinstance(key, Scalar)}
        if any(digest(text_of(values.get(key)) or "") != hashed for key, hashed in hashes.items()):
            return False
    return True


def _replace_value(editor: Editor, path: Path, value: str | dict[str, Any]) -> bool:
    if not isinstance(editor.editable(*path), Scalar) or not isinstance(value, str):
        return False
    editor.replace(path, value)
    return True


def _replace_attributes(
    editor: Editor, path: Path, env: Sequence, before: Merge | None, after: Merge | None, new_env: Node | None
) -> bool:
    if before is None or after is None:
        return before is after
    current, new = attributes_value(enumerate(env.items)), attributes_value(enumerate(items_of(new_env)))
    if current is None or new is None or digest(current[1].value) != before.digest:
        return False
    if before.digest != after.digest:
        editor.replace((*path, current[0], "value"), new[1].value)
    return True
