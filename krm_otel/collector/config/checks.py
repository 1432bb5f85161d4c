"""Checks whether a config is still consistent after the user's own part is merged into it.

They report what the collector would refuse when it starts: a pipeline that is empty, or names what is not defined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.collector.config.build import build_config
from krm_otel.collector.config.processors import GENERATED
from krm_otel.collector.config.sampling import TAIL_SAMPLING
from krm_otel.collector.reading.structure import names_in, pipelines
from krm_otel.collector.tiers import Tier, tiers
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.config.types.tail_sampling import policy_findings
from krm_otel.dataclass import replace
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.suggestion import listed, nearest

_ROLES: Final = ("receivers", "processors", "exporters")
_SIGNALS: Final = ("traces", "metrics", "logs", "profiles")
_SERVICE: Final = ("extensions", "pipelines", "telemetry")

Problem = tuple[str, str]
"""What is wrong in a config, and what to write instead."""


def check_config(oaas_class: OaasClass, settings: Settings) -> Iterator[Result]:
    """The errors of a class's merged configs. A config that is only generated is consistent, and is not checked."""
    for tier in tiers(oaas_class, settings):
        yield from _check_processors(tier)
        if (user_config := tier.collector.config) is None:
            continue
        field = "collector.gateway.config" if tier.collector.second_tier else "collector.config"
        location = Location(oaas_class.ref, user_config.origin.where)
        for text, fix in _problems(build_config(tier)):
            yield rules.COLLECTOR_CONFIG.at(location, f"with {field} merged in, {text}", fix=fix)


def _check_processors(tier: Tier) -> Iterator[Result]:
    """Errors for additional processors that have no place, or the id of a generated one."""
    additional = tier.collector.processors
    merged = build_config(replace(tier, collector=replace(tier.collector, config=None)))
    for index, processor in enumerate(additional.value):
        of_signals = [
            names_in(pipeline["processors"])
            for name, pipeline in pipelines(merged)
            if not processor.signals or name.partition("/")[0] in processor.signals
        ]
        if processor.name in GENERATED:
            text = f"is {processor.name}, which krm-otel generates"
            fix = f"write collector.config.processors.{processor.name} to change it, or {processor.name}/<name>"
            yield additional.inside(processor.name, index, "name").report(rules.PROCESSOR_PLACE, text, fix=fix)
        elif of_signals and not any(processor.name in ids for ids in of_signals):
            side = "after" if processor.after else "before"
            beside = processor.after or processor.before or ""
            known = list(dict.fromkeys(name for ids in of_signals for name in ids))
            near = nearest(beside, known)
            text, fix = f"is {beside}, which no pipeline of its signals has", f"write {near or listed(known)}"
            yield additional.inside(beside, index, side).report(rules.PROCESSOR_PLACE, text, fix=fix, proposed=near)


def _problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    service = config.get("service")
    pipelines = service.get("pipelines") if isinstance(service, Mapping) else None
    if not isinstance(service, Mapping) or not isinstance(pipelines, Mapping) or not pipelines:
        yield "there is no pipeline", "leave service.pipelines as it is, or write one"
        return
    yield from _unknown_keys(service, _SERVICE, "service")
    yield from _policies(config)
    yield from _undefined(service.get("extensions") or (), _ids(config, "extensions"), "service.extensions")
    for name, pipeline in pipelines.items():
        path = f"service.pipelines.{name}"
        if (signal := str(name).partition("/")[0]) not in _SIGNALS:
            near = nearest(signal, _SIGNALS)
            fix = f"write {near or listed(_SIGNALS)}, or {near or 'traces'}/{signal}"
            yield f"{path} is not named after a signal", fix
        if not isinstance(pipeline, Mapping):
            yield f"{path} is not a mapping", "write receivers, processors and exporters"
            continue
        yield from _unknown_keys(pipeline, _ROLES, path)
        for role in _ROLES:
            connectors = set() if role == "processors" else _ids(config, "connectors")
            components = pipeline.get(role) or ()
            if not components and role != "processors":
                yield f"{path} has no {role}", "write at least one"
            yield from _undefined(components, _ids(config, role) | connectors, f"{path}.{role}")


def _policies(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of tail sampling's policies; extensions may bring types of their own."""
    types = {name.partition("/")[0] for name in _ids(config, "extensions")}
    for name, processor in (config.get("processors") or {}).items():
        policies = processor.get("policies") if isinstance(processor, Mapping) else None
        if str(name).partition("/")[0] != TAIL_SAMPLING or not isinstance(policies, list):
            continue
        for index, policy in enumerate(policies):
            for finding in policy_findings(policy, types):
                path = field_path("processors", str(name), "policies", index, *finding.steps)
                yield f"{path} {finding.text}", finding.fix


def _ids(config: Mapping[str, Any], section: str) -> set[str]:
    return {str(key) for key in config.get(section) or {}}


def _unknown_keys(section: Mapping[str, Any], known: tuple[str, ...], path: str) -> Iterator[Problem]:
    for key in section:
        if key not in known:
            yield f"{path} has {key}, which is not known", f"write {nearest(str(key), known) or listed(known)}"


def _undefined(components: Any, defined: set[str], path: str) -> Iterator[Problem]:
    if not isinstance(components, list | tuple):
        yield f"{path} is not a list", f"write [{components}]"
        return
    for index, name in enumerate(map(str, components)):
        if name in map(str, components[:index]):
            yield f"{path} names {name} twice", "leave one out"
        elif name not in defined:
            section = path.rpartition(".")[2]
            fix = nearest(name, sorted(defined)) or f"{section}.{name}, too"
            yield f"{path} names {name}, which is not defined", f"write {fix}"
