"""`on_error: degrade`: a class whose objects cannot be written keeps what it has, and the other classes go on.

A workload that has errors keeps what it has, so it needs its collector as it was. In another mode the same names are
other objects: a new ConfigMap would break the sidecar that reads it, or the collector that is kept for the workload.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.plan.draft import Draft, draft_plan, owner_labels
from krm_otel.plan.objects.config_maps import mounted_config_maps
from krm_otel.plan.objects.identity import Blocked, DesiredObject, ExistingObject
from krm_otel.plan.objects.planner import is_same_object

_OPERATOR_FIELDS: Final = (("spec", "mode"), ("spec", "exporter", "endpoint"))
"""Fields of the Operator's objects, which pods ask for by name, that decide which way telemetry takes."""


def degraded_draft(draft: Draft) -> tuple[Draft, list[Result]]:
    """The draft in which blocked classes keep what they have, and why they are blocked."""
    classes = {oaas_class.ref for oaas_class in draft.request.configuration.classes}
    blocked = [(owner, result) for owner, result in blocked_classes(draft) if owner in classes]
    if not blocked:
        return draft, []
    results = [replace(result, severity="warning") for _, result in blocked]
    degraded = draft_plan(draft.request.without({owner for owner, _ in blocked}))
    # The errors of a workload remain, also where its class is not planned any more.
    reported = {repr(result) for result in degraded.results}
    results += [result for kept in draft.kept for result in kept.results if repr(result) not in reported]
    return degraded, results


def blocked_classes(draft: Draft) -> list[Blocked]:
    """The owners whose objects cannot be written: a name is taken, or a workload needs the objects as they are."""
    configuration = draft.request.configuration
    owners = {label: workload for workload in draft.kept for label in owner_labels(workload)}
    if not owners:
        return list(draft.collisions)
    readers = {(w.ref.namespace, name): w for w in draft.kept for name in w.config_maps}
    renewed: list[tuple[ExistingObject, DesiredObject]] = []
    for entry in draft.existing:
        label = (entry.resource.namespace, entry.owner_label)
        key = entry.key(draft.desired)
        if key is not None:
            renewed.append((entry, draft.desired[key]))
        elif label in owners:  # the object is kept for that workload
            mounted = mounted_config_maps(entry.resource, configuration)
            readers |= {(label[0], name): owners[label] for name in mounted}
    blocked: dict[Ref, Result] = {}
    for entry, new in renewed:
        ref = entry.resource.ref
        workload = readers.get((ref.namespace, ref.name)) if ref.kind == "ConfigMap" else None
        if workload is None and any(entry.resource.text(*path) != _text(new.data, path) for path in _OPERATOR_FIELDS):
            workload = owners.get((ref.namespace, entry.owner_label))
        if workload is not None and not is_same_object(entry, new.data):
            text = (
                f"{workload.ref} has errors and keeps what it had, and needs {ref} as it is, so the whole class keeps "
                "what it had"
            )
            result = rules.CLASS_HELD_BACK.at(new.owner, text, fix=f"fix {workload.ref} first", severity="error")
            blocked.setdefault(new.owner, result)
    return [*draft.collisions, *blocked.items()]


def _text(data: Any, path: Sequence[str]) -> str:
    for key in path:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data if isinstance(data, str) else ""
