"""What configuration comes to: settings of one class, each value with where it came from. Plain frozen data."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from krm_otel.config.settings.collector import CollectorSettings as CollectorSettings
from krm_otel.config.settings.collector import NodeCollector as NodeCollector
from krm_otel.config.settings.monitoring import Monitoring as Monitoring
from krm_otel.config.settings.values import DEFAULT as DEFAULT
from krm_otel.config.settings.values import Endpoint as Endpoint
from krm_otel.config.settings.values import FileSource as FileSource
from krm_otel.config.settings.values import Mode as Mode
from krm_otel.config.settings.values import Origin as Origin
from krm_otel.config.settings.values import SecretHeader as SecretHeader
from krm_otel.config.settings.values import Source as Source
from krm_otel.config.settings.values import Sourced as Sourced
from krm_otel.config.settings.values import Tls as Tls
from krm_otel.config.sources.requirements import Requirements as Requirements
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.resource import Resource
from krm_otel.otlp import Protocol as Protocol
from krm_otel.otlp import SamplingStage as SamplingStage


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which derived resource attributes are wanted: groups, and single keys to drop."""

    k8s: bool = True
    service: bool = True
    oaas: bool = True
    drop: tuple[str, ...] = ()
    version_from_image: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one class, all sources applied."""

    enabled: Sourced[bool]
    traces: Sourced[bool]
    metrics: Sourced[bool]
    logs: Sourced[bool]
    sampling_rate: Sourced[float]
    sampling_stage: Sourced[SamplingStage]
    service_name: Sourced[str] | None
    service_name_template: Sourced[str]
    propagators: Sourced[tuple[str, ...]]
    """As OTEL_PROPAGATORS spells them, in order: `("tracecontext", "baggage", "b3")`."""
    resource_attributes: dict[str, Sourced[str]]
    attributes: Sourced[Attributes]
    protocol: Sourced[Protocol]
    mode: Sourced[Mode]
    image: Sourced[str] | None
    endpoint: Sourced[Endpoint] | None
    exporters: dict[str, Sourced[Endpoint]]
    """Signal → endpoint of its own; only signals that have one, and only where SDKs send directly."""
    collector: CollectorSettings | None = None
    """What the managed collector is to be; None where there is none. `endpoint` is None then: where the collector is
    depends on the class's name (`krm_otel.collector.addresses`)."""
    node_collector: NodeCollector | None = None
    """Mode daemonset: where the collector is that something else than this class makes."""

    def signal(self, name: str) -> Sourced[bool]:
        """The switch of `traces`, `metrics` or `logs`."""
        found = {"traces": self.traces, "metrics": self.metrics, "logs": self.logs}[name]
        return found

    @property
    def any_signal(self) -> bool:
        """Whether anything is to be exported at all."""
        return self.traces.value or self.metrics.value or self.logs.value


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of a ClassRuntime's `spec.functions`; `image` may be empty."""

    key: str
    image: str


@dataclass(frozen=True, slots=True)
class OaasClass:
    """A class that workloads can belong to: a ClassRuntime, or the platform's pseudo-class in one namespace.

    `settings` is None where there is no block at all (then it is off), or where what it comes from is `faulty`.
    """

    name: str
    names: tuple[str, ...]
    """`name`, and every earlier name that kustomize recorded."""
    namespace: str
    ref: Ref
    functions: tuple[Function, ...]
    settings: Settings | None
    faulty: bool = False
    """It has errors, and keeps what it had."""
    resource: Resource | None = None
    enabled_by: str = ""
    """What enabled it, where that is not the ClassRuntime alone: `OTelConfig`. Half an input may lack that."""
    requirements: Requirements = field(default=Requirements())
    refused: bool = False
    """The errors are none of its settings: what it wants cannot be made."""

    @property
    def enabled(self) -> bool:
        """Whether its workloads are to be instrumented."""
        return self.settings is not None and self.settings.enabled.value


@dataclass(frozen=True, slots=True)
class PlatformComponent:
    """A component of the platform: the labels that its workloads carry, and its service name."""

    key: str
    match_labels: dict[str, str]
    service_name: str


@dataclass(frozen=True, slots=True)
class KindPath:
    """A kind that users told us of, with the path of its pod template: `("spec", "template")`."""

    api_version: str
    kind: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that configuration says about one input."""

    classes: tuple[OaasClass, ...]
    platform: Settings | None = None
    """Settings of the pseudo-class `oaas-platform`, the same in every namespace; None: no platform block."""
    platform_components: tuple[PlatformComponent, ...] = ()
    node_collectors: OaasClass | None = None
    """The pseudo-class that owns the collectors of mode daemonset; None: they are not made here."""
    switched_off: Origin | None = None
    """Where the global switch says off; None: it does not."""
    prune: bool | None = None
    """True: the input is complete; False: keep and report; None: not said."""
    adopt: bool = False
    """Variables that manifests set by hand are taken over."""
    degrade: bool = False
    """What is wrong with one class does not stop the others: it keeps what it had."""
    write_status: bool = False
    """Conditions go into the ClassRuntimes; else they are results."""
    operator: bool = False
    """The OpenTelemetry Operator's objects and annotations are written instead of our own."""
    merge_crd: bool = False
    """A definition of ClassRuntime in the input is to have the block."""
    config_given: bool = False
    """Whether there is an OTelConfig: without one nothing can be said of the platform."""
    flat_given: bool = False
    """Whether there is a flat ConfigMap, which can enable classes as an OTelConfig can."""
    skip_containers: tuple[str, ...] = ()
    kinds: tuple[KindPath, ...] = ()
    knative_field_ref: bool = False
    monitoring: Monitoring = field(default=Monitoring())

    def without(self, owners: AbstractSet[Ref]) -> Configuration:
        """The same where these classes have errors: they keep what they had."""
        classes = (
            replace(one, settings=None, faulty=True, refused=True) if one.ref in owners else one for one in self.classes
        )
        return replace(self, classes=tuple(classes))
