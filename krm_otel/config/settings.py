"""What configuration comes to: settings of one class, each value with where it came from. Plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from krm_otel.krm.resource import Resource
from krm_otel.krm.results import Ref

T_co = TypeVar("T_co", covariant=True)
Source = Literal["ClassRuntime", "OTelConfig", "environment", "default", "annotation", "label", "image"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the kind of source, and the field path or variable in it."""

    source: Source
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.where}".strip()


DEFAULT: Final = Origin("default")


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T_co]):
    """A value and its origin."""

    value: T_co
    origin: Origin = DEFAULT


Protocol = Literal["grpc", "http"]
Mode = Literal["sidecar", "deployment", "daemonset", "external"]
Stage = Literal["sdk", "collector", "both"]


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """An OTLP request header whose value stands in a Secret, percent-encoded as OTLP headers in the environment are."""

    name: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class FileSource:
    """A key of a Secret or ConfigMap that is mounted as a file."""

    kind: Literal["Secret", "ConfigMap"]
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates for OTLP: the CA, and a client's certificate and key (both or neither)."""

    ca: FileSource | None = None
    client_certificate: FileSource | None = None
    client_key: FileSource | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OTLP endpoint to send to, checked.

    `url` is as configured, without a trailing slash; `protocol` is what goes with its port (4317 → grpc, 4318 → http,
    else what is configured, else grpc).
    """

    url: str
    protocol: Protocol
    headers: tuple[SecretHeader, ...] = ()
    tls: Tls = Tls()


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
    sampling_stage: Sourced[Stage]
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
    resource: Resource | None = None

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
    switched_off: Origin | None = None
    """Where the global switch says off; None: it does not."""
    prune: bool | None = None
    """True: the input is complete; False: keep and report; None: not said."""
    config_given: bool = False
    """Whether there is an OTelConfig: without one nothing can be said of the platform."""
    skip_containers: tuple[str, ...] = ()
    kinds: tuple[KindPath, ...] = ()
    knative_field_ref: bool = False
