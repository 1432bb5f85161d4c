"""Objects that look like a ClassRuntime or an OTelConfig, and are none: another spelling, another group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel import names
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import near_misses as rules
from krm_otel.diagnostics.suggestion import nearest, without_separators
from krm_otel.krm.item import Item
from krm_otel.plan.request import Request

_VERSIONS: Final = {names.CLASS_KIND: names.CLASS_API_VERSION, names.CONFIG_KIND: names.CONFIG_API_VERSION}
_GROUPS: Final = {names.CLASS_KIND: (names.CLASS_GROUP,), names.CONFIG_KIND: names.CONFIG_GROUPS}
_OURS: Final = frozenset((names.CLASS_GROUP, *names.CONFIG_GROUPS)) - {""}
_LETTERS: Final = frozenset(map(without_separators, _VERSIONS))


def misspelt_kinds(request: Request) -> Iterator[Result]:
    """Kinds that are nearly ours, and our kinds in another API group."""
    for item in request.items:
        if item.kind in _VERSIONS:
            if item.group not in _GROUPS[item.kind]:
                yield _other_group(item)
        elif (meant := _meant(item)) is not None:
            text, fix = f"{item.kind} is no kind that krm-otel reads", f"write {meant}"
            where = Location(_ref(item), "kind", "kind")
            yield rules.KIND_MISSPELT.at(where, text, fix=fix, current=item.kind, proposed=meant)


def _meant(item: Item) -> str | None:
    """The kind that a user most likely meant; None where it is not one of ours."""
    if item.group in _OURS:
        return nearest(item.kind, _VERSIONS, 0.8)
    # In another group, or without one, only another spelling of the same letters counts.
    return nearest(item.kind, _VERSIONS, 1.0) if without_separators(item.kind) in _LETTERS else None


def _other_group(item: Item) -> Result:
    version = _VERSIONS[item.kind]
    text = f"{item.api_version or 'without a value'} is not that of a {item.kind}, so krm-otel does not read it"
    where = Location(_ref(item), "apiVersion", "apiVersion")
    current = item.api_version or None
    return rules.KIND_MISSPELT.at(where, text, fix=f"write {version}", current=current, proposed=version)


def _ref(item: Item) -> Ref:
    return item.resource.ref if item.resource is not None else Ref(kind=item.kind, file=item.file)
