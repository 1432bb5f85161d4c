"""Components of the user's part that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from krm_otel.collector.config.build import build_config
from krm_otel.collector.reading.references import texts
from krm_otel.collector.reading.structure import active_extensions, mapping, used
from krm_otel.collector.tiers import tiers
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import merged_config as rules


def unused_components(owners: Iterable[tuple[OaasClass, Settings]]) -> Iterator[Result]:
    """A warning for each component that no collector uses.

    One part may be for many classes, and not every class has each of its signals and exporters.
    """
    parts: dict[str, tuple[Any, set[tuple[str, str]]]] = {}
    for tier in (tier for oaas_class, settings in owners for tier in tiers(oaas_class, settings)):
        if (own := tier.collector.config) is not None:
            unused = _unused(build_config(tier), own.value)
            _, before = parts.get(own.origin.where, (own, unused))
            parts[own.origin.where] = own, before & unused
    for own, unused in parts.values():
        for section, component in sorted(unused):
            where = "service.extensions" if section == "extensions" else "the pipelines"
            text, fix = f"is not in {where}, so it does nothing", f"name it in {where}, or leave it out"
            yield own.inside(None, section, component).report(rules.COMPONENT_UNUSED, text, fix=fix)


def _unused(config: Mapping[str, Any], own: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Section and id of what the user's part has and the merged config does not use."""
    users = {section: used(config, section) for section in ("receivers", "processors", "exporters")}
    users["connectors"] = [*users["receivers"], *users["exporters"]]
    # Another check says which extensions components name in vain.
    users["extensions"] = [*active_extensions(config), *(text for _, text in texts(config))]
    return {
        (section, component)
        for section, named in users.items()
        for component in map(str, mapping(own.get(section)))
        if component not in named
    }
