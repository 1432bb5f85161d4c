"""Whether the limits of memory fit each other and the container.

Source: collector v0.158, `internal/memorylimiter`: with `limit_mib` it reads neither percentage, without it neither
number of MiB.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel.collector.config.alternatives import LIMITS, MEMORY_LIMITER, SPIKES
from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.structure import mapping, member, type_of, used
from krm_otel.config.types.quantity import mebibytes
from krm_otel.diagnostics.rules import merged_config as rules


def limit_problems(deployed: Deployed) -> Iterator[Problem]:
    """Problems of each memory_limiter in use that the user's part touches."""
    own = mapping(deployed.own.get("processors"))
    for component in used(deployed.config, "processors"):
        if type_of(component) == MEMORY_LIMITER and component in own:
            yield from _limiter(deployed, component)


def _limiter(deployed: Deployed, component: str) -> Iterator[Problem]:
    steps = ("processors", component)
    body = mapping(member(deployed.config, *steps))
    written = [key for key in (*LIMITS, *SPIKES) if isinstance(body.get(key), str)]
    if written:
        for key in written:
            if "${" not in body[key]:  # what it refers to, only the collector can read
                text = f"is the text {body[key]}, and the collector reads numbers only"
                yield Problem(rules.CONFIG_OVERRULED, (*steps, key), text, f"write {body[key]} without quotes")
        return
    limit, percentage = _number(body.get("limit_mib")), _number(body.get("limit_percentage"))
    if not limit and not percentage:
        text, fix = "has neither limit_mib nor limit_percentage, so the collector does not start", "write one of them"
        yield Problem(rules.CONFIG_OVERRULED, steps, text, fix)
        return
    if not body.get("check_interval"):
        text = "has no check_interval, so the collector does not start"
        yield Problem(rules.CONFIG_OVERRULED, steps, text, "write check_interval: 1s")
    wins, spike, other = ("limit_mib", "spike_limit_mib", "spike_limit_percentage")
    if not limit:
        wins, spike, other = "limit_percentage", other, spike
    elif percentage:
        text = "has limit_mib and limit_percentage, and the collector reads limit_mib alone"
        yield Problem(rules.CONFIG_OVERRULED, (*steps, "limit_percentage"), text, "leave one of them out")
    if body.get(other):
        text = f"has no effect next to {wins}"
        yield Problem(rules.CONFIG_OVERRULED, (*steps, other), text, f"write {spike}, or leave it out")
    highest = limit or percentage
    if (given := _number(body.get(spike))) and given >= highest:
        text = f"is {given}, not below {wins} {highest}, so the collector does not start"
        yield Problem(rules.CONFIG_OVERRULED, (*steps, spike), text, f"write a fifth of it, {highest // 5}")
    memory = mebibytes(deployed.tier.collector.resources.value.limits["memory"])
    if limit > memory or (not limit and percentage > 100):
        text = f"is {highest}, above the {memory} MiB of the container, which ends it before the limit is reached"
        if not limit:
            text = f"is {highest}, and a percentage is at most 100"
        fix = f"write {memory * 80 // 100 if limit else 80}, or raise collector.resources.limits.memory"
        yield Problem(rules.CONFIG_OVERRULED, (*steps, wins), text, fix)


def _number(value: object) -> int:
    """A whole number; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
