"""Inject, update and remove: one way, out and in.

What is ours is taken out first (`strip`), then what is wanted is put in (`insert`). So an update equals a fresh
injection, removal is an update to nothing, and running twice gives the same text. Both work on the text of one
object and know nothing of classes or settings.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbcMapping
from dataclasses import dataclass, replace
from typing import Any, cast

from krm_otel.config import names
from krm_otel.inject import attributes
from krm_otel.inject.record import ContainerRecord, Merge, Record, digest
from krm_otel.yamltext.edit import CannotEdit, Editor
from krm_otel.yamltext.emit import Quoted, SingleQuoted
from krm_otel.yamltext.expect import of_text
from krm_otel.yamltext.source import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    SourceError,
    compose,
    decode,
    direct,
    lookup,
    text_of,
)

PodPath = tuple[str, ...]
"""Where the pod spec stands: `("spec", "template", "spec")` in a Deployment."""


@dataclass(frozen=True, slots=True)
class ContainerEdit:
    """What is to be put into one container: variables in order (value, or `valueFrom` as plain data), pairs to merge
    into the user's own `OTEL_RESOURCE_ATTRIBUTES` (env index, pairs), and volume mounts."""

    name: str
    index: int
    env: tuple[tuple[str, str | dict[str, Any]], ...]
    merge: tuple[int, AbcMapping[str, str]] | None = None
    mounts: tuple[dict[str, Any], ...] = ()
    before: int | None = None
    """Index of the user's env entry that ours stood before; None: they go to the end."""


@dataclass(frozen=True, slots=True)
class ObjectEdit:
    """What is to be put into one object."""

    class_name: str
    containers: tuple[ContainerEdit, ...]
    volumes: tuple[dict[str, Any], ...] = ()

    def standing_before(self, places: AbcMapping[int, int]) -> ObjectEdit:
        """The same with the places that `places` found."""
        containers = (replace(part, before=places.get(part.index)) for part in self.containers)
        return replace(self, containers=tuple(containers)) if places else self


@dataclass(frozen=True, slots=True)
class Fresh:
    """An object's text with everything in it that was wanted, and the record of that."""

    text: str
    record: Record

    @property
    def root(self) -> Mapping:
        """The object, composed anew."""
        return cast(Mapping, compose(self.text))


# --- out ---------------------------------------------------------------------------------------------------------


def strip(text: str, root: Mapping, record: Record, pod: PodPath, names_of: list[str]) -> str:
    """The text without what the record says is ours; raises CannotEdit.

    `names_of` are the names of the pod's containers, by index.
    """
    try:
        return _strip(text, root, record, pod, names_of, verbatim=True)
    except CannotEdit:
        if not any(part.merge for part in record.containers.values()):
            raise
        # A value that stood over several lines fits only where it stood; elsewhere its meaning is restored.
        return _strip(text, root, record, pod, names_of, verbatim=False)


def _strip(text: str, root: Mapping, record: Record, pod: PodPath, names_of: list[str], *, verbatim: bool) -> str:
    editor = Editor(text, root)
    for index, part in _parts(record, names_of, root, pod):
        container = editor.reach(*pod, "containers", index)
        if isinstance(container, Mapping):
            env = editor.reach(*pod, "containers", index, "env")
            if isinstance(env, Sequence):
                ours = [i for i, item in enumerate(env.items) if _is_ours(item, part.env)]
                if ours:
                    editor.remove(container, "env", ours, part.opened.get("env"))
                if part.merge:
                    _unmerge(editor, [item for i, item in enumerate(env.items) if i not in ours], part.merge, verbatim)
            _remove_named(editor, container, "volumeMounts", part.mounts, part.opened.get("volumeMounts"))
    spec = editor.reach(*pod)
    if isinstance(spec, Mapping) and record.volumes:
        editor.reach(*pod, "volumes")
        _remove_named(editor, spec, "volumes", record.volumes, record.opened.get("volumes"))
    metadata = editor.reach("metadata")
    annotations = editor.reach("metadata", "annotations")
    if isinstance(metadata, Mapping) and isinstance(annotations, Mapping):
        at = [i for i, (k, _) in enumerate(annotations.pairs) if isinstance(k, Scalar) and k.value == names.A_RECORD]
        editor.remove(metadata, "annotations", at, record.opened.get("annotations"))
    return editor.finish()


def _parts(record: Record, names_of: list[str], root: Mapping, pod: PodPath) -> list[tuple[int, ContainerRecord]]:
    """Which container each part of the record speaks of: by name, and a renamed one by what is in it."""
    found = [(i, record.containers[name]) for i, name in enumerate(names_of) if name in record.containers]
    lost = [part for name, part in record.containers.items() if name not in names_of]
    for i, name in enumerate(names_of):
        if lost and name not in record.containers:
            env = lookup(root, *pod, "containers", i, "env")
            items = env.items if isinstance(env, Sequence) else []
            # Of two renamed ones, the one with more of its own: values differ by the container's name.
            likely = max(lost, key=lambda part: sum(_is_ours(item, part.env) for item in items))
            if any(_is_ours(item, likely.env) for item in items):
                found.append((i, likely))
                lost.remove(likely)
    return found


def _is_ours(item: Node, hashes: AbcMapping[str, str]) -> bool:
    name = text_of(lookup(item, "name")) or ""
    return isinstance(item, Mapping) and name in hashes and hashes[name] == _digest_of(item, _value)


def _digest_of(item: Node, read: Callable[[Node], Any] = decode) -> str:
    """The hash of plain data; empty for what is deeper or larger than anything of ours."""
    try:
        return digest(read(item))
    except SourceError:
        return ""


def _value(item: Node) -> Any:
    """The value of an env entry as it is hashed: its text, or plain data where there is more than name and value."""
    data = decode(item)
    rest = {key: value for key, value in data.items() if key != "name"}
    value = lookup(item, "value")
    return value.value if isinstance(value, Scalar) and set(rest) == {"value"} else rest.get("valueFrom", rest)


def _unmerge(editor: Editor, items: list[Node], merge: Merge, verbatim: bool) -> None:
    for item in items:
        value = direct(item, "value")
        if text_of(lookup(item, "name")) != names.E_ATTRIBUTES or not isinstance(value, Scalar):
            continue
        if digest(value.value) == merge.digest:
            if verbatim:
                editor.restore(value, merge.text)
                return
            editor.replace(value, scalar_value(merge.text))
            return
        kept = [raw for key, raw in attributes.split(value.value) if not _is_merged(key, raw, merge)]
        if len(kept) < len(attributes.split(value.value)):
            editor.replace(value, ",".join(kept))
        return


def _is_merged(key: str, raw: str, merge: Merge) -> bool:
    return key in merge.keys and merge.keys[key] == digest(raw.partition("=")[2])


def scalar_value(text: str) -> str:
    """What the exact text of a scalar stands for; raises CannotEdit where it is none."""
    try:
        return text_of(of_text(text)) or ""
    except SourceError:
        raise CannotEdit("what is recorded of the text before is no value") from None


def _remove_named(editor: Editor, parent: Mapping, key: str, ours: AbcMapping[str, str], opened: str | None) -> None:
    node = direct(parent, key)
    if isinstance(node, Sequence):
        at = [
            i
            for i, item in enumerate(node.items)
            if (was := ours.get(text_of(lookup(item, "name")) or "")) is not None and was == _digest_of(item)
        ]
        if at:
            editor.remove(parent, key, at, opened)


def places(root: Mapping, record: Record, pod: PodPath, names_of: list[str]) -> dict[int, int]:
    """Container index → index of the user's env entry that ours stand before, where one stands behind them.

    What stands behind may refer to ours by `$(NAME)`: an update must not move them.
    """
    found = {}
    for index, part in _parts(record, names_of, root, pod):
        env = lookup(root, *pod, "containers", index, "env")
        ours = [_is_ours(item, part.env) for item in env.items] if isinstance(env, Sequence) and not env.flow else []
        if True in ours:
            before = ours.index(True)
            if before < ours.count(False):
                found[index] = before
    return found


def update(
    text: str, root: Mapping, pod: PodPath, names_of: list[str], old: Record, edit: ObjectEdit, fresh: Fresh
) -> str | None:
    """The text with new values where the old ones stand, so that comments and places stay.

    `fresh` is a fresh injection into the same object. None where more than values has changed; raises CannotEdit.
    """
    if old.volumes != fresh.record.volumes or old.containers.keys() != fresh.record.containers.keys():
        return None
    editor = Editor(text, root)
    for part in edit.containers:
        was, now = old.containers[part.name], fresh.record.containers[part.name]
        env = editor.reach(*pod, "containers", part.index, "env")
        if names_of[part.index] != part.name or was.mounts != now.mounts or not isinstance(env, Sequence):
            return None
        ours = [item for item in env.items if _is_ours(item, was.env)]
        if [text_of(lookup(item, "name")) for item in ours] != [name for name, _ in part.env]:
            return None
        for item, (name, value) in zip(ours, part.env, strict=True):
            if was.env[name] != now.env[name] and not _renew(editor, item, value):
                return None
        if not _remerge(editor, env, was.merge, now.merge, _attributes(fresh.root, pod, part.index)):
            return None
    annotation = editor.reach("metadata", "annotations", names.A_RECORD)
    if not isinstance(annotation, Scalar):
        return None
    if annotation.value != (dump := fresh.record.dump()):
        editor.replace(annotation, SingleQuoted(dump))
    return editor.finish()


def _renew(editor: Editor, item: Node, value: str | dict[str, Any]) -> bool:
    node = direct(item, "value")
    if not isinstance(node, Scalar) or not isinstance(value, str):
        return False
    editor.replace(node, value)
    return True


def _remerge(editor: Editor, env: Sequence, was: Merge | None, now: Merge | None, value: Scalar | None) -> bool:
    if was is None or now is None:
        return was is now
    current = _attributes_in(env)
    if current is None or value is None or digest(current.value) != was.digest:
        return False
    if was.digest != now.digest:
        editor.replace(current, value.value)
    return True


def _attributes(root: Mapping, pod: PodPath, index: int) -> Scalar | None:
    """The value of OTEL_RESOURCE_ATTRIBUTES in a container, where it is text."""
    env = lookup(root, *pod, "containers", index, "env")
    return _attributes_in(env) if isinstance(env, Sequence) else None


def _attributes_in(env: Sequence) -> Scalar | None:
    found = [item for item in env.items if text_of(lookup(item, "name")) == names.E_ATTRIBUTES]
    value = direct(found[-1], "value") if found else None
    return value if isinstance(value, Scalar) else None


# --- in ----------------------------------------------------------------------------------------------------------


def insert(text: str, root: Mapping, pod: PodPath, edit: ObjectEdit) -> Fresh:
    """The text with everything in it that `edit` says; raises CannotEdit."""
    editor = Editor(text, root)
    record = Record(edit.class_name)
    for part in edit.containers:
        record.containers[part.name] = _insert_container(editor, pod, part)
    if edit.volumes:
        spec = _mapping(editor, *pod)
        editor.reach(*pod, "volumes")
        _note(record.opened, "volumes", editor.append(spec, "volumes", list(edit.volumes)))
        record.volumes = {volume["name"]: digest(volume) for volume in edit.volumes}
    metadata = _mapping(editor, "metadata")
    editor.reach("metadata", "annotations")
    existing = direct(metadata, "annotations")
    # What kpt and kustomize put there for the way is not on disk: without it, the key may be ours.
    theirs = (
        isinstance(existing, Mapping)
        and bool(existing.pairs)
        and all(isinstance(k, Scalar) and names.in_transit(k.value) for k, _ in existing.pairs)
    )
    # The record says how `annotations` was before, and is itself the value that is added: asked first, added after.
    _note(record.opened, "annotations", "new" if theirs else editor.state(metadata, "annotations"))
    editor.add(metadata, "annotations", {names.A_RECORD: SingleQuoted(record.dump())})
    return Fresh(editor.finish(), record)


def _insert_container(editor: Editor, pod: PodPath, part: ContainerEdit) -> ContainerRecord:
    record = ContainerRecord()
    container = _mapping(editor, *pod, "containers", part.index)
    env = editor.reach(*pod, "containers", part.index, "env")
    if part.merge:
        index, pairs = part.merge
        editor.reach(*pod, "containers", part.index, "env", index)
        value = editor.reach(*pod, "containers", part.index, "env", index, "value")
        if not isinstance(env, Sequence) or not isinstance(value, Scalar):
            raise CannotEdit(f"{names.E_ATTRIBUTES} is no plain value", (*pod, "containers", part.index, "env", index))
        new = attributes.merged(value.value, dict(pairs))
        if new != value.value:
            hashes = {key: digest(pair) for key, pair in pairs.items() if key not in attributes.keys(value.value)}
            record.merge = Merge(editor.replace(value, new), hashes, digest(new))
    if part.mounts:
        editor.reach(*pod, "containers", part.index, "volumeMounts")
    # A new key goes behind the last line of the container: the list that stands there has to get its entries first.
    if direct(container, "env") is None and direct(container, "volumeMounts") is not None:
        _append_mounts(editor, container, part, record)
        _append_env(editor, container, part, record)
    else:
        _append_env(editor, container, part, record)
        _append_mounts(editor, container, part, record)
    return record


def _append_env(editor: Editor, container: Mapping, part: ContainerEdit, record: ContainerRecord) -> None:
    if part.env:
        entries = [{"name": name, **_entry(value)} for name, value in part.env]
        if part.before is None:
            _note(record.opened, "env", editor.append(container, "env", entries))
        else:
            editor.insert(container, "env", part.before, entries)
        record.env = {name: digest(value) for name, value in part.env}


def _append_mounts(editor: Editor, container: Mapping, part: ContainerEdit, record: ContainerRecord) -> None:
    if part.mounts:
        _note(record.opened, "volumeMounts", editor.append(container, "volumeMounts", list(part.mounts)))
        record.mounts = {mount["name"]: digest(mount) for mount in part.mounts}


def _entry(value: str | dict[str, Any]) -> dict[str, Any]:
    return {"value": Quoted(value)} if isinstance(value, str) else {"valueFrom": value}


def _mapping(editor: Editor, *path: str | int) -> Mapping:
    node = editor.reach(*path)
    if not isinstance(node, Mapping):
        raise CannotEdit("it is not a mapping", path)
    return node


def _note(opened: dict[str, str], key: str, state: str | None) -> None:
    if state is not None:
        opened[key] = state


def reads_the_same(old: str, new: str) -> bool:
    """Whether two texts of an object mean the same: then somebody reformatted ours, and no line is changed."""
    if old == new:
        return True
    try:
        return bool(decode(compose(old)) == decode(compose(new)))
    except SourceError:
        return False
