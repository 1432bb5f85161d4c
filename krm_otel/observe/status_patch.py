"""The patch for the status of each class, for server-side apply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from krm_otel.collector.naming import config_name, deployment_names
from krm_otel.conditions import TYPES
from krm_otel.inject.status import CONDITIONS, GENERATION, REFS
from krm_otel.krm.resource import Resource
from krm_otel.observe.classes import ClassState
from krm_otel.yamltext.query import decode, items_of, lookup, text_of

MANAGER: Final = "krm-otel"
"""The field manager that applies the patches."""


def status_patches(states: Iterable[ClassState], now: str = "") -> list[dict[str, Any]]:
    """Patches of the status, for the classes whose telemetry is on, or was.

    Each has the complete list of conditions: the list is atomic in upstream's definition, so a shorter one would remove
    the conditions of other controllers. `now` is the time of conditions that changed; if it is empty, they get none.
    """
    return [_patch(state, now) for state in states if state.conditions or state.has_stale_status]


def _patch(state: ClassState, now: str) -> dict[str, Any]:
    resource = state.resource
    status: dict[str, Any] = {CONDITIONS: _patched_conditions(state, now)}
    if refs := _patched_refs(state):
        status[REFS] = refs
    generation, existing = resource.text("metadata", "generation"), resource.text("status", GENERATION)
    # Overwriting the number of another controller would be a conflict.
    if generation.isdecimal() and (existing in ("", generation) or _managers(resource, GENERATION) == {MANAGER}):
        status[GENERATION] = int(generation)
    metadata = {"name": resource.name} | ({"namespace": resource.namespace} if resource.namespace else {})
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "status": status}


def _patched_conditions(state: ClassState, now: str) -> list[Any]:
    """The existing conditions in their order, with krm-otel's updated, added at the end, or left out."""
    missing = {condition.type: condition for condition in state.conditions}
    patched: list[Any] = []
    for existing in _decoded(state.resource, CONDITIONS):
        kind = existing.get("type") if isinstance(existing, dict) else None
        if kind not in TYPES:
            patched.append(existing)
        elif condition := missing.pop(kind, None):
            patched.append(condition.entry(existing, now))
    return patched + [condition.entry({}, now) for condition in missing.values()]


def _patched_refs(state: ClassState) -> list[Any]:
    """The references of the status; empty where the patch does not need them."""
    name, existing = state.resource.name, _decoded(state.resource, REFS)
    if state.has_stale_status:
        generated = (*deployment_names(name), config_name(name))
        return [ref for ref in existing if not isinstance(ref, dict) or ref.get("name") not in generated]
    return [*existing, *(ref for ref in state.refs if ref not in existing)] if state.refs else []


def _managers(resource: Resource, key: str) -> set[str | None]:
    """The managers of a field of the status; empty without kubectl's option `--show-managed-fields`."""
    return {
        text_of(lookup(entry, "manager"))
        for entry in items_of(resource.node("metadata", "managedFields"))
        if lookup(entry, "fieldsV1", "f:status", f"f:{key}") is not None
    }


def _decoded(resource: Resource, key: str) -> list[Any]:
    return [decode(entry) for entry in items_of(resource.node("status", key))]
