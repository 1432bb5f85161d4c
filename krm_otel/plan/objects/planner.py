"""What happens to generated objects: which are added, changed, kept and pruned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from typing import Any

from krm_otel import names
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result, has_errors
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.plan.changes import Change, ObjectChanges, new_texts
from krm_otel.plan.draft import Draft
from krm_otel.plan.kustomize_generator import echo_positions
from krm_otel.plan.objects.edits import overwritten_edit
from krm_otel.plan.objects.generated import (
    DesiredObject,
    ExistingObject,
    Key,
    key_of,
    keys_of,
    name_ending,
    ref_of,
    with_annotations,
)
from krm_otel.plan.request import Request, class_absent, config_absent
from krm_otel.workloads.kinds import is_generated, is_patch, mounted_config_maps

Kept = tuple[str, Result | None]
"""Why an object is kept, and what krm-otel reports of it."""

File = tuple[str, str]
"""A package, empty where kpt names none, and a path in it."""


def plan_objects(draft: Draft) -> tuple[ObjectChanges, list[Change], list[Result]]:
    """Plans the generated objects of one input."""
    existing, desired = draft.existing, draft.desired
    renewed = _renewed(existing, desired)
    needed = {label for workload in draft.kept for label in workload.owner_labels}
    kept = {
        entry.item.position: reason
        for entry in existing
        if entry.item.position not in renewed and (reason := _kept(entry, draft, needed))
    }
    unneeded = [e for e in existing if e.item.position not in renewed and e.item.position not in kept]
    kept |= _still_read(unneeded, draft)
    rewritten: dict[int, dict[str, Any]] = {}
    pruned: set[int] = set()
    changes: list[Change] = []
    results: list[Result] = []
    for entry in existing:
        ref, position = entry.resource.ref, entry.item.position
        if position in kept:
            why, result = kept[position]
            changes.append(Change(ref, "kept", why, role="object"))
            results += [result] if result else []
        elif position not in renewed:
            pruned.add(position)
            changes.append(Change(ref, "pruned", role="object"))
        elif entry.equals(data := desired[renewed[position]].data):
            changes.append(Change(ref, "unchanged", role="object"))
        else:
            transit = {key: v for key, v in entry.resource.annotations.items() if names.in_transit(key)}
            rewritten[position] = with_annotations(data, transit)
            changes.append(Change(ref, "updated", role="object"))
            if edit := overwritten_edit(entry.resource, data):
                results.append(edit)
    added: dict[str, list[dict[str, Any]]] = {}
    for file, data in _added([desired[key] for key in sorted(desired.keys() - set(renewed.values()))], existing):
        added.setdefault(file, []).append(data)
        changes.append(Change(ref_of(data), "generated", role="object"))
    request = draft.request
    if request.generator is not None:
        pruned |= echo_positions(request.items, request.generator)
    return ObjectChanges(rewritten, frozenset(pruned), added), changes, results


def _renewed(existing: Sequence[ExistingObject], desired: Mapping[Key, DesiredObject]) -> dict[int, Key]:
    """Position of an existing object → the desired object that it is; no two of them are the same desired object."""
    renewed: dict[int, Key] = {}
    taken: set[Key] = set()
    for entry in existing:
        key = next((key for key in keys_of(entry.resource) if key in desired and key not in taken), None)
        if key is not None:
            taken.add(key)
            renewed[entry.item.position] = key
    return renewed


def _kept(entry: ExistingObject, draft: Draft, needed: AbstractSet[tuple[str, str]]) -> Kept | None:
    """Why an object stays that no class needs; None where it is pruned.

    `needed` are (namespace, owner label) of the objects that workloads with errors may still need.
    """
    if not draft.request.is_render:
        return None
    scope, ref, label = draft.scope, entry.resource.ref, entry.owner_label
    name = scope.class_name(ref.namespace, label)
    if (ref.namespace, name) in scope.faulty:
        return f"class {label} has errors", None
    if (ref.namespace, label) in needed:
        return f"a workload of class {label} has errors and keeps what it had", None
    if scope.complete or scope.decides(ref.namespace, name, entry.enabled_by):
        if scope.configuration.prune is not False:
            return None
        text = f"class {label} does not need this any more, and the OTelConfig's prune: false keeps it"
        where = Location(ref, "metadata.labels")
        return "prune: false", rules.NOT_PRUNED.at(where, text, fix="delete it, or leave prune out")
    if scope.holds(ref.namespace, name):
        path = field_path("metadata", "annotations", names.A_ENABLED_BY)
        return f"the {entry.enabled_by} is not in the input", config_absent(ref, label, path)
    where = Location(ref, "metadata.labels")
    return f"class {label} is not in the input", class_absent(where, label, "generated")


def _still_read(unneeded: Sequence[ExistingObject], draft: Draft) -> dict[int, Kept]:
    """The ConfigMaps that no class needs and that a workload mounts, by position.

    A collector that was changed by hand is the user's, and does not start without its config.
    """
    config_maps = [entry for entry in unneeded if entry.resource.kind == "ConfigMap"]
    # A workload with errors has no new text, so it would seem to read what it no longer reads.
    if has_errors(draft.results) or not config_maps:
        return {}
    config_map_names = {(entry.resource.namespace, entry.resource.name) for entry in config_maps}
    readers = _config_map_readers(draft.request, new_texts(draft.changes), config_map_names)
    kept: dict[int, Kept] = {}
    for entry in config_maps:
        ref = entry.resource.ref
        if reader := readers.get((ref.namespace, ref.name)):
            text = f"no class needs this any more, but {reader} reads it, so it is kept"
            fix = "take its container and its volume out of the workload"
            result = rules.STILL_READ.at(Location(ref, "metadata.name"), text, fix=fix)
            kept[ref.position] = f"{reader} reads it", result
    return kept


def _config_map_readers(
    request: Request, texts: Mapping[int, str], config_maps: AbstractSet[tuple[str, str]]
) -> dict[tuple[str, str], Ref]:
    """(namespace, name) of each of these ConfigMaps that is mounted → the first workload that mounts it.

    `texts` are the new texts of the items that change, by position.
    """
    readers: dict[tuple[str, str], Ref] = {}
    endings = {name_ending(name) for _, name in config_maps}
    for item in request.items:
        text = texts.get(item.position)
        if not any(ending in text if text is not None else item.mentions(ending) for ending in endings):
            continue
        resource = item.resource if text is None else item.read(text)
        if resource is None or is_generated(resource) or is_patch(resource):
            continue
        for name in mounted_config_maps(resource, request.configuration):
            if (resource.namespace, name) in config_maps:
                readers.setdefault((resource.namespace, name), resource.ref)
    return readers


def _added(
    desired: Sequence[DesiredObject], existing: Sequence[ExistingObject]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The new objects in order, each with its plain file, and with its index in its class's file for kpt."""
    used: dict[File, set[str]] = {}
    for entry in existing:
        annotations = entry.resource.annotations
        file = annotations.get(names.A_PACKAGE_PATH, ""), annotations.get(names.A_PATH, "")
        used.setdefault(file, set()).add(annotations.get(names.A_INDEX, "0"))
    free: dict[File, Iterator[str]] = {}
    for new in sorted(desired, key=lambda d: (d.path, key_of(d.data)[2], d.owner.name, key_of(d.data)[1])):
        if not new.path:
            yield new.file, new.data
            continue
        file = new.package, new.path
        if file not in free:
            free[file] = _free_indexes(used.get(file, set()))
        index = next(free[file])
        annotations = {
            names.A_PATH: new.path,
            names.A_INDEX: index,
            names.A_INTERNAL_PATH: new.path,
            names.A_INTERNAL_INDEX: index,
        }
        if new.package:
            annotations[names.A_PACKAGE_PATH] = new.package
        yield new.file, with_annotations(new.data, annotations)


def _free_indexes(used: set[str]) -> Iterator[str]:
    """Indexes in a file that no generated object has, lowest first."""
    return (index for index in map(str, count()) if index not in used)
