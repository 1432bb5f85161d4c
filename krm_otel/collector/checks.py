"""Whether a config still holds together once the user's own part is merged into it.

What the collector would refuse at start is told here: a pipeline that is empty, or names what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from krm_otel.collector.pipelines import config
from krm_otel.collector.tiers import first_tier, second_tier
from krm_otel.config.nearest import nearest
from krm_otel.config.place import one_line
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.krm.results import Result


def faults(oaas_class: OaasClass, settings: Settings) -> tuple[Result, ...]:
    """The errors of a class's merged config; none where nothing is merged, for what we write holds together."""
    tiers = (first_tier(oaas_class, settings), second_tier(settings))
    return tuple(fault for tier in tiers if tier for fault in _of_tier(oaas_class, tier))


def _of_tier(oaas_class: OaasClass, settings: Settings) -> Iterator[Result]:
    managed = settings.collector
    if managed is None or managed.config is None:
        return
    where = managed.config.origin.where
    field = "collector.gateway.config" if managed.second_tier else "collector.config"
    for text in _faults(config(oaas_class, settings)):
        yield Result("collector-config", "error", one_line(f"with {field} merged in, {text}"), oaas_class.ref, where)


def _faults(made: Mapping[str, Any]) -> Iterator[str]:
    service = made.get("service")
    pipelines = service.get("pipelines") if isinstance(service, Mapping) else None
    if not isinstance(service, Mapping) or not isinstance(pipelines, Mapping) or not pipelines:
        yield "there is no pipeline: leave service.pipelines as it is, or write one"
        return
    connectors = _keys(made, "connectors")
    yield from _undefined(service.get("extensions") or (), _keys(made, "extensions"), "service.extensions")
    for name, pipeline in pipelines.items():
        at = f"service.pipelines.{name}"
        if not isinstance(pipeline, Mapping):
            yield f"{at} is not a mapping: write receivers, processors and exporters"
            continue
        for role in ("receivers", "processors", "exporters"):
            known = _keys(made, role) | (connectors if role != "processors" else set())
            listed = pipeline.get(role) or ()
            if not listed and role != "processors":
                yield f"{at} has no {role}: write one at least"
            yield from _undefined(listed, known, f"{at}.{role}")


def _keys(made: Mapping[str, Any], section: str) -> set[str]:
    return {str(key) for key in made.get(section) or {}}


def _undefined(listed: Any, known: set[str], at: str) -> Iterator[str]:
    if not isinstance(listed, list | tuple):
        yield f"{at} is not a list: write [{listed}]"
        return
    for name in map(str, listed):
        if name not in known:
            meant = nearest(name, sorted(known))
            section = at.rpartition(".")[2]
            yield f"{at} names {name}, which is not defined: write " + (meant or f"{section}.{name}, too")
