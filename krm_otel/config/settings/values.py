"""What settings are made of: values with their origin, and the words and small shapes among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from krm_otel.otlp import Protocol

T_co = TypeVar("T_co", covariant=True)
Source = Literal["ClassRuntime", "OTelConfig", "environment", "default", "annotation", "label", "image"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the kind of source, and the field path or variable in it."""

    source: Source
    where: str = ""

    def __str__(self) -> str:
        source = "ConfigMap" if self.where.startswith("data.") else self.source  # the flat form ranks as OTelConfig
        return f"{source} {self.where}".strip()


DEFAULT: Final = Origin("default")


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T_co]):
    """A value and its origin."""

    value: T_co
    origin: Origin = DEFAULT


Mode = Literal["sidecar", "deployment", "daemonset", "external"]


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
    """Certificates for OTLP: the CA, and a client's certificate and key (both or neither).

    `server_name` is what the server's certificate is checked against, where that is not the host; only a collector
    knows it, SDKs have no variable for it.
    """

    ca: FileSource | None = None
    client_certificate: FileSource | None = None
    client_key: FileSource | None = None
    server_name: str = ""


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
