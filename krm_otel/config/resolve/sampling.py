"""Layers → what becomes of spans in a managed collector: metrics of them, tail sampling, a second tier.

Traces are sampled once. Where `tail_sampling` decides, SDKs send everything: a stage that nobody said is `collector`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from krm_otel.config.provenance import Place
from krm_otel.config.resolve.collector import resources_of
from krm_otel.config.resolve.image import Need
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.sampling import GatewayBlock, SpanMetricsBlock, TailSamplingBlock
from krm_otel.config.settings import DEFAULT, Origin, Settings, Sourced
from krm_otel.config.settings.collector import Autoscaling, CollectorSettings, Gateway, Resources
from krm_otel.config.settings.sampling import BUCKETS, SpanMetrics, TailSampling
from krm_otel.config.sources.layers import Found, Layer, Say, find
from krm_otel.config.sources.requirements import FIELD, Requirements
from krm_otel.config.types.collector import nanoseconds
from krm_otel.diagnostics.result import Result
from krm_otel.otlp import SamplingStage

RESOURCES: Final = Resources({"cpu": "200m", "memory": "512Mi"}, {"cpu": "1", "memory": "1Gi"})
"""What a collector gets that holds whole traces for some seconds."""
REPLICAS: Final = 2
_LATENCY: Final = Origin("ClassRuntime", f"spec.{FIELD}.max_latency_ms")


def wanted(layers: Sequence[Layer], name: str) -> Found[Any] | None:
    """A block below `collector` that is there and not switched off."""
    found = find(layers, "collector", name)
    return found if found and found.value.enabled is not False else None


def stage_of(stage: Found[SamplingStage], tail: Found[TailSamplingBlock] | None, say: Say) -> Found[SamplingStage]:
    """Where traces are sampled, now that it is known whether the collector decides by whole traces."""
    if tail is None:
        return stage
    if stage.by_default:
        return tail.having("collector")
    if stage.value != "collector":
        text = (
            f"is {stage.value}, and tail_sampling decides in the collector, once, over all that SDKs send: write "
            "collector, or leave sampling_stage out"
        )
        say(stage.result("tail-sampling-stage", "error", text, "collector"))
    return stage


def needs(layers: Sequence[Layer], signals: Sequence[str], *, node: bool = False) -> list[Need]:
    """The components that these blocks need; `signals` are those that are on. `node`: of a collector that runs on every
    node."""
    if "traces" not in signals:
        return []
    found = []
    if "metrics" in signals and wanted(layers, "span_metrics"):
        found.append(Need("span_metrics", "collector.span_metrics", "span_metrics.enabled: false"))
    if wanted(layers, "tail_sampling") and not node:
        found.append(Need("tail_sampling", "collector.tail_sampling", "tail_sampling.enabled: false"))
        if wanted(layers, "gateway"):
            found.append(Need("load_balancing", "collector.gateway"))
    return found


def scaled(
    settings: CollectorSettings,
    layers: Sequence[Layer],
    tail: Found[TailSamplingBlock] | None,
    required: Requirements,
    say: Say,
    *,
    node: bool = False,
) -> CollectorSettings:
    """The settings of a collector with what becomes of its spans. `node`: it runs on every node, and keeps them all."""
    traces, metrics = "traces" in settings.exporters, "metrics" in settings.exporters
    spans: Found[SpanMetricsBlock] | None = wanted(layers, "span_metrics") if traces and metrics else None
    second: Found[GatewayBlock] | None = wanted(layers, "gateway") if traces and not node else None
    if second and tail is None:
        text = "has no effect without tail_sampling: write collector.tail_sampling, or leave it out"
        say(second.having(None).result("gateway-idle", "warning", text))
        second = None
    made = replace(
        settings,
        span_metrics=spans.having(_span_metrics(spans.value, required)).sourced() if spans else None,
        tail_sampling=tail.having(_tail(tail, required)).sourced() if tail else None,
        gateway=_gateway(second, say) if second else None,
    )
    if tail and not second:
        _check_meeting(made, tail, say)
    return made


def check_counted(
    layers: Sequence[Layer],
    stage: Found[SamplingStage],
    rate: float,
    signals: Sequence[str],
    say: Say,
    *,
    shared: bool = False,
) -> None:
    """What `span_metrics` of a class cannot do. `shared`: its collector is that of all classes on a node."""
    found: Found[SpanMetricsBlock] | None = wanted(layers, "span_metrics")
    if found is None:
        return
    if off := [signal for signal in ("traces", "metrics") if signal not in signals]:
        text = f"makes nothing of the spans of this class: telemetry.{off[0]} is off"
        say(found.having(None).result("span-metrics-off", "info", text))
    elif stage.value != "collector" and rate < 1:
        better = "mode: deployment and sampling_stage: collector" if shared else "sampling_stage: collector"
        text = (
            f"counts only what SDKs have sampled, about {rate:g} of all spans: write {better}, so that it counts "
            "before traces are dropped"
        )
        say(found.having(None).result("span-metrics-sampled", "warning", text))


def check_tail_elsewhere(tail: Found[TailSamplingBlock] | None, home: Place, say: Say, *, shared: bool) -> None:
    """That tail sampling does not hold for a class whose collector is not its own. `shared`: it is that of a node;
    `home`: the block of the class."""
    if tail:
        text = (
            f"is {'that of each node, for all classes' if shared else 'not ours'}, so tail_sampling does not hold for "
            "this class: its SDKs sample, by its rate. Write mode: deployment where its errors and slow traces are to "
            "be kept"
        )
        say(home.result(("collector",), "tail-sampling-elsewhere", "info", text))


def tail_for_nobody(spec: ConfigSpec, classes: Iterable[Settings | None], at: Place) -> list[Result]:
    """A warning where the OTelConfig has tail sampling, and a mode for all classes that has no use for it."""
    block = spec.collector and spec.collector.tail_sampling
    on = [one for one in classes if one and one.enabled.value and one.traces.value]
    if not block or block.enabled is False or (spec.collector and spec.collector.mode) != "daemonset":
        return []
    if not any(one.node_collector for one in on) or any(one.collector for one in on):
        return []
    text = (
        "holds for no class here: it needs all spans of a trace in one collector, and mode daemonset has one on each "
        "node, for all classes. Write mode: deployment where it is to hold, or leave it out"
    )
    return [at.result(("collector", "tail_sampling"), "tail-sampling-elsewhere", "warning", text)]


def _check_meeting(settings: CollectorSettings, tail: Found[TailSamplingBlock], say: Say) -> None:
    mode, most = settings.mode.value, settings.most
    if mode == "deployment" and most == 1:
        return
    why = "mode sidecar has one in each pod" if mode == "sidecar" else f"there may be {most} replicas"
    text = (
        f"needs all spans of a trace in one collector, and {why}: write collector.gateway: {{replicas: {REPLICAS}}}, "
        "or mode: deployment with one replica"
    )
    say(tail.having(None).result("tail-sampling-split", "error", text))


def _span_metrics(block: SpanMetricsBlock, required: Requirements) -> SpanMetrics:
    own = (f"{_milliseconds(required)}ms",) if required.max_latency_ms else ()
    different = {nanoseconds(bound): bound for bound in (*own, *BUCKETS)}
    return SpanMetrics(
        dimensions=tuple(dict.fromkeys(block.dimensions or ())),
        buckets=block.buckets or tuple(different[length] for length in sorted(different)),
        cardinality_limit=block.cardinality_limit or SpanMetrics().cardinality_limit,
        interval=block.interval or SpanMetrics().interval,
        exemplars=block.exemplars is not False,
    )


def _milliseconds(required: Requirements) -> int:
    return math.ceil(required.max_latency_ms or 0)


def _tail(found: Found[TailSamplingBlock], required: Requirements) -> TailSampling:
    block, default = found.value, TailSampling()
    latency = None
    if block.slow is not False and block.latency_ms:
        latency = Found(block.latency_ms, found.place, (*found.loc, "latency_ms")).sourced()
    elif block.slow is not False and required.max_latency_ms:
        latency = Sourced(_milliseconds(required), _LATENCY)
    return TailSampling(
        errors=block.errors is not False,
        latency=latency,
        decision_wait=block.decision_wait or default.decision_wait,
        num_traces=block.num_traces or default.num_traces,
        spans_per_second=block.spans_per_second or 0,
        bytes_per_second=block.bytes_per_second or 0,
        total_spans_per_second=block.total_spans_per_second or 0,
        policies=block.policies or (),
    )


def _gateway(found: Found[GatewayBlock], say: Say) -> Gateway:
    block = found.value
    scaling = block.autoscaling
    if scaling and block.replicas:
        text = "has no effect, since autoscaling decides how many pods there are: leave it out"
        at = Found(block.replicas, found.place, (*found.loc, "replicas"))
        say(at.result("autoscaling-replicas", "warning", text))
    resources = Found(block.resources, found.place, (*found.loc, "resources")) if block.resources else None
    config = Found(block.config, found.place, (*found.loc, "config")) if block.config is not None else None
    return Gateway(
        replicas=found.having(block.replicas).sourced() if block.replicas else Sourced(REPLICAS, DEFAULT),
        resources=resources_of(resources, RESOURCES, say),
        autoscaling=Autoscaling(scaling.max_replicas, scaling.min_replicas or 1, scaling.cpu or 75)
        if scaling
        else None,
        config=config.sourced() if config else None,
    )
