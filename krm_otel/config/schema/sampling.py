"""The blocks of `spec.collector` that decide what becomes of spans: metrics of them, and which traces are kept."""

from __future__ import annotations

from pydantic import Field

from krm_otel.config.schema.collector import AutoscalingBlock, ResourcesBlock
from krm_otel.config.schema.observability import Model
from krm_otel.config.types import Bounds, Count, Dimensions, Duration, Interval, Policies, RawConfig


class SpanMetricsBlock(Model):
    """Metrics that a managed collector makes of spans."""

    enabled: bool | None = Field(None, description="Make them. Default: true.")
    dimensions: Dimensions | None = Field(
        None,
        description="Attributes of spans that become labels, beside service, name, kind and status. Default: none.",
    )
    buckets: Bounds | None = Field(
        None,
        description="Bounds of the histogram, as durations. Default: those of the HTTP conventions, 5ms to 10s, and "
        "the class's max_latency_ms.",
    )
    cardinality_limit: Count | None = Field(
        None,
        description="Series that the spans of one pod make at most; what is beyond is counted as one. Default: 1000.",
    )
    interval: Interval | None = Field(None, description="Time between two reports. Default: 15s.")
    exemplars: bool | None = Field(None, description="Trace ids with the buckets. Default: true.")


class TailSamplingBlock(Model):
    """Which traces a managed collector keeps once they are complete."""

    enabled: bool | None = Field(None, description="Decide there. Default: true.")
    errors: bool | None = Field(None, description="Keep every trace with an error. Default: true.")
    slow: bool | None = Field(None, description="Keep every trace that takes longer than latency_ms. Default: true.")
    latency_ms: Count | None = Field(
        None,
        description="What is slow, in milliseconds. Default: nfr_requirements.max_latency_ms of the class; nothing is "
        "slow where it has none.",
    )
    decision_wait: Duration | None = Field(
        None, description="Time from the first span of a trace until it is decided. Default: 10s."
    )
    num_traces: Count | None = Field(
        None, description="Traces that one collector holds meanwhile; the oldest go for new ones. Default: 20000."
    )
    spans_per_second: Count | None = Field(
        None, description="Most spans a second that one collector keeps of the rest. Default: no limit."
    )
    bytes_per_second: Count | None = Field(
        None, description="Most bytes a second that one collector keeps of the rest. Default: no limit."
    )
    total_spans_per_second: Count | None = Field(
        None,
        description="Most spans a second that one collector keeps at all: half of them errors, the other half shared "
        "by slow traces and the rest. Default: no limit.",
    )
    policies: Policies | None = Field(
        None, description="Further policies, in the collector's own words; they come first."
    )


class GatewayBlock(Model):
    """The second tier of collectors."""

    enabled: bool | None = Field(None, description="Have one. Default: true.")
    replicas: Count | None = Field(None, description="Its pods. Default: 2.")
    autoscaling: AutoscalingBlock | None = Field(
        None, description="A HorizontalPodAutoscaler for it, in place of `replicas`."
    )
    resources: ResourcesBlock | None = Field(None, description="Requests and limits of its collectors.")
    config: RawConfig | None = Field(None, description="Merged into its generated config, last, as `collector.config`.")
