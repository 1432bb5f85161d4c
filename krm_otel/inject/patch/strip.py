"""Takes everything that the record lists out of an object. What somebody has edited since stays."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from krm_otel import names
from krm_otel.inject import attributes
from krm_otel.inject.patch.additions import PodPath
from krm_otel.inject.patch.ownership import (
    InjectedObject,
    attributes_value,
    injected_entries,
    injected_members,
    name_of,
)
from krm_otel.inject.patch.record import ContainerRecord, Merge, Record, digest
from krm_otel.regex import regex
from krm_otel.yamltext.editable import CannotEdit, Path
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import direct, items_of, lookup, text_of
from krm_otel.yamltext.verify import value_from_text

_INDENTED: Final = regex(r"[|>][+-]?[1-9]")
"""The header of a block scalar that says how far it is indented. Elsewhere than in its old place, it says less."""


def strip(injected: InjectedObject, kept_volumes: Collection[str] = ()) -> str:
    """The text without what the record lists, except the kept volumes; raises CannotEdit."""
    try:
        return _strip(injected, kept_volumes, verbatim=True)
    except CannotEdit:
        if not any(container.merge or container.adopted for container in injected.record.containers.values()):
            raise
        # A value over several lines fits only where it was; elsewhere its meaning is restored.
        return _strip(injected, kept_volumes, verbatim=False)


def mounted_volumes(injected: InjectedObject) -> frozenset[str]:
    """Injected volumes that other containers mount, such as a collector that somebody has edited."""
    root, pod, record = injected.root, injected.pod, injected.record
    volumes = {name_of(item) for item in _injected_items(lookup(root, *pod, "volumes"), record.lists.get("volumes"))}
    if not volumes:
        return frozenset()
    recorded = dict(injected.containers())
    mounted: set[str] = set()
    for key in ("initContainers", "containers"):
        node = lookup(root, *pod, key)
        injected_containers = _injected_items(node, record.lists.get(key))
        for i, item in enumerate(items_of(node)):
            if item not in injected_containers:
                mounts = lookup(item, "volumeMounts")
                container = recorded.get((key, i))
                injected_mounts = _injected_items(mounts, container.lists.get("volumeMounts") if container else None)
                mounted |= {name_of(mount) for mount in items_of(mounts) if mount not in injected_mounts}
    return frozenset(volumes & mounted)


def _injected_items(node: Node | None, digests: list[str] | None) -> list[Node]:
    return [items_of(node)[i] for i in injected_entries(node, digests or [])]


def _strip(injected: InjectedObject, kept_volumes: Collection[str], *, verbatim: bool) -> str:
    editor = Editor(injected.text, injected.root)
    pod, record = injected.pod, injected.record
    for place, container_record in injected.containers():
        path: Path = (*pod, *place)
        container = editor.editable(*path)
        if isinstance(container, Mapping):
            own = injected.own_variables(place, container_record)
            _strip_env(editor, (*path, "env"), own, container_record, verbatim)
            opened = container_record.opened
            if opened.get("name") == "new" and text_of(direct(container, "name")) in record.containers:
                editor.remove_key((*path, "name"))
            for key, digests in container_record.lists.items():
                strip_list(editor, (*path, key), digests, opened.get(key))
    for key, digests in record.lists.items():
        strip_list(editor, (*pod, key), digests, record.opened.get(key), kept_volumes if key == "volumes" else ())
    strip_metadata(editor, record, pod)
    return editor.finish()


def _strip_env(editor: Editor, path: Path, own: Collection[int], record: ContainerRecord, verbatim: bool) -> None:
    env = editor.editable(*path)
    if not isinstance(env, Sequence):
        return
    if own:
        editor.remove(path, own, record.opened.get("env"))
    others = [(i, item) for i, item in enumerate(env.items) if i not in own]
    for i, item in others if record.adopted else ():
        adopted, value = record.adopted.get(name_of(item)), direct(item, "value")
        # A value that was edited after it was taken over is the user's already.
        if adopted is not None and isinstance(value, Scalar) and digest(value.value) == adopted.digest:
            _restore(editor, (*path, i, "value"), adopted.text, verbatim)
    if record.merge and (entry := attributes_value(others)) is not None:
        index, value = entry
        _strip_attributes(editor, (*path, index, "value"), value, record.merge, verbatim)


def _strip_attributes(editor: Editor, path: Path, value: Scalar, merge: Merge, verbatim: bool) -> None:
    if digest(value.value) == merge.digest:
        _restore(editor, path, merge.text, verbatim)
        return
    pairs = attributes.split(value.value)
    kept = [raw for key, raw in pairs if merge.keys.get(key) != digest(raw.partition("=")[2])]
    if len(kept) < len(pairs):
        editor.replace(path, ",".join(kept))


def _restore(editor: Editor, path: Path, text: str, verbatim: bool) -> None:
    """Gives a scalar its old text again, or (not `verbatim`) only the old value."""
    if verbatim:
        editor.restore(path, text)
        return
    scalar = value_from_text(text)
    if not isinstance(scalar, Scalar) or (scalar.style in ("|", ">") and _INDENTED.search(text.partition("\n")[0])):
        raise CannotEdit("the old text in the record is not a value")
    editor.replace(path, text_of(scalar) or "")


def strip_list(editor: Editor, path: Path, digests: list[str], opened: str | None, kept: Collection[str] = ()) -> None:
    """Takes the injected entries out of a list, except those with a kept name."""
    node = editor.editable(*path)
    if not isinstance(node, Sequence):
        return
    if indexes := [i for i in injected_entries(node, digests) if name_of(node.items[i]) not in kept]:
        editor.remove(path, indexes, opened)


def strip_metadata(editor: Editor, record: Record, pod: PodPath | None = None) -> None:
    """Takes the record out of an object's metadata, and the injected members out of that of its pod template.

    `pod` is the path of the pod spec; None where the object has no pod template.
    """
    members = record.template if pod is not None and len(pod) == 1 else {}  # a Pod has one metadata for both
    for kind in dict.fromkeys(["annotations", *members]):
        node = editor.editable("metadata", kind)
        if isinstance(node, Mapping):
            indexes = injected_members(node, members.get(kind, {}))
            if kind == "annotations":
                keys = [key.value if isinstance(key, Scalar) else None for key, _ in node.pairs]
                indexes += [i for i, key in enumerate(keys) if key == names.A_RECORD]
            if indexes:
                editor.remove(("metadata", kind), indexes, record.opened.get(kind))
    if pod is not None and len(pod) > 1 and record.template:
        _strip_template(editor, record, pod[:-1])


def _strip_template(editor: Editor, record: Record, path: PodPath) -> None:
    """Takes the injected members out of the metadata of a pod template that is not the object itself."""
    metadata = editor.editable(*path, "metadata")
    if not isinstance(metadata, Mapping):
        return
    sections = {kind: node for kind in record.template if isinstance(node := direct(metadata, kind), Mapping)}
    injected = {kind: injected_members(node, record.template[kind]) for kind, node in sections.items()}
    only_injected = len(metadata.pairs) == len(sections) and all(
        len(injected[kind]) == len(node.pairs) for kind, node in sections.items()
    )
    opened = record.opened.get("template")
    if opened is not None and only_injected:
        editor.remove((*path, "metadata"), range(len(metadata.pairs)), opened)
        return
    for kind, indexes in injected.items():
        if indexes:
            editor.remove((*path, "metadata", kind), indexes, record.opened.get(f"template.{kind}", opened and "new"))
