"""Classes that are held back by a workload that keeps what it had (`on_error: degrade`).

Such a workload needs its collector as it was. In another mode the same names stand for something else: a ConfigMap that
was written anew would break the sidecar that reads it, or the collector that is kept for the workload's sake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krm_otel.collector.naming import label_value
from krm_otel.config.settings import Configuration
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.resource import Resource
from krm_otel.plan.objects.config_readers import mounted
from krm_otel.plan.objects.ownership import Existing, Key, Taken, Wanted, keys_of, same

_OPERATORS: Final = (("spec", "mode"), ("spec", "exporter", "endpoint"))
"""What the Operator's objects, which pods ask for by name, say of the way that telemetry takes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A workload that keeps what it had: `classes` (namespace, name) are those that it may still need, `results` what
    is wrong with it."""

    resource: Resource
    classes: frozenset[tuple[str, str]]
    results: tuple[Result, ...]


def held_back(
    kept: Sequence[Kept], ours: Sequence[Existing], wanted: Mapping[Key, Wanted], configuration: Configuration
) -> list[Taken]:
    """The classes whose objects would be written anew beneath a workload that needs them as they are, and why."""
    owners = {(namespace, label_value(name)): one for one in kept for namespace, name in one.classes}
    if not owners:
        return []
    renewed: list[tuple[Existing, Wanted]] = []
    read = {(one.resource.namespace, name): one for one in kept for name in mounted(one.resource, configuration)}
    for one in ours:
        whose = (one.resource.namespace, one.owner)
        key = next((key for key in keys_of(one.resource) if key in wanted), None)
        if key is not None:
            renewed.append((one, wanted[key]))
        elif whose in owners:  # it is kept, for the sake of that workload
            read |= {(whose[0], name): owners[whose] for name in mounted(one.resource, configuration)}
    found: dict[Ref, Result] = {}
    for one, new in renewed:
        ref = one.resource.ref
        by = read.get((ref.namespace, ref.name)) if ref.kind == "ConfigMap" else None
        if by is None and any(one.resource.text(*path) != _at(new.data, path) for path in _OPERATORS):
            by = owners.get((ref.namespace, one.owner))
        if by is not None and not same(one, new.data):
            found.setdefault(new.owner, _said(new.owner, by.resource.ref, ref))
    return list(found.items())


def _at(data: Any, path: Sequence[str]) -> str:
    for key in path:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data if isinstance(data, str) else ""


def _said(whose: Ref, by: Ref, needed: Ref) -> Result:
    message = (
        f"{by} has errors and keeps what it had, and for that {needed} has to stay as it is: so the whole class keeps "
        f"what it had until {by} is mended"
    )
    return Result("class-held-back", "error", message, whose)
