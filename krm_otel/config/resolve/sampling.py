"""What happens to spans: where traces are sampled, tail sampling, and metrics of spans.

Traces are sampled once. Where `tail_sampling` decides, SDKs send everything: an unwritten stage is `collector`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from krm_otel.config.placement import PLACEMENTS
from krm_otel.config.provenance import Source, Sourced
from krm_otel.config.resolve.request import Request
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.sampling import HTTP_BUCKETS, SpanMetrics, TailSampling
from krm_otel.config.settings import Requirements, Settings
from krm_otel.config.sources.blocks import REQUIREMENTS
from krm_otel.config.types.duration import nanoseconds
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import sampling as rules

_LATENCY: Final = Source("ClassRuntime", path=f"spec.{REQUIREMENTS}.max_latency_ms")


def span_metrics(request: Request) -> Sourced[SpanMetrics] | None:
    """The metrics of spans that a collector makes; its buckets include the latency that the class requires."""
    block = _span_metrics_block(request)
    if block is None or not {"traces", "metrics"} <= set(request.signals):
        return None
    if "buckets" in block.value.written_names:
        return block
    own = (f"{_milliseconds(request.requirements)}ms",) if request.requirements.max_latency_ms else ()
    by_length = {nanoseconds(bound): bound for bound in (*own, *HTTP_BUCKETS)}
    buckets = tuple(by_length[length] for length in sorted(by_length))
    return block.with_value(block.value.replaced(buckets=buckets))


def _span_metrics_block(request: Request) -> Sourced[SpanMetrics] | None:
    return request.layers.find_enabled("collector", "span_metrics")


def tail_sampling(request: Request) -> Sourced[TailSampling] | None:
    """The block, for a collector that decides by whole traces: none that runs on every node does."""
    return None if request.node else request.tail_sampling


def slow_after(request: Request) -> Sourced[int] | None:
    """The milliseconds from which a trace is slow: as the block says, otherwise as the class requires."""
    tail = tail_sampling(request)
    if tail is None or not tail.value.slow:
        return None
    if tail.value.latency_ms:
        return tail.inside(tail.value.latency_ms, "latency_ms")
    required = request.requirements.max_latency_ms
    return Sourced(_milliseconds(request.requirements), _LATENCY) if required else None


def _milliseconds(requirements: Requirements) -> int:
    return math.ceil(requirements.max_latency_ms or 0)


def check_stage(request: Request) -> Iterator[Result]:
    """An error where tail sampling decides in the collector, and the SDK samples, too."""
    written = request.written_stage
    if not request.is_managed or request.node or request.tail_sampling is None or written.is_default:
        return
    if written.value != "collector":
        text = f"is {written.value}, and tail_sampling decides in the collector, once, over all that SDKs send"
        fix = "write collector, or leave sampling_stage out"
        yield written.report(rules.TAIL_SAMPLING_STAGE, text, fix=fix, proposed="collector")


def check_both(settings: Settings) -> Iterator[Result]:
    """A warning where traces are sampled twice: the two samplers decide by different bits, so the rates multiply."""
    stage, rate = settings.sampling_stage, settings.sampling_rate.value
    if settings.traces.value and stage.value == "both":
        text = (
            f"is both: traces are sampled at {rate:g} in the SDK and again in the collector, so that about {rate**2:g} "
            "of them are kept"
        )
        yield stage.report(rules.SAMPLING_BOTH, text, fix="write sdk or collector", proposed="sdk")


def check_span_metrics(settings: Settings, request: Request) -> Iterator[Result]:
    """What metrics of spans do not count in a class."""
    block, rate = _span_metrics_block(request), settings.sampling_rate.value
    if block is None:
        return
    if off := [signal for signal in ("traces", "metrics") if signal not in request.signals]:
        text = f"makes no metrics of the spans of this class: telemetry.{off[0]} is off"
        yield block.report(rules.SPAN_METRICS_OFF, text)
    elif settings.sampling_stage.value != "collector" and rate < 1:
        better = "sampling_stage: collector"
        better = f"mode: deployment and {better}" if request.is_shared else better
        text = f"counts only what SDKs have sampled, about {rate:g} of all spans"
        fix = f"write {better}, so that it counts before traces are dropped"
        yield block.report(rules.SPAN_METRICS_SAMPLED, text, fix=fix)


def check_tail_elsewhere(request: Request) -> Iterator[Result]:
    """An info that tail sampling has no effect on a class whose collector is not its own."""
    if request.tail_sampling:
        whose = "that of each node, for all classes" if request.is_shared else "not managed by krm-otel"
        text = f"is {whose}, so tail_sampling has no effect on this class, and its SDKs sample by its rate"
        fix = "write mode: deployment to keep its errors and slow traces"
        yield rules.TAIL_SAMPLING_ELSEWHERE.at(request.block.location(("collector",)), text, fix=fix)


def check_tail_without_effect(spec: ConfigSpec, classes: Iterable[Settings | None], source: Source) -> Iterator[Result]:
    """A warning where the OTelConfig has tail sampling, and a mode for all classes that cannot use it."""
    block = spec.collector.tail_sampling
    traced = [settings for settings in classes if settings and settings.enabled.value and settings.traces.value]
    if not block or not block.enabled or not PLACEMENTS[spec.collector.mode].per_node:
        return
    if any(settings.node_collector for settings in traced) and not any(settings.collector for settings in traced):
        text = (
            "has no effect on any class: it needs all spans of a trace in one collector, and mode daemonset has one on "
            "each node, for all classes"
        )
        fix = "write mode: deployment for the classes that need it, or leave it out"
        where = source.location(("collector", "tail_sampling"))
        yield rules.TAIL_SAMPLING_ELSEWHERE.at(where, text, fix=fix, severity="warning")


def check_stage_needs_collector(request: Request) -> Iterator[Result]:
    """An error for sampling in a collector that is not there."""
    stage = request.stage
    if stage.value != "sdk":
        text = f"is {stage.value}, which needs a managed collector, and this class has none"
        yield stage.report(rules.SAMPLING_STAGE, text, fix="write sdk", proposed="sdk")
