"""What the receivers of a config listen on.

Sources: the OpenTelemetry Operator's `internal/components/receivers` (which receivers listen, their ports), and the
components' own documentation in collector-contrib. Since v0.104 an endpoint that is not written is on localhost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from krm_otel.collector.reading.address import Address, address
from krm_otel.collector.reading.structure import mapping, member, type_of
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import Step

Transport = Literal["TCP", "UDP"]


@dataclass(frozen=True, slots=True)
class Listener:
    """An address that a component listens on.

    Args:
        component: its id in the config, as in `zipkin/2`.
        steps: where the address is in the config, or would be.
        address: what it binds to.
        transport: the protocol of the port.
        part: one of several that a component listens on, as in `grpc`; empty where it has only one.
        application: what is spoken there, for service meshes; empty where that is not known.
    """

    component: str
    steps: tuple[Step, ...]
    address: Address
    transport: Transport = "TCP"
    part: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class _Socket:
    """One address of a type of receiver: its place in the receiver's config, and its default port."""

    path: tuple[str, ...]
    port: int | None = None
    transport: Transport = "TCP"
    application: str = ""
    required: bool = False
    """It listens without being written. Otherwise only where its section is there."""


def _protocols(**protocols: tuple[int, Transport, str]) -> tuple[_Socket, ...]:
    """The sockets of a receiver with a section `protocols`."""
    return tuple(
        _Socket(("protocols", name, "endpoint"), port, transport, application)
        for name, (port, transport, application) in protocols.items()
    )


def _endpoint(port: int | None, transport: Transport = "TCP", application: str = "") -> tuple[_Socket, ...]:
    return (_Socket(("endpoint",), port, transport, application, required=True),)


_HTTP: Final = "http"
_SOCKETS: Final[dict[str, tuple[_Socket, ...]]] = {
    "otlp": _protocols(grpc=(4317, "TCP", "grpc"), http=(4318, "TCP", _HTTP)),
    "otelarrow": _protocols(grpc=(4317, "TCP", "grpc")),
    "jaeger": _protocols(
        grpc=(14250, "TCP", "grpc"),
        thrift_http=(14268, "TCP", _HTTP),
        thrift_compact=(6831, "UDP", ""),
        thrift_binary=(6832, "UDP", ""),
    ),
    "skywalking": _protocols(grpc=(11800, "TCP", "grpc"), http=(12800, "TCP", _HTTP)),
    "loki": _protocols(grpc=(3600, "TCP", "grpc"), http=(3500, "TCP", _HTTP)),
    "zipkin": _endpoint(9411, application=_HTTP),
    "opencensus": _endpoint(55678),
    "statsd": _endpoint(8125, "UDP"),
    "carbon": _endpoint(2003),
    "wavefront": _endpoint(2003),
    "collectd": _endpoint(8081, application=_HTTP),
    "datadog": _endpoint(8126, application=_HTTP),
    "fluentforward": _endpoint(8006),
    "influxdb": _endpoint(8086, application=_HTTP),
    "sapm": _endpoint(7276, application=_HTTP),
    "signalfx": _endpoint(9943, application=_HTTP),
    "splunkhec": _endpoint(8088, application=_HTTP),
    "webhookevent": _endpoint(8088, application=_HTTP),
    "faro": _endpoint(8080, application=_HTTP),
    "prometheusremotewrite": _endpoint(9090, application=_HTTP),
    "awsfirehose": _endpoint(4433, application=_HTTP),
    "awsxray": (
        _Socket(("endpoint",), 2000, "UDP", required=True),
        _Socket(("proxy_server", "endpoint"), 2000, "TCP", _HTTP, required=True),
    ),
    "libhoney": (_Socket(("http", "endpoint"), 8080, application=_HTTP),),
    "syslog": (_Socket(("tcp", "listen_address")), _Socket(("udp", "listen_address"), transport="UDP")),
    "tcplog": (_Socket(("listen_address",)),),
    "udplog": (_Socket(("listen_address",), transport="UDP"),),
}
"""Type, without `_`, since many names have got some → where it listens. Every other type listens where it says so."""


def receiver_listeners(component: str, body: Any) -> Iterator[Listener]:
    """What one receiver listens on."""
    sockets = _SOCKETS.get(type_of(component).replace("_", ""))
    if sockets is None:
        yield from _told(component, body)
        return
    for socket in sockets:
        section = member(body, *socket.path[:-1])
        # A protocol without settings, `grpc:`, listens on its default.
        is_there = socket.required or (len(socket.path) > 1 and _has(body, socket.path[:-1]))
        text = mapping(section).get(socket.path[-1])
        if mapping(section).get("enabled") is False or (text is None and not is_there):
            continue
        transport = str(mapping(section).get("transport", "")).lower()
        if transport.startswith("unix"):
            continue
        yield Listener(
            component,
            ("receivers", component, *socket.path),
            address(f"localhost:{socket.port}" if text is None else text),
            "UDP" if transport.startswith("udp") else "TCP" if transport.startswith("tcp") else socket.transport,
            socket.path[-2] if len(sockets) > 1 and len(socket.path) > 1 else "",
            "tls" if mapping(section).get("tls") else socket.application,
        )


def _told(component: str, body: Any) -> Iterator[Listener]:
    """What a receiver of another type listens on: nobody can send to these addresses, so they are its own.

    It may be a host to fetch from otherwise, as in `redis: {endpoint: "localhost:6379"}`.
    """
    for key in ("endpoint", "listen_address"):
        text = mapping(body).get(key)
        if isinstance(text, str):
            found = address(text)
            if found.port is not None and (found.host in ("all", "pod") or key == "listen_address"):
                udp = str(mapping(body).get("transport", "")).lower().startswith("udp")
                yield Listener(component, ("receivers", component, key), found, "UDP" if udp else "TCP")


def _has(body: Any, path: tuple[str, ...]) -> bool:
    """Whether the last key of a path is there, whatever its value."""
    return path[-1] in mapping(member(body, *path[:-1]))
