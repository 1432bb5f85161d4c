"""Whether a config still holds together once the user's own part is merged into it.

What the collector would refuse at start is told here: a pipeline that is empty, or names what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.collector.config.pipelines import config
from krm_otel.collector.config.spans import TAIL_SAMPLING
from krm_otel.collector.tiers import first_tier, second_tier
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.config.types.tail_policies import mistakes
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import one_line
from krm_otel.diagnostics.suggestion import listed, nearest

ROLES: Final = ("receivers", "processors", "exporters")
SIGNALS: Final = ("traces", "metrics", "logs", "profiles")


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
    yield from _unknown(service, ("extensions", "pipelines", "telemetry"), "service")
    yield from _policies(made)
    connectors = _keys(made, "connectors")
    yield from _undefined(service.get("extensions") or (), _keys(made, "extensions"), "service.extensions")
    for name, pipeline in pipelines.items():
        at = f"service.pipelines.{name}"
        if (signal := str(name).partition("/")[0]) not in SIGNALS:
            meant = nearest(signal, SIGNALS)
            yield f"{at} is no pipeline of a signal: write {meant or listed(SIGNALS)}, or {meant or 'traces'}/{signal}"
        if not isinstance(pipeline, Mapping):
            yield f"{at} is not a mapping: write receivers, processors and exporters"
            continue
        yield from _unknown(pipeline, ROLES, at)
        for role in ROLES:
            known = _keys(made, role) | (connectors if role != "processors" else set())
            components = pipeline.get(role) or ()
            if not components and role != "processors":
                yield f"{at} has no {role}: write one at least"
            yield from _undefined(components, known, f"{at}.{role}")


def _policies(made: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong in policies of tail sampling; extensions may bring types of their own."""
    more = {name.partition("/")[0] for name in _keys(made, "extensions")}
    for name, processor in (made.get("processors") or {}).items():
        policies = processor.get("policies") if isinstance(processor, Mapping) else None
        if str(name).partition("/")[0] != TAIL_SAMPLING or not isinstance(policies, list):
            continue
        for number, policy in enumerate(policies):
            for found in mistakes(policy, more):
                yield f"{field_path('processors', str(name), 'policies', number, *found.path)} {found.text}"


def _keys(made: Mapping[str, Any], section: str) -> set[str]:
    return {str(key) for key in made.get(section) or {}}


def _unknown(written: Mapping[str, Any], known: tuple[str, ...], at: str) -> Iterator[str]:
    for name in written:
        if name not in known:
            yield f"{at} has {name}, which is not known: write {nearest(str(name), known) or listed(known)}"


def _undefined(components: Any, known: set[str], at: str) -> Iterator[str]:
    if not isinstance(components, list | tuple):
        yield f"{at} is not a list: write [{components}]"
        return
    for number, name in enumerate(map(str, components)):
        if name in map(str, components[:number]):
            yield f"{at} names {name} twice: leave one out"
        elif name not in known:
            meant = nearest(name, sorted(known))
            section = at.rpartition(".")[2]
            yield f"{at} names {name}, which is not defined: write " + (meant or f"{section}.{name}, too")
