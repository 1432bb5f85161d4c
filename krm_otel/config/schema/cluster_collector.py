"""`spec.collector` of an OTelConfig: cluster defaults, and what only the cluster's owner says of collectors."""

from __future__ import annotations

from typing import Literal

from krm_otel.config import types
from krm_otel.config.marks import Annotated
from krm_otel.config.schema.autoscaling import Autoscaling
from krm_otel.config.schema.collector import (
    AdditionalProcessors,
    Batch,
    DaemonSet,
    NetworkPolicy,
    Pod,
    Queue,
    ResourcesBlock,
    ServiceAccount,
    Volume,
)
from krm_otel.config.schema.credentials import Headers, ReceiverTls, TlsBlock, Variables, VariablesSource
from krm_otel.config.schema.observability import Collector
from krm_otel.config.schema.sampling import Gateway, SpanMetrics, TailSampling
from krm_otel.config.schema.setting import setting
from krm_otel.otlp import SamplingStage

EndpointHost = Literal["short", "svc", "fqdn"]


class ClusterCollector(Collector):
    """Cluster defaults of `collector`, and what only the cluster's owner says."""

    sampling_stage: SamplingStage = setting(
        "sdk",
        "Where traces are sampled: in the SDK, in the collector, or in both.",
        shown="sdk; with tail_sampling, collector",
        example="sdk",
        note="Without a managed collector only `sdk` is possible. See [sampling](collector.md#sampling).",
    )
    deployment_name: Literal["class-first", "collector-first"] | None = setting(
        None,
        "Names of collectors' Deployments, and so of their pods: `<class>-otel-collector` or `otel-collector-<class>`.",
        shown="class-first, or collector-first with platform.preset",
        example="collector-first",
        note="Upstream's NFR analyzer adds up the processors and memory of all pods whose names begin with `<class>-`.",
    )
    endpoint_host: EndpointHost = setting(
        "short",
        "How the managed collector's Service is addressed.",
        example="svc",
        note="`<name>`, `<name>.<namespace>.svc`, or `….svc.cluster.local`. The short name survives a later "
        "`namespace:` of kustomize; the others need the class's namespace.",
    )
    headers: Headers = setting({}, "Headers that go with `endpoint`; values only from Secrets.")
    tls: TlsBlock | None = setting(None, "Certificates that go with `endpoint`.")
    image_registry: types.Registry | None = setting(
        None,
        "Registry, with a path if needed, for images that name none.",
        shown="Docker Hub",
        example="registry.acme.example/hub",
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = setting(
        None,
        "When the node pulls the image of a managed collector.",
        shown="as the cluster does: Always for the tag latest, otherwise IfNotPresent",
        example="Always",
    )
    replicas: types.Count = setting(
        1,
        "Pods of a managed Deployment.",
        example="2",
        note="From 2 on, it gets a PodDisruptionBudget.",
    )
    autoscaling: Autoscaling | None = setting(
        None, "A HorizontalPodAutoscaler for a managed Deployment, in place of `replicas`."
    )
    queue: Queue = setting(Queue(), "What waits while a backend is away.")
    resources: ResourcesBlock | None = setting(
        None,
        "Requests and limits of a managed collector.",
        inside={
            "requests.cpu": "20m in a sidecar, otherwise 100m",
            "requests.memory": "64Mi in a sidecar, otherwise 256Mi",
            "limits.cpu": "500m in a sidecar, otherwise 1",
            "limits.memory": "256Mi in a sidecar, otherwise 512Mi",
        },
        note="`requests`, where given, replace the defaults as a whole; so do `limits`, but for memory, which "
        "`memory_limiter` and `GOMEMLIMIT` follow and which is 64Mi or more. Defaults never exceed a limit.",
    )
    native_sidecar: bool = setting(
        True,
        "Run sidecars as init containers that stay, as Kubernetes 1.29 and later can.",
        example="false",
        note="`false`: ordinary containers, with which Jobs never complete. Knative always gets ordinary ones.",
    )
    daemonset: DaemonSet = setting(DaemonSet(), "The collectors of mode daemonset.")
    batch: Batch = setting(Batch(), "How a managed collector batches.")
    drop_metric_attributes: types.AttributeKeys = setting(
        (),
        "Attributes that a managed collector takes out of metrics; series that differ by them only are added up.",
        shown="none",
        example="[http.route]",
        note="For values without a bound, such as paths with ids in them. See [series without a "
        "bound](metrics.md#series-without-a-bound).",
    )
    processors: AdditionalProcessors = setting(
        (),
        "Processors in addition to the generated ones, at a place among them.",
    )
    config: types.RawConfig | None = setting(
        None,
        "Merged into the generated config, last: mappings join, anything else replaces.",
        example="{exporters: {debug: {verbosity: detailed}}}",
        note="See [your own part](collector.md#your-own-part-of-the-config).",
    )
    env: Variables = setting({}, "Variables of a managed collector, for ${env:…} in `config`, and for proxies.")
    env_from: Annotated[tuple[VariablesSource, ...], types.LAX] = setting(
        (), "Secrets and ConfigMaps whose keys are variables of a managed collector."
    )
    volumes: dict[types.VolumeName, Volume] = setting(
        {}, "Volumes of a managed collector, for files that `config` names."
    )
    receiver_tls: ReceiverTls | None = setting(
        None,
        "TLS on the receivers of managed collectors in pods of their own, and what senders need.",
    )
    pod: Pod = setting(Pod(), "What the pods of a managed Deployment get in addition.")
    service_account: ServiceAccount = setting(ServiceAccount(), "ServiceAccount of a managed Deployment.")
    network_policy: NetworkPolicy = setting(NetworkPolicy(), "NetworkPolicy of a managed Deployment.")
    span_metrics: SpanMetrics | None = setting(
        None, "Rate, errors and duration of requests, which a managed collector derives from spans."
    )
    tail_sampling: TailSampling | None = setting(
        None, "Decide which traces are kept once they are complete, in place of a sampler by rate alone."
    )
    gateway: Gateway | None = setting(
        None, "A second tier of collectors for tail_sampling, in which all spans of a trace meet."
    )
