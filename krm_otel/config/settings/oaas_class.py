"""A class and its settings, all sources applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

from krm_otel.config.placement import Mode
from krm_otel.config.provenance import Sourced
from krm_otel.config.schema.credentials import Variable
from krm_otel.config.schema.otel_config import AttributeGroups
from krm_otel.config.settings.collector import CollectorSettings, NodeCollector
from krm_otel.config.settings.destinations import Endpoint, Tls
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import Ref
from krm_otel.image_reference import parse_image
from krm_otel.krm.resource import Resource
from krm_otel.otlp import Protocol, SamplingStage

Deltas = Literal["kept", "added up", "dropped"]
"""A collector adds deltas up for the Prometheus that scrapes it; what stores series drops them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one class.

    Args:
        propagators: as OTEL_PROPAGATORS spells them, in order: `("tracecontext", "baggage", "b3")`.
        endpoint: where SDKs send everything; None with a managed collector, whose address depends on the class's name
            (`krm_otel.collector.addresses`).
        exporters: signal → endpoint of its own; only signals that have one, and only where SDKs send directly.
        collector: the managed collector; None where there is none.
        node_collector: in mode daemonset, where the collector of the node is, which the class does not generate.
        env: further variables for SDKs, by name.
        deltas: what becomes of metrics that SDKs send as deltas.
        names_may_change: names of objects are not final, so that no text may contain one.
    """

    enabled: Sourced[bool]
    traces: Sourced[bool]
    metrics: Sourced[bool]
    logs: Sourced[bool]
    sampling_rate: Sourced[float]
    sampling_stage: Sourced[SamplingStage]
    service_name: Sourced[str] | None
    service_name_template: Sourced[tuple[str, ...]]
    propagators: Sourced[tuple[str, ...]]
    resource_attributes: dict[str, Sourced[str]]
    attributes: Sourced[AttributeGroups]
    protocol: Sourced[Protocol]
    mode: Sourced[Mode]
    image: Sourced[str] | None
    endpoint: Sourced[Endpoint] | None
    exporters: dict[str, Sourced[Endpoint]]
    collector: CollectorSettings | None = None
    node_collector: NodeCollector | None = None
    deltas: Deltas = "kept"
    names_may_change: bool = False
    env: dict[str, Sourced[Variable]] = field(default_factory=dict)

    @property
    def sender_tls(self) -> Tls | None:
        """What SDKs need to send to a managed collector; None where it does not use TLS."""
        if self.node_collector is not None:
            return self.node_collector.sender_tls
        server = self.collector.receiver_tls if self.collector else None
        return server.sender if server else None

    def signal(self, name: str) -> Sourced[bool]:
        """The switch of `traces`, `metrics` or `logs`."""
        return {"traces": self.traces, "metrics": self.metrics, "logs": self.logs}[name]

    @property
    def any_signal(self) -> bool:
        """Whether anything is exported at all."""
        return self.traces.value or self.metrics.value or self.logs.value


@dataclass(frozen=True, slots=True)
class Requirements:
    """What `spec.nfr_requirements` of a ClassRuntime requires; None where it requires nothing.

    `max_latency_ms` is of the 95th percentile, `min_throughput_rps` of all functions together, `availability_pct` the
    share of requests that do not fail.
    """

    max_latency_ms: float | None = None
    min_throughput_rps: float | None = None
    availability_pct: float | None = None

    @property
    def any(self) -> bool:
        """Whether the class requires anything."""
        return self != Requirements()


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of a ClassRuntime's `spec.functions`; `image` may be empty."""

    key: str
    image: str


@dataclass(frozen=True)  # without slots, for what is computed once
class OaasClass:
    """A class that workloads can belong to: a ClassRuntime, or a pseudo-class of the platform.

    Args:
        names: `name`, and every earlier name that kustomize recorded.
        settings: None where there is no block at all (then it is off), or where the block is `faulty`.
        faulty: it has errors, and keeps what it had.
        enabled_by: `OTelConfig`, where the ClassRuntime alone does not enable it. Half an input may lack that.
        refused: its settings are valid, but its objects cannot be generated.
        package_key: upstream's name of the class in its package, which stays when each deployment gets another `name`;
            empty where it has none.
    """

    name: str
    names: tuple[str, ...]
    namespace: str
    ref: Ref
    functions: tuple[Function, ...]
    settings: Settings | None
    faulty: bool = False
    resource: Resource | None = None
    enabled_by: str = ""
    requirements: Requirements = field(default=Requirements())
    refused: bool = False
    package_key: str = ""

    @property
    def key(self) -> str:
        """What telemetry calls the class: its key in the package, otherwise its name."""
        return self.package_key or self.name

    @property
    def attributes(self) -> dict[str, str]:
        """The resource attributes `oaas.*` of all of its containers."""
        deployment = {"oaas.deployment_id": self.name} if self.package_key else {}
        return {"oaas.class": self.key, **deployment}

    @property
    def enabled(self) -> bool:
        """Whether its workloads are instrumented."""
        return self.settings is not None and self.settings.enabled.value

    @cached_property
    def keys_by_repository(self) -> Mapping[str, Sequence[str]]:
        """Image repositories of its functions, each with the keys of the functions that use it."""
        keys: dict[str, list[str]] = {}
        for function in self.functions:
            if repository := parse_image(function.image).repository:
                keys.setdefault(repository, []).append(function.key)
        return keys
