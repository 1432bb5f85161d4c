"""Sampling: rates of traces, propagation, tail sampling, metrics of spans."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

B3_BY_DEFAULT: Final = Rule(
    "b3-by-default",
    "warning",
    "A workload gets `b3` only because `propagators` is not set.",
    "Write `propagators: [w3c]`, or `[w3c, b3]` where all SDKs have the package.",
    example="OTEL_PROPAGATORS contains b3 by default, and SDKs without a B3 propagator package fail at start: write "
    "propagators: [w3c], or [w3c, b3] where all SDKs have it, in the ClassRuntime or OTelConfig",
)
BUCKETS_ORDER: Final = Rule(
    "buckets-order",
    "error",
    "The bounds of a histogram are not above zero, or not in ascending order.",
    "Write the bounds that the message proposes.",
    example="collector.span_metrics.buckets must be above zero and in ascending order: write 10ms, 1s",
)
DIMENSION_RESERVED: Final = Rule(
    "dimension-reserved",
    "error",
    "`span_metrics.dimensions` names an attribute that is a label already, as Prometheus spells it (`service_name` "
    "for `service.name`).",
    "Leave the attribute out.",
    example="collector.span_metrics.dimensions[0] names span.kind, which is a label already: leave it out",
)
GATEWAY_IDLE: Final = Rule(
    "gateway-idle",
    "warning",
    "`collector.gateway` has no effect without `tail_sampling`.",
    "Write `tail_sampling`, or leave the gateway out. See [two tiers](scaling.md#two-tiers).",
    example="collector.gateway has no effect without tail_sampling: write collector.tail_sampling, or leave it out",
)
POLICY_INVALID: Final = Rule(
    "policy-invalid",
    "error",
    "A policy of `tail_sampling.policies` has no `name` or `type`, has a type, field or value that the collector "
    "(0.158) does not know, or has the name of another policy or of one that krm-otel writes.",
    "Write what the message proposes. See [further policies](sampling.md#whole-traces).",
    example="collector.tail_sampling.policies[0] has the name errors, which krm-otel uses itself: write another one",
)
PROPAGATOR_DEPRECATED: Final = Rule(
    "propagator-deprecated",
    "warning",
    "OpenTelemetry has deprecated a propagator.",
    "Use `w3c`, or `b3` where older services need it.",
    example="telemetry.propagators[0] names the deprecated propagator jaeger: write w3c, or b3 where older services "
    "need it",
)
PROPAGATORS_EMPTY: Final = Rule(
    "propagators-empty",
    "error",
    "The list of propagators is empty.",
    "Write `[none]` to propagate nothing.",
    example="telemetry.propagators must name at least one propagator: write [none] to propagate nothing",
)
PROPAGATORS_NONE: Final = Rule(
    "propagators-none",
    "error",
    "The propagator `none` is listed together with others.",
    "Write `[none]` alone, or leave it out.",
    example="telemetry.propagators has none together with w3c: write [none] alone, or leave none out",
)
SAMPLING_BOTH: Final = Rule(
    "sampling-both",
    "warning",
    "With `sampling_stage: both` the rates of SDK and collector multiply. The message gives the product.",
    "Write `sdk` or `collector`.",
    example="collector.sampling_stage is both: traces are sampled at 0.1 in the SDK and again in the collector, so "
    "that about 0.01 of them are kept: write sdk or collector",
)
SAMPLING_RATE_CLAMPED: Final = Rule(
    "sampling-rate-clamped",
    "warning",
    "A sampling rate is outside 0.0 to 1.0, so krm-otel uses the nearer limit.",
    "Write a rate from 0.0 to 1.0.",
    example="telemetry.sampling_rate is outside 0.0 to 1.0, so 0.0 is used: write 0.0, or 0.1 for one trace in ten",
)
SAMPLING_RATE_HIGH: Final = Rule(
    "sampling-rate-high",
    "warning",
    "A sampling rate above 0.5 keeps more than half of all traces.",
    "Write 0.5 or less, unless you want to keep that many.",
    example="telemetry.sampling_rate keeps more than half of all traces, which is costly in production: write 0.5 or "
    "less",
)
SAMPLING_RATE_INVALID: Final = Rule(
    "sampling-rate-invalid",
    "error",
    "A sampling rate is not a finite number.",
    "Write a rate such as 0.1, for one trace in ten.",
    example="telemetry.sampling_rate must be a number between 0.0 and 1.0: write 0.1 for one trace in ten",
)
SAMPLING_STAGE: Final = Rule(
    "sampling-stage",
    "error",
    "A class samples in the collector, but has no managed collector of its own.",
    "Write `sampling_stage: sdk`.",
    example="collector.sampling_stage is collector, which needs a managed collector, and this class has none: write "
    "sdk",
)
SPAN_METRICS_OFF: Final = Rule(
    "span-metrics-off",
    "info",
    "`span_metrics` makes no metrics for a class whose traces or metrics are off.",
    "Nothing, or switch them on.",
    example="collector.span_metrics makes no metrics of the spans of this class: telemetry.traces is off",
)
SPAN_METRICS_SAMPLED: Final = Rule(
    "span-metrics-sampled",
    "warning",
    "`span_metrics` counts only the spans that SDKs have sampled.",
    "Write `sampling_stage: collector`. See [metrics of spans](collector.md#metrics-of-spans).",
    example="collector.span_metrics counts only what SDKs have sampled, about 0.1 of all spans: write sampling_stage: "
    "collector, so that it counts before traces are dropped",
)
TAIL_SAMPLING_ELSEWHERE: Final = Rule(
    "tail-sampling-elsewhere",
    "info",
    "`tail_sampling` has no effect on a class whose collector serves all classes of a node (mode `daemonset`) or is "
    "not managed by krm-otel. Its SDKs sample by its rate.",
    "Nothing, or write `mode: deployment` for the class.",
    example="collector is not managed by krm-otel, so tail_sampling has no effect on this class, and its SDKs sample "
    "by its rate: write mode: deployment to keep its errors and slow traces",
    otherwise="warning where it has no effect on any class",
)
TAIL_SAMPLING_SPLIT: Final = Rule(
    "tail-sampling-split",
    "error",
    "`tail_sampling` needs all spans of a trace in one collector, but they reach several.",
    "Write `collector.gateway`, or mode `deployment` with one replica. See [two tiers](scaling.md#two-tiers).",
    example="collector.tail_sampling needs all spans of a trace in one collector, and mode sidecar has one in each "
    "pod: write collector.gateway: {replicas: 2}, or mode: deployment with one replica",
)
TAIL_SAMPLING_STAGE: Final = Rule(
    "tail-sampling-stage",
    "error",
    "`tail_sampling` decides in the collector, but `sampling_stage` lets SDKs drop traces, too.",
    "Write `sampling_stage: collector`, or leave it out. See [sampling](sampling.md#whole-traces).",
    example="collector.sampling_stage is sdk, and tail_sampling decides in the collector, once, over all that SDKs "
    "send: write collector, or leave sampling_stage out",
)
TAIL_SAMPLING_TARGET: Final = Rule(
    "tail-sampling-target",
    "error",
    "`tail_sampling.target` is divided by the number of collectors that decide, and an autoscaler changes it.",
    "Write `collector.gateway.replicas` in place of `autoscaling`.",
    example="collector.tail_sampling.target is shared by the collectors of the second tier, and with autoscaling "
    "nobody knows how many there are: write collector.gateway.replicas",
)
