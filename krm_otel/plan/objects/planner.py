"""What happens to generated objects: which come, change, stay and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from krm_otel import names
from krm_otel.collector.naming import label_value
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.plan.changes import Change, Objects
from krm_otel.plan.objects.config_readers import Reader
from krm_otel.plan.objects.ownership import (
    Existing,
    Key,
    Wanted,
    free_indexes,
    key_of,
    keys_of,
    placed,
    renewed,
    same,
)
from krm_otel.plan.scope import Scope, config_absent, missing


def plan_objects(
    found: Sequence[Existing],
    wanted: Mapping[Key, Wanted],
    scope: Scope,
    needed: AbstractSet[tuple[str, str]],
    read: Reader,
    *,
    remove: bool,
) -> tuple[Objects, list[Change], list[Result]]:
    """Plans the generated objects of one input.

    Args:
        found: the generated objects of the input.
        wanted: what the classes want to have, by identity.
        scope: which classes are in the input.
        needed: classes (namespace, name) of which a workload keeps what it had: it may still need their objects.
        read: who reads a ConfigMap when all is done.
        remove: everything of ours goes, whatever is in the input.
    """
    results: list[Result] = []
    needed_owners = {(namespace, label_value(name)) for namespace, name in needed}
    rewritten: dict[int, dict[str, Any]] = {}
    gone: set[int] = set()
    changes: list[Change] = []
    met: set[Key] = set()
    for one in found:
        ref = one.resource.ref
        key = next((key for key in keys_of(one.resource) if key in wanted and key not in met), None)
        if key is not None and not remove:
            met.add(key)
            if same(one, wanted[key].data):
                changes.append(Change(ref, "unchanged"))
            else:
                rewritten[ref.position] = renewed(one, wanted[key].data)
                changes.append(Change(ref, "updated"))
        elif not remove and scope.is_faulty(ref.namespace, one.owner):
            changes.append(Change(ref, "kept", f"class {one.owner} has errors"))
        elif not remove and (ref.namespace, one.owner) in needed_owners:
            changes.append(Change(ref, "kept", f"a workload of class {one.owner} has errors and keeps what it had"))
        elif remove or scope.complete or scope.decides_owner(ref.namespace, one.owner, one.enabled_by):
            if not (remove or scope.prunes):
                changes.append(Change(ref, "kept", "prune: false"))
                results.append(_not_pruned(one))
            elif ref.kind == "ConfigMap" and (by := read(ref.namespace, ref.name)):
                # A collector that was changed by hand is the user's, and does not start without its config.
                changes.append(Change(ref, "kept", f"{by} reads it"))
                results.append(_still_read(one, by))
            else:
                gone.add(ref.position)
                changes.append(Change(ref, "pruned"))
        elif scope.holds_owner(ref.namespace, one.owner):
            changes.append(Change(ref, "kept", f"the {one.enabled_by} is not in the input"))
            results.append(config_absent(ref, one.owner, field_path("metadata", "annotations", names.A_ENABLED_BY)))
        else:
            changes.append(Change(ref, "kept", f"class {one.owner} is not in the input"))
            results.append(_absent(one))
    added: dict[str, list[dict[str, Any]]] = {}
    for file, data in _added([wanted[key] for key in sorted(wanted.keys() - met)], found):
        added.setdefault(file, []).append(data)
        changes.append(Change(_ref(data), "generated"))
    return Objects(rewritten, frozenset(gone), added), changes, results


def _still_read(one: Existing, by: Ref) -> Result:
    message = (
        f"nothing of ours needs this any more, but {by} reads it, so it is kept: take its container and its volume out "
        "there"
    )
    return Result("still-read", "warning", message, one.resource.ref, "metadata.name")


def _not_pruned(one: Existing) -> Result:
    message = (
        f"class {one.owner} does not want this any more, and it is kept since the OTelConfig says prune: false; "
        "delete it, or leave prune out"
    )
    return Result("not-pruned", "warning", message, one.resource.ref, "metadata.labels")


def _absent(one: Existing) -> Result:
    message = (
        f"{missing(one.owner)} is not in the input, so what was generated for it is kept as it is; "
        "where it is gone for good, set prune: true in OTelConfig, or run uninject"
    )
    return Result("class-absent", "warning", message, one.resource.ref, "metadata.labels")


def _added(wanted: Sequence[Wanted], found: Sequence[Existing]) -> list[tuple[str, dict[str, Any]]]:
    """The objects that come, sorted, each with its plain file, and with a place in its class's file for kpt."""
    ordered = sorted(wanted, key=lambda one: (one.path, key_of(one.data)[2], one.owner.name, key_of(one.data)[1]))
    files = [(one.package, one.path) for one in ordered]
    indexes = {file: iter(free_indexes(file, found)) for file in files}
    return [(one.file, placed(one, next(indexes[file]))) for one, file in zip(ordered, files, strict=True)]


def _ref(data: Mapping[str, object]) -> Ref:
    _, kind, namespace, name = key_of(data)
    return Ref(str(data["apiVersion"]), kind, name, namespace)
