"""Whether what the config names is there when the collector starts.

Sources: collector v0.158, `service/internal/graph` (a connector needs both of its sides) and
`config/configauth` (an authenticator must be among the extensions that are started).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.api_server import api_clients
from krm_otel.collector.reading.removed import removed_names
from krm_otel.collector.reading.structure import CONNECTED, active_extensions, mapping, member, type_of, used
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.rules import collector as collector_rules
from krm_otel.diagnostics.rules import merged_config as rules

_SECTIONS: Final = ("receivers", "processors", "exporters")
_STORAGES: Final = ("file_storage", "db_storage", "redis_storage")


def component_problems(deployed: Deployed) -> Iterator[Problem]:
    """Components that no collector has, or that are missing, half connected, or without rights."""
    for gone in removed_names(deployed.own):
        yield Problem(rules.CONFIG_REMOVED, gone.steps, gone.text, gone.fix, deployed.uncertain)
    yield from _extensions(deployed)
    yield from _connectors(deployed)
    yield from _without_rights(deployed)


def _extensions(deployed: Deployed) -> Iterator[Problem]:
    config = deployed.config
    active, defined = active_extensions(config), mapping(config.get("extensions"))
    for section in _SECTIONS:
        for component in used(config, section):
            body = member(config, section, component)
            for steps, name in _named_extensions(body, (section, component), defined):
                if name in active:
                    continue
                text = f"names {name}, which service.extensions leaves out"
                fix = f"write service.extensions: [{', '.join([*active, name])}]"
                if component not in mapping(deployed.own.get(section)):  # it is generated, and the list is not
                    text, steps = f"leaves out {name}, which {section}.{component} names", ("service", "extensions")
                    fix = f"write [{', '.join([*active, name])}]"
                yield Problem(collector_rules.COLLECTOR_CONFIG, steps, text, fix)


def _named_extensions(
    value: Any, steps: tuple[Step, ...], defined: Mapping[str, Any]
) -> Iterator[tuple[tuple[Step, ...], str]]:
    """The extensions that a component names: an authenticator, a storage, an encoding, middlewares."""
    if isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _named_extensions(entry, (*steps, index), defined)
        return
    for key, inside in mapping(value).items():
        here = (*steps, str(key))
        if isinstance(inside, str):
            is_named = key == "authenticator" or (key == "encoding" and inside in defined)
            is_named |= key == "storage" and (inside in defined or type_of(inside) in _STORAGES)
            if is_named and "${" not in inside:
                yield here, inside
        elif key == "middlewares":
            for index, entry in enumerate(inside if isinstance(inside, list | tuple) else ()):
                if isinstance(name := mapping(entry).get("id"), str):
                    yield (*here, index, "id"), name
        else:
            yield from _named_extensions(inside, here, defined)


def _connectors(deployed: Deployed) -> Iterator[Problem]:
    config = deployed.config
    for component in mapping(config.get("connectors")):
        sides = [role for role in CONNECTED if component in used(config, role)]
        if len(sides) == 1:
            (other,) = set(CONNECTED) - set(sides)
            text = (
                f"is among the {sides[0]} of a pipeline, and among the {other} of none, so the collector does not start"
            )
            fix = f"name it in the {other} of a pipeline, or leave it out of the {sides[0]}"
            yield Problem(collector_rules.COLLECTOR_CONFIG, ("connectors", str(component)), text, fix)


def _without_rights(deployed: Deployed) -> Iterator[Problem]:
    """Components that ask the API server, with an account that has no rights. A sidecar has the account of its pod."""
    tier = deployed.tier
    if tier.placement.in_class_pods or deployed.operator or tier.collector.service_account.name:
        return
    generated = ("processors", "k8s_attributes") if tier.collector.k8s_attributes else ()
    for steps in api_clients(deployed.config):
        if steps != generated:
            text = "asks the API server, and the collector's ServiceAccount has no rights"
            fix = "write collector.service_account.name of an account that has them, or leave it out"
            yield Problem(rules.CONFIG_RIGHTS, steps, text, fix)
