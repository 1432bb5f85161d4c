"""Where telemetry is sent: OTLP endpoints of SDKs, and targets of collectors."""

from __future__ import annotations

from typing import Literal

from krm_otel.config.schema.otel_config import Files
from krm_otel.config.settings.backend_types import ExporterKind as ExporterKind
from krm_otel.dataclass import dataclass, field
from krm_otel.otlp import Protocol


@dataclass(frozen=True, slots=True)
class Header:
    """An OTLP request header.

    Its value is in a Secret, percent-encoded as OTLP headers in the environment are, or it is written out in `value`.
    """

    name: str
    secret: str = ""
    key: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A key of a Secret or ConfigMap that is mounted as a file."""

    kind: Literal["Secret", "ConfigMap"]
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates for OTLP: the CA, and a client's certificate and key (both or neither).

    `server_name` is the name that the server's certificate must have, where that is not the host; only collectors have
    a setting for it, SDKs have no variable.
    """

    ca: FileSource | None = None
    client_certificate: FileSource | None = None
    client_key: FileSource | None = None
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class ServerTls:
    """The certificate of a collector's receivers, and the CA of senders' certificates; None: it asks for none.

    `sender` is what those need that send to it.
    """

    certificate: FileSource
    key: FileSource
    client_ca: FileSource | None
    sender: Tls


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OTLP endpoint for SDKs.

    Args:
        url: as configured, without a trailing slash.
        protocol: that of its port (4317: grpc, 4318: http), otherwise the configured one.
        service_url: the same collector by its Service, for pods that may not know the address of their node, where
            `url` is that address.
        ports: protocol → port, where krm-otel knows them from a collector's config; empty: those by convention.
    """

    url: str
    protocol: Protocol
    headers: tuple[Header, ...] = ()
    tls: Tls = Tls()
    ports: tuple[tuple[Protocol, int], ...] = ()
    service_url: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a collector sends one signal.

    Args:
        name: that of the backend, or of its type where no backend is declared; empty for an endpoint without a backend.
        url: complete, with the path of the type; empty for kinds that connect to nothing.
        verbatim: the exporter uses an OTLP/HTTP URL as it is; it adds `/v1/<signal>` to others.
        series: metrics become series there, which have labels and no resources.
        files: those of kind `file`.
    """

    kind: ExporterKind
    name: str = ""
    url: str = ""
    verbatim: bool = False
    headers: tuple[Header, ...] = ()
    tls: Tls = field(default=Tls())
    series: bool = False
    files: Files = field(default=Files())
