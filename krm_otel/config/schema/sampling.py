"""The blocks of `spec.collector` about spans: metrics of them, and which traces are kept."""

from __future__ import annotations

from typing import Final

from krm_otel.config import types
from krm_otel.config.schema.autoscaling import Autoscaling
from krm_otel.config.schema.collector import AdditionalProcessors, ResourcesBlock
from krm_otel.config.schema.setting import REQUIRED, Model, setting

HTTP_BUCKETS: Final = (
    *("5ms", "10ms", "25ms", "50ms", "75ms", "100ms", "250ms", "500ms", "750ms"),
    *("1s", "2500ms", "5s", "7500ms", "10s"),
)
"""The bounds that the semantic conventions advise for `http.server.request.duration`."""


class SpanMetrics(Model):
    """Metrics that a managed collector makes of spans."""

    enabled: bool = setting(
        True,
        "Make metrics of spans.",
        example="false",
        note="Without the block there are none. See [metrics of spans](collector.md#metrics-of-spans).",
    )
    dimensions: types.Dimensions = setting(
        (),
        "Attributes of spans that become labels, in addition to service, name, kind and status.",
        shown="none",
        example="[http.route]",
    )
    buckets: types.Bounds = setting(
        HTTP_BUCKETS,
        "Bounds of the histogram, as durations.",
        shown="those of the HTTP conventions, 5ms to 10s, and the class's max_latency_ms",
        example="[10ms, 100ms, 1s]",
    )
    cardinality_limit: types.Count = setting(
        1000,
        "Most series that the spans of one pod make; what exceeds them is counted as one series.",
        example="500",
    )
    interval: types.Interval = setting("15s", "Time between two reports.", example="1m")
    exemplars: bool = setting(True, "Attach trace ids to the buckets.", example="false")


class Target(Model):
    """How many traces a second are kept, whatever the load is: the sampling rate adapts to it."""

    traces_per_second: types.Count = setting(
        REQUIRED, "Traces a second that all collectors of a class keep together of the remaining traces.", example="50"
    )
    spans_per_trace: types.Count = setting(
        REQUIRED,
        "Spans of this class that a trace has on average: collectors count spans.",
        example="4",
        note="The collectors' own metrics say it: `otelcol_processor_tail_sampling_count_spans_sampled` for each "
        "`…_count_traces_sampled`.",
    )


class TailSampling(Model):
    """Which traces a managed collector keeps once they are complete."""

    enabled: bool = setting(
        True,
        "Decide by whole traces.",
        example="false",
        note="Without the block nobody does. See [whole traces](sampling.md#whole-traces).",
    )
    errors: bool = setting(True, "Keep every trace with an error.", example="false")
    slow: bool = setting(True, "Keep every trace that takes longer than latency_ms.", example="false")
    latency_ms: types.Count | None = setting(
        None,
        "What is slow, in milliseconds.",
        shown="nfr_requirements.max_latency_ms of the class; nothing is slow where it has none",
        example="300",
    )
    decision_wait: types.Duration = setting(
        "10s", "Time from the first span of a trace until the decision.", example="30s"
    )
    num_traces: types.Count = setting(
        20_000, "Traces that one collector holds until then; new ones replace the oldest.", example="100000"
    )
    target: Target | None = setting(
        None,
        "How many traces a second are kept, in place of a share.",
        note="See [adaptive sampling](sampling.md#adaptive-sampling).",
    )
    spans_per_second: types.Count | None = setting(
        None,
        "Most spans a second that one collector keeps of the remaining traces.",
        shown="no limit",
        example="500",
    )
    bytes_per_second: types.Count | None = setting(
        None,
        "Most bytes a second that one collector keeps of the remaining traces.",
        shown="no limit",
        example="1000000",
    )
    total_spans_per_second: types.Count | None = setting(
        None,
        "Most spans a second that one collector keeps in all: half of them for errors, the other half shared by slow "
        "traces and the rest.",
        shown="no limit",
        example="2000",
    )
    policies: types.Policies = setting(
        (),
        "Further policies, as the collector spells them; they come first.",
        example="[{name: canaries, type: always_sample}]",
    )


class Gateway(Model):
    """The second tier of collectors."""

    enabled: bool = setting(
        True,
        "Have a second tier.",
        example="false",
        note="Without the block there is none. See [two tiers](scaling.md#two-tiers).",
    )
    replicas: types.Count = setting(2, "Its pods.", example="3")
    autoscaling: Autoscaling | None = setting(None, "A HorizontalPodAutoscaler for it, in place of `replicas`.")
    resources: ResourcesBlock | None = setting(
        None,
        "Requests and limits of its collectors.",
        inside={
            "requests.cpu": "200m",
            "requests.memory": "512Mi",
            "limits.cpu": "1",
            "limits.memory": "1Gi",
        },
    )
    processors: AdditionalProcessors = setting((), "As `collector.processors`, for its collectors.")
    config: types.RawConfig | None = setting(
        None,
        "Merged into its generated config, last, as `collector.config`.",
        example="{exporters: {debug: {verbosity: detailed}}}",
    )
