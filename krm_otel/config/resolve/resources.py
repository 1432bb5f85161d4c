"""How much a collector gets: requests, limits, and the number of its pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.config.provenance import Sourced
from krm_otel.config.schema.collector import ResourcesBlock
from krm_otel.config.settings import Resources
from krm_otel.config.types.quantity import MIB, value
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules

LEAST_MEMORY: Final = 64 * MIB
"""With less, a collector that has all components does not start (0.158.0 takes 57 MiB for krm-otel's own 27)."""


def resources(block: Sourced[ResourcesBlock] | None, default: Resources) -> Sourced[Resources]:
    """Requests and limits; defaults give way where they would contradict what is configured."""
    if block is None:
        return Sourced(default)
    own_requests, own_limits = block.value.requests, block.value.limits
    limits = {**({} if own_limits else default.limits), **(own_limits.by_name() if own_limits else {})}
    limits.setdefault("memory", default.limits["memory"])
    requests = own_requests.by_name() if own_requests else dict(default.requests)
    written_limits = own_limits.by_name() if own_limits else {}
    for name, amount in requests.items():
        if name not in limits or value(amount) <= value(limits[name]):
            continue
        if not own_requests:
            requests[name] = limits[name]
        elif name not in written_limits:
            limits[name] = amount
    return block.with_value(Resources(requests, limits))


def check_resources(amounts: Sourced[Resources]) -> Iterator[Result]:
    """Errors for a request above its limit, and for too little memory."""
    requests, limits = amounts.value.requests, amounts.value.limits
    for name, amount in requests.items():
        if (limit := limits.get(name)) is not None and value(amount) > value(limit):
            text = f"has a request of {amount} {name} above the limit of {limit}"
            yield amounts.report(rules.RESOURCES_INVALID, text, fix=f"write {limit} or less")
    if value(limits["memory"]) < LEAST_MEMORY:
        text = f"has a memory limit of {limits['memory']}, with which no collector starts"
        yield amounts.report(rules.RESOURCES_INVALID, text, fix="write 64Mi or more")


def replicas_without_effect(replicas: Sourced[int]) -> Result:
    """A warning for a number of pods beside autoscaling."""
    text = "has no effect, since autoscaling decides how many pods there are"
    return replicas.report(rules.AUTOSCALING_REPLICAS, text, fix="leave it out")
