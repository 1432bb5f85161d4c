"""`spec.collector` of an OTelConfig: cluster defaults, and what only the cluster's owner says of collectors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from krm_otel.config.schema.collector import (
    AutoscalingBlock,
    BatchBlock,
    DaemonSetBlock,
    NetworkPolicyBlock,
    PodBlock,
    QueueBlock,
    ResourcesBlock,
    ServiceAccountBlock,
)
from krm_otel.config.schema.credentials import Headers, SecretKey, TlsBlock
from krm_otel.config.schema.observability import Collector
from krm_otel.config.schema.sampling import GatewayBlock, SpanMetricsBlock, TailSamplingBlock
from krm_otel.config.types import Count, RawConfig, Registry, VariableName
from krm_otel.otlp import SamplingStage


class ClusterCollector(Collector):
    """Cluster defaults of `collector`, and what only the cluster's owner says."""

    sampling_stage: SamplingStage | None = Field(
        None,
        description="Where traces are sampled: in the SDK, in the collector, or in both. Default: sdk; with "
        "tail_sampling, collector.",
    )
    endpoint_host: Literal["short", "svc", "fqdn"] | None = Field(
        None, description="How the managed collector's Service is addressed. Default: short."
    )
    headers: Headers | None = Field(None, description="Headers that go with `endpoint`; values only from Secrets.")
    tls: TlsBlock | None = Field(None, description="Certificates that go with `endpoint`.")
    image_registry: Registry | None = Field(
        None, description="Registry, with a path if need be, in place of Docker Hub for images without one."
    )
    replicas: Count | None = Field(None, description="Pods of a managed Deployment. Default: 1.")
    autoscaling: AutoscalingBlock | None = Field(
        None, description="A HorizontalPodAutoscaler for a managed Deployment, in place of `replicas`."
    )
    queue: QueueBlock | None = Field(None, description="What waits while a backend is away.")
    resources: ResourcesBlock | None = Field(None, description="Requests and limits of a managed collector.")
    native_sidecar: bool | None = Field(
        None,
        description="Run sidecars as init containers that stay, as Kubernetes 1.29 and later can. Default: true.",
    )
    daemonset: DaemonSetBlock | None = Field(None, description="The collectors of mode daemonset.")
    batch: BatchBlock | None = Field(None, description="How a managed collector batches.")
    config: RawConfig | None = Field(
        None, description="Merged into the generated config, last: mappings join, anything else replaces."
    )
    env: dict[VariableName, SecretKey] | None = Field(
        None, description="Variables of a managed collector, from Secrets, for ${env:…} in `config`."
    )
    pod: PodBlock | None = Field(None, description="What the pods of a managed Deployment get in addition.")
    service_account: ServiceAccountBlock | None = Field(None, description="ServiceAccount of a managed Deployment.")
    network_policy: NetworkPolicyBlock | None = Field(None, description="NetworkPolicy of a managed Deployment.")
    span_metrics: SpanMetricsBlock | None = Field(
        None, description="Rate, errors and duration of requests, made of spans by a managed collector."
    )
    tail_sampling: TailSamplingBlock | None = Field(
        None, description="Decide which traces are kept once they are complete, in place of a sampler by rate alone."
    )
    gateway: GatewayBlock | None = Field(
        None, description="A second tier of collectors for tail_sampling, in which all spans of a trace meet."
    )
