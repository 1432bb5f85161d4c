"""Out: what the record says is ours comes out of one object."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from krm_otel import names
from krm_otel.inject.patch.additions import PodPath, is_ours, our_entries, our_members, parts
from krm_otel.inject.patch.record import ContainerRecord, Merge, Record, digest
from krm_otel.inject.sdk import attributes
from krm_otel.yamltext.editable import CannotEdit, Path
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import direct, lookup, text_of
from krm_otel.yamltext.verify import node_from_text


def strip(
    text: str,
    root: Mapping,
    record: Record,
    pod: PodPath,
    names_of: list[str],
    spare: AbstractSet[str] = frozenset(),
) -> str:
    """The text without what the record says is ours; raises CannotEdit.

    `names_of` are the names of the pod's containers, by index. What was edited since is the user's and stays, and so do
    the volumes that `spare` names.
    """
    try:
        return _strip(text, root, record, pod, names_of, spare, verbatim=True)
    except CannotEdit:
        if not any(part.merge or part.adopted for part in record.containers.values()):
            raise
        # A value that stood over several lines fits only where it stood; elsewhere its meaning is restored.
        return _strip(text, root, record, pod, names_of, spare, verbatim=False)


def still_mounted(root: Mapping, record: Record, pod: PodPath, names_of: list[str]) -> frozenset[str]:
    """Volumes of ours that containers mount which are not ours, such as a collector that was changed by hand."""
    ours = {_name(item) for item in _our_items(lookup(root, *pod, "volumes"), record.lists.get("volumes", []))}
    if not ours:
        return frozenset()
    of = dict(parts(record, names_of, root, pod))
    found: set[str] = set()
    for key in ("initContainers", "containers"):
        node = lookup(root, *pod, key)
        items = list(node.items) if isinstance(node, Sequence) else []
        gone = _our_items(node, record.lists.get(key, []))
        for i, item in enumerate(items):
            mounts = lookup(item, "volumeMounts")
            part = of.get(i) if key == "containers" else None
            added = _our_items(mounts, part.lists.get("volumeMounts", []) if part else [])
            if item not in gone and isinstance(mounts, Sequence):
                found |= {_name(mount) for mount in mounts.items if mount not in added}
    return frozenset(ours & found)


def _our_items(node: Node | None, digests: list[str]) -> list[Node]:
    return [node.items[i] for i in our_entries(node, digests)] if isinstance(node, Sequence) else []


def _name(item: Node) -> str:
    return text_of(lookup(item, "name")) or ""


def _strip(
    text: str,
    root: Mapping,
    record: Record,
    pod: PodPath,
    names_of: list[str],
    spare: AbstractSet[str],
    *,
    verbatim: bool,
) -> str:
    editor = Editor(text, root)
    for index, part in parts(record, names_of, root, pod):
        path: Path = (*pod, "containers", index)
        container = editor.editable(*path)
        if isinstance(container, Mapping):
            _strip_env(editor, (*path, "env"), part, verbatim)
            if part.opened.get("name") == "new" and text_of(direct(container, "name")) in record.containers:
                editor.remove_key((*path, "name"))
            for key, digests in part.lists.items():
                strip_list(editor, (*path, key), digests, part.opened.get(key))
    for key, digests in record.lists.items():
        strip_list(editor, (*pod, key), digests, record.opened.get(key), spare if key == "volumes" else frozenset())
    strip_metadata(editor, record, pod)
    return editor.finish()


def _strip_env(editor: Editor, path: Path, part: ContainerRecord, verbatim: bool) -> None:
    env = editor.editable(*path)
    if not isinstance(env, Sequence):
        return
    ours = [i for i, item in enumerate(env.items) if is_ours(item, part.env)]
    if ours:
        editor.remove(path, ours, part.opened.get("env"))
    if not part.adopted and not part.merge:
        return
    theirs = {(*path, i, "value"): item for i, item in enumerate(env.items) if i not in ours}
    for value_path, item in theirs.items():
        _give_back(editor, value_path, item, part, verbatim)
    if part.merge:
        _unmerge(editor, theirs, part.merge, verbatim)


def _give_back(editor: Editor, path: Path, item: Node, part: ContainerRecord, verbatim: bool) -> None:
    """What was taken over becomes the user's again; what was changed since is it already."""
    adopted, value = part.adopted.get(text_of(lookup(item, "name")) or ""), direct(item, "value")
    if adopted is None or not isinstance(value, Scalar) or digest(value.value) != adopted.digest:
        return
    if verbatim:
        editor.restore(path, adopted.text)
    else:
        editor.replace(path, scalar_value(adopted.text))


def _unmerge(editor: Editor, items: dict[Path, Node], merge: Merge, verbatim: bool) -> None:
    # Of two variables of this name the last one counts, and was merged into.
    for path, item in reversed(items.items()):
        value = direct(item, "value")
        if text_of(lookup(item, "name")) != names.E_ATTRIBUTES or not isinstance(value, Scalar):
            continue
        if digest(value.value) == merge.digest:
            if verbatim:
                editor.restore(path, merge.text)
            else:
                editor.replace(path, scalar_value(merge.text))
            return
        kept = [raw for key, raw in attributes.split(value.value) if not _is_merged(key, raw, merge)]
        if len(kept) < len(attributes.split(value.value)):
            editor.replace(path, ",".join(kept))
        return


def _is_merged(key: str, raw: str, merge: Merge) -> bool:
    return key in merge.keys and merge.keys[key] == digest(raw.partition("=")[2])


def scalar_value(text: str) -> str:
    """What the exact text of a scalar stands for; raises CannotEdit where it is none."""
    try:
        return text_of(node_from_text(text)) or ""
    except SourceError:
        raise CannotEdit("what is recorded of the text before is no value") from None


def strip_list(
    editor: Editor, path: Path, digests: list[str], opened: str | None, spare: AbstractSet[str] = frozenset()
) -> None:
    node = editor.editable(*path)
    if not isinstance(node, Sequence):
        return
    if at := [i for i in our_entries(node, digests) if _name(node.items[i]) not in spare]:
        editor.remove(path, at, opened)


def strip_metadata(editor: Editor, record: Record, pod: PodPath) -> None:
    """Takes the record out of the object's metadata, and what is ours out of that of its pod template."""
    own = record.template if len(pod) == 1 else {}  # a Pod has one metadata for both
    for kind in dict.fromkeys(["annotations", *own]):
        node = editor.editable("metadata", kind)
        if isinstance(node, Mapping):
            at = our_members(node, own.get(kind, {}))
            if kind == "annotations":
                at += [i for i, (k, _) in enumerate(node.pairs) if isinstance(k, Scalar) and k.value == names.A_RECORD]
            if at:
                editor.remove(("metadata", kind), at, record.opened.get(kind))
    if own or not record.template:
        return
    path = (*pod[:-1], "metadata")
    metadata = editor.editable(*path)
    if not isinstance(metadata, Mapping):
        return
    found = {kind: node for kind in record.template if isinstance(node := direct(metadata, kind), Mapping)}
    ours = {kind: our_members(node, record.template[kind]) for kind, node in found.items()}
    only_ours = len(metadata.pairs) == len(found) and all(len(ours[kind]) == len(found[kind].pairs) for kind in found)
    opened = record.opened.get("template")
    if opened is not None and only_ours:
        editor.remove(path, range(len(metadata.pairs)), opened)
        return
    for kind, at in ours.items():
        if at:
            editor.remove((*path, kind), at, record.opened.get(f"template.{kind}", opened and "new"))
