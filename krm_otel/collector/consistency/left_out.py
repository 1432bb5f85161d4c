"""What is generated and a list of the user's leaves out: lists replace, and each loss is named.

A collector without `memory_limiter` runs, until it runs out of memory; without labels, rules and dashboards find
nothing. `collector.processors` adds a processor without repeating the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.collector.config.build import build_config
from krm_otel.collector.config.metric_attributes import DROPPED_ATTRIBUTES, METRIC_ATTRIBUTES
from krm_otel.collector.config.sampling import SAMPLERS
from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.structure import mapping, member, names_in, type_of
from krm_otel.dataclass import replace
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.rules import merged_config as rules
from krm_otel.diagnostics.suggestion import listed

_LOST: Final = {
    "memory_limiter": "nothing keeps the collector from running out of memory",
    "resource": "telemetry without an injected environment does not say its class",
    "k8s_attributes": "telemetry does not say its pod",
    METRIC_ATTRIBUTES: "series have no labels, so rules and dashboards find nothing",
    DROPPED_ATTRIBUTES: "metrics keep the attributes that drop_metric_attributes names",
    "batch": "each item is sent by itself",
    "span_metrics": "there are no metrics of spans",
    **dict.fromkeys(SAMPLERS, "nothing samples by the rate"),
}
"""What is missing without a generated component."""
_FIRST: Final = "memory_limiter"


def left_out_problems(deployed: Deployed) -> Iterator[Problem]:
    """What lists of the user's part leave out, one by one, and an order that does not work."""
    tier = deployed.tier
    generated = build_config(replace(tier, collector=replace(tier.collector, config=None)))
    for name, pipeline in mapping(member(deployed.own, "service", "pipelines")).items():
        before = mapping(member(generated, "service", "pipelines", str(name)))
        for role, written in mapping(pipeline).items():
            steps = ("service", "pipelines", str(name), str(role))
            yield from _pipeline(steps, names_in(before.get(role)), names_in(written), generated)
    yield from _lists(generated, deployed.own, ())


def _pipeline(
    steps: tuple[Step, ...], generated: list[str], written: list[str], config: Mapping[str, Any]
) -> Iterator[Problem]:
    role = steps[-1]
    for component in generated:
        if component in written or component in ("otlp", "debug"):  # what SDKs need is another check's
            continue
        lost = _LOST.get(component) or _LOST.get(type_of(component))
        if role == "exporters" and component not in mapping(config.get("connectors")):
            lost = f"nothing is sent to {component}"
        text = f"leaves out {component}: {lost or 'it does nothing'}"
        fix = f"write [{', '.join([*generated, *(name for name in written if name not in generated)])}]"
        if role == "processors":
            fix += ", or collector.processors to add one"
        yield Problem(rules.CONFIG_LEFT_OUT, steps, text, fix)
    if role == "processors" and _FIRST in map(type_of, written[1:]) and type_of(written[0]) != _FIRST:
        text = f"has {written[0]} before memory_limiter, which cannot refuse what that has taken"
        yield Problem(rules.CONFIG_LEFT_OUT, steps, text, "write memory_limiter first")


def _lists(generated: Any, written: Any, steps: tuple[Step, ...]) -> Iterator[Problem]:
    """Other lists: the entries that a list of the user's replaces, by what tells them apart."""
    if steps == ("service",):
        return  # other checks know what its lists are for
    for key, inside in mapping(written).items():
        before = mapping(generated).get(key)
        here = (*steps, str(key))
        if isinstance(inside, list) and isinstance(before, list):
            names = list(map(_name, inside))
            lost = [name for name in map(_name, before) if name not in names]
            if lost:
                text = f"replaces the generated list, which had {listed(lost, 'and')}"
                yield Problem(rules.CONFIG_LEFT_OUT, here, text, "write them, too, if you need them")
        else:
            yield from _lists(before, inside, here)


def _name(entry: Any) -> str:
    """What tells an entry of a list apart: its key or name, or itself."""
    named = mapping(entry)
    return str(named.get("key") or named.get("name") or entry)
