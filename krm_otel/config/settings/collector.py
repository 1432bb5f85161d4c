"""What configuration comes to for a managed collector: plain frozen data, the defaults filled in.

Every value that can be configured has its origin, so that `explain` can tell it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from krm_otel.config.settings.sampling import SpanMetrics, TailSampling
from krm_otel.config.settings.values import Mode, SecretHeader, Sourced, Tls

DEFAULT_IMAGE: Final = "otel/opentelemetry-collector-contrib:0.158.0"
"""The image whose dialect we emit and test; Docker Hub's, unless `image_registry` names a mirror."""

ExporterKind = Literal[
    "otlp_grpc", "otlp_http", "prometheus", "prometheus_remote_write", "debug", "file", "load_balancing"
]
"""Kinds of exporters, by the collector's own names (those of v0.154 and later)."""
EndpointHost = Literal["short", "svc", "fqdn"]
Mesh = Literal["none", "istio", "linkerd"]


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a backend: how large one gets, how many older ones are kept, and the existing claim that they are in;
    without one they are in a volume of the pod."""

    claim: str = ""
    max_megabytes: int = 100
    max_backups: int = 3


@dataclass(frozen=True, slots=True)
class Target:
    """Where the collector sends one signal.

    `name` is the backend's, or its type's where nobody declared one; empty for an endpoint written on the spot.
    `url` is complete with the type's path, empty for kinds that connect nowhere. `verbatim`: an OTLP/HTTP URL that
    is used as it is; the exporter adds `/v1/<signal>` to others. `series`: metrics become series there, which have
    labels and no resources. `files` are those of kind `file`.
    """

    kind: ExporterKind
    name: str = ""
    url: str = ""
    verbatim: bool = False
    headers: tuple[SecretHeader, ...] = ()
    tls: Tls = field(default=Tls())
    series: bool = False
    files: Files = field(default=Files())


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits, as Kubernetes quantities by resource name; `limits` always has memory."""

    requests: dict[str, str]
    limits: dict[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch processor: items of a batch (0: no highest number), and how long one waits for more."""

    send_batch_size: int = 1024
    send_batch_max_size: int = 0
    timeout: str = "10s"


@dataclass(frozen=True, slots=True)
class Queue:
    """Batches that wait while a backend is away (0: as many as the mode has by default), and whether they do so in
    files: in a volume of the pod, or in an existing claim."""

    size: int = 0
    persistent: bool = False
    size_limit: str = ""
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """Pods by load: `cpu` is the use of the requested processor time that is aimed at, in percent."""

    max_replicas: int
    min_replicas: int = 1
    cpu: int = 75


@dataclass(frozen=True, slots=True)
class Pod:
    """What the pods of a collector that runs for itself get beside what we decide; shapes are Kubernetes' own."""

    image_pull_secrets: tuple[str, ...] = ()
    tolerations: tuple[dict[str, Any], ...] = ()
    node_selector: dict[str, str] = field(default_factory=dict)
    affinity: dict[str, Any] = field(default_factory=dict)
    priority_class_name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    security_context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An existing ServiceAccount by its `name`; empty: one is made, with these annotations."""

    name: str = ""
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scraper:
    """Who may fetch metrics: pods with these labels, in namespaces with those; without any of the latter, in the
    collector's own."""

    namespace_labels: dict[str, str] = field(default_factory=dict)
    pod_labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """Who may reach the collector, beside the class's own pods."""

    enabled: bool = True
    mesh: Mesh = "none"
    scrapers: tuple[Scraper, ...] = ()


@dataclass(frozen=True, slots=True)
class Gateway:
    """The second tier of a class's collectors, to which the first one sends its traces."""

    replicas: Sourced[int]
    resources: Sourced[Resources]
    autoscaling: Autoscaling | None = None
    config: Sourced[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class NodeCollector:
    """The collector that runs on every node for all classes, as a class sees it: where its Service is."""

    namespace: str
    fqdn: bool = False


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """The managed collector of one class, or (`daemonset`) of all classes on a node. `mode` is not `external`."""

    mode: Sourced[Mode]
    image: Sourced[str]
    """Complete, with the mirror's name where there is one."""
    exporters: dict[str, tuple[Sourced[Target], ...]]
    """Signal → targets; exactly the signals that are on, in the usual order, each with one target at least."""
    resources: Sourced[Resources]
    endpoint_host: Sourced[EndpointHost]
    replicas: Sourced[int]
    native_sidecar: Sourced[bool]
    batch: Sourced[Batch | None]
    """None: batching is switched off."""
    queue: Sourced[Queue]
    config: Sourced[dict[str, Any]] | None = None
    """What is merged into the generated config, last."""
    env: tuple[SecretHeader, ...] = ()
    """Variables of the container from Secrets, for `config`."""
    autoscaling: Autoscaling | None = None
    pod: Pod = Pod()
    service_account: ServiceAccount = ServiceAccount()
    network_policy: NetworkPolicy = NetworkPolicy()
    k8s_attributes: bool = False
    """Whether it asks the API server what the sending pod is called (`daemonset` only)."""
    labels: bool = False
    """Whether data points get labels that say whose they are, for a Prometheus."""
    span_metrics: Sourced[SpanMetrics] | None = None
    tail_sampling: Sourced[TailSampling] | None = None
    """In this collector, or in its gateway where there is one."""
    gateway: Gateway | None = None
    first: Mode | None = None
    """It is a gateway itself, for collectors in this mode: what it gets went through one of them."""

    @property
    def fewest(self) -> int:
        """The pods that there are at least."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas.value

    @property
    def most(self) -> int:
        """The pods that there may be."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas.value

    @property
    def second_tier(self) -> bool:
        """Whether it is a gateway itself."""
        return self.first is not None

    @property
    def files(self) -> tuple[Target, ...]:
        """The targets that are files of the pod, each once."""
        every = (one.value for targets in self.exporters.values() for one in targets)
        return tuple(dict.fromkeys(target for target in every if target.kind == "file"))

    @property
    def claims(self) -> bool:
        """Whether it has files that no other collector may have."""
        return bool(self.queue.value.claim) or any(target.files.claim for target in self.files)
