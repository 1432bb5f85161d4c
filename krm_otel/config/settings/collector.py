"""The settings of a managed collector, all sources applied."""

from __future__ import annotations

from typing import Any

from krm_otel.config.placement import PLACEMENTS, Mode, Placement
from krm_otel.config.provenance import Sourced
from krm_otel.config.schema.autoscaling import Autoscaling
from krm_otel.config.schema.cluster_collector import EndpointHost
from krm_otel.config.schema.collector import (
    AdditionalProcessor,
    Batch,
    NetworkPolicy,
    Pod,
    Queue,
    ServiceAccount,
    Volume,
)
from krm_otel.config.schema.credentials import Variable, VariablesSource
from krm_otel.config.schema.sampling import SpanMetrics, TailSampling
from krm_otel.config.settings.destinations import ServerTls, Target, Tls
from krm_otel.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits, as Kubernetes quantities by resource name; `limits` always has memory."""

    requests: dict[str, str]
    limits: dict[str, str]


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The second tier of a class's collectors, to which the first one sends its traces."""

    replicas: Sourced[int]
    resources: Sourced[Resources]
    autoscaling: Autoscaling | None = None
    processors: Sourced[tuple[AdditionalProcessor, ...]] = field(default=Sourced(()))
    config: Sourced[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class NodeCollector:
    """The collector that runs on every node for all classes, as a class sees it: where its Service is, and
    what senders need where it takes only TLS."""

    namespace: str
    fqdn: bool = False
    host_port: bool = False
    sender_tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """The managed collector of one class, or (`daemonset`) of all classes on a node.

    Args:
        mode: any but `external`.
        image: complete, with the mirror's registry where there is one.
        exporters: signal → targets; exactly the enabled signals, in the usual order, each with at least one target.
        batch: None: the collector does not batch.
        processors: in addition to the generated ones.
        config: what is merged into the generated config, last.
        env, env_from: further variables of the container.
        volumes: further volumes, by name.
        server_tls: for the receivers of every tier in pods of its own.
        k8s_attributes: it asks the API server what the sending pod is called (`daemonset` only).
        dropped_attributes: what metrics lose; the series that fall together are added up.
        labels: data points get labels that say which class and function they belong to, for a Prometheus.
        tail_sampling: that of this collector, or of its gateway where there is one.
        slow_after: the milliseconds from which tail sampling keeps a trace as slow; None: it keeps none for that.
        first: it is a gateway itself, for collectors in this mode.
        host_port: its OTLP ports are open on the node (`daemonset` only).
    """

    mode: Sourced[Mode]
    image: Sourced[str]
    exporters: dict[str, tuple[Sourced[Target], ...]]
    resources: Sourced[Resources]
    endpoint_host: Sourced[EndpointHost]
    class_first: bool
    replicas: Sourced[int]
    native_sidecar: Sourced[bool]
    batch: Sourced[Batch | None]
    queue: Sourced[Queue]
    processors: Sourced[tuple[AdditionalProcessor, ...]] = field(default=Sourced(()))
    config: Sourced[dict[str, Any]] | None = None
    env: dict[str, Variable] = field(default_factory=dict)
    env_from: tuple[VariablesSource, ...] = ()
    volumes: dict[str, Volume] = field(default_factory=dict)
    server_tls: ServerTls | None = None
    image_pull_policy: str | None = None
    autoscaling: Autoscaling | None = None
    pod: Pod = field(default=Pod())
    service_account: ServiceAccount = field(default=ServiceAccount())
    network_policy: NetworkPolicy = field(default=NetworkPolicy())
    k8s_attributes: bool = False
    labels: bool = False
    dropped_attributes: tuple[str, ...] = ()
    span_metrics: Sourced[SpanMetrics] | None = None
    tail_sampling: Sourced[TailSampling] | None = None
    slow_after: Sourced[int] | None = None
    gateway: GatewaySettings | None = None
    first: Mode | None = None
    host_port: bool = False

    @property
    def placement(self) -> Placement:
        """The facts of its mode."""
        return PLACEMENTS[self.mode.value]

    @property
    def fewest(self) -> int:
        """The lowest number of pods."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas.value

    @property
    def most(self) -> int:
        """The highest number of pods."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas.value

    @property
    def is_single(self) -> bool:
        """Whether exactly one pod runs it."""
        return self.placement.has_replicas and self.most == 1

    @property
    def refuses_scrapers(self) -> bool:
        """Whether its NetworkPolicy lets nobody fetch metrics."""
        return self.placement.has_service and self.network_policy.enabled and not self.network_policy.scrapers

    @property
    def receiver_tls(self) -> ServerTls | None:
        """TLS of its receivers; those on the loopback have none."""
        return self.server_tls if self.placement.has_service else None

    @property
    def second_tier(self) -> bool:
        """Whether it is a gateway itself."""
        return self.first is not None

    @property
    def files(self) -> tuple[Target, ...]:
        """The targets that are files of the pod, each once."""
        targets = (target.value for targets in self.exporters.values() for target in targets)
        return tuple(dict.fromkeys(target for target in targets if target.kind == "file"))

    @property
    def claims(self) -> bool:
        """Whether it has files that no other collector may have."""
        return bool(self.queue.value.claim) or any(target.files.claim for target in self.files)
