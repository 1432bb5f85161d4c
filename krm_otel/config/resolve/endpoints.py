"""Where SDKs send to: the general endpoint and those of single signals, with headers and certificates."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from krm_otel.config.provenance import Place
from krm_otel.config.resolve.limits import limit_backend, limit_endpoint
from krm_otel.config.schema.backends import BACKENDS, can_be_assumed
from krm_otel.config.schema.credentials import Headers, TlsBlock
from krm_otel.config.schema.otel_config import Backend, ConfigSpec
from krm_otel.config.settings import Endpoint, FileSource, SecretHeader, Tls
from krm_otel.config.sources.layers import Found, Say
from krm_otel.config.types.endpoint import is_endpoint, path_fault, signal_endpoint
from krm_otel.diagnostics.suggestion import listed, nearest
from krm_otel.otlp import PORTS, Protocol, port_protocol

DIRECT: Final[dict[str, frozenset[str]]] = {
    "otlp": frozenset(("traces", "metrics", "logs")),
    "jaeger": frozenset(("traces",)),
    "tempo": frozenset(("traces",)),
}
"""Types of backends that take OTLP on the endpoint as it is given, with the signals that they store."""


def tls_of(block: TlsBlock | None) -> Tls:
    """The certificates that a block names, its default keys filled in."""
    if block is None:
        return Tls()
    ca = certificate = key = None
    if block.ca is not None and block.ca.secret is not None:
        ca = FileSource("Secret", block.ca.secret, block.ca.key or "ca.crt")
    elif block.ca is not None and block.ca.config_map is not None:
        ca = FileSource("ConfigMap", block.ca.config_map, block.ca.key or "ca.crt")
    if (client := block.client) is not None:
        certificate = FileSource("Secret", client.secret, client.certificate or "tls.crt")
        key = FileSource("Secret", client.secret, client.key or "tls.key")
    return Tls(ca, certificate, key, block.server_name or "")


def headers_of(block: Headers | None) -> tuple[SecretHeader, ...]:
    """The headers that a block names, in its order."""
    return tuple(SecretHeader(name, source.secret, source.key) for name, source in (block or {}).items())


def general(
    url: Found[str], protocol: Found[Protocol], headers: Headers | None, tls: TlsBlock | None, say: Say
) -> Endpoint | None:
    """The general endpoint; None where it is faulty."""
    spoken = protocol_for(url, protocol, say)
    if wrong := path_fault(url.value, spoken, base=True):
        say(url.result(wrong.code, wrong.severity, wrong.text, wrong.proposed))
        return None
    return Endpoint(url.value, spoken, headers_of(headers), tls_of(tls))


def of_signal(
    signal: str, exporter: Found[str], protocol: Found[Protocol], config: ConfigSpec, at: Place, say: Say
) -> Endpoint | None:
    """The endpoint of one signal that an SDK sends to directly; None where it is faulty.

    Args:
        exporter: an endpoint, or the name of a backend of the OTelConfig.
        at: where the OTelConfig's spec stands.
    """
    if is_endpoint(exporter.value):
        return _signal_endpoint(signal, exporter, protocol, None, say)
    backend = (config.backends or {}).get(exporter.value)
    kind = (backend.type or "otlp") if backend else ""
    if backend is None:
        return None  # said by check_exporter
    if kind not in DIRECT:
        text = (
            f"names the backend {exporter.value} of type {kind}, which SDKs cannot send to without a "
            "collector: write an OTLP endpoint, or a backend of type otlp"
        )
        say(exporter.result("backend-not-direct", "error", text))
    elif signal not in DIRECT[kind]:
        text = f"names the backend {exporter.value} of type {kind}, which takes no {signal}: write another one"
        say(exporter.result("backend-signal", "error", text))
    elif backend.endpoint is None:
        where = f"backends.{exporter.value}.endpoint"
        text = f"names the backend {exporter.value}, which has no endpoint: write {where} in the OTelConfig"
        say(exporter.result("backend-endpoint", "error", text))
    else:
        url = Found(backend.endpoint, at, ("backends", exporter.value, "endpoint"))
        return _signal_endpoint(signal, url, protocol, backend, say)
    return None


def check_exporter(exporter: Found[str], config: ConfigSpec, managed: bool, say: Say) -> None:
    """Errors for an exporter that names no backend, or exceeds the limits.

    `managed`: a collector of ours sends there, which knows the usual addresses of some types.
    """
    name = exporter.value
    if is_endpoint(name):
        limit_endpoint(exporter, config.limits, say)
    elif name not in (backends := config.backends or {}) and not (managed and can_be_assumed(name)):
        if not managed and name in BACKENDS and name not in DIRECT:
            text = (
                f"names {name}, which SDKs cannot send to without a collector of ours: write an OTLP endpoint such as "
                "http://collector:4317, or leave it out where there is a collector.endpoint"
            )
            say(exporter.result("backend-not-direct", "error", text))
            return
        known = [*backends, *(filter(can_be_assumed, BACKENDS) if managed else ())]
        meant = nearest(name, known)
        if meant:
            write = f"write {meant}"
        elif backends:
            write = f"write {listed(list(backends))}, or an endpoint such as http://collector:4317"
        else:
            write = f"declare backends.{name} there, or write an endpoint such as http://collector:4317"
        text = f"names the backend {name}, which no OTelConfig declares: {write}"
        say(exporter.result("backend-unknown", "error", text, meant))
    else:
        limit_backend(exporter, config.limits, say)


def _signal_endpoint(
    signal: str, url: Found[str], protocol: Found[Protocol], backend: Backend | None, say: Say
) -> Endpoint | None:
    base = backend is not None
    spoken = protocol_for(url, protocol, say)
    if wrong := path_fault(url.value, spoken, base):
        say(url.result(wrong.code, wrong.severity, wrong.text, wrong.proposed))
        return None
    target = signal_endpoint(url.value, signal, spoken, base)
    if backend is None:
        return Endpoint(target, spoken)
    return Endpoint(target, spoken, headers_of(backend.headers), tls_of(backend.tls))


def protocol_for(url: Found[str], protocol: Found[Protocol], say: Say, *, managed: bool = False) -> Protocol:
    """The protocol for an endpoint: its port decides, else what is configured; says where they disagree.

    `managed`: a collector sends there, to which SDKs may well speak another protocol than it does.
    """
    by_port = port_protocol(url.value)
    spoken = by_port or protocol.value
    other: Protocol = "http" if spoken == "grpc" else "grpc"
    if by_port and not managed and not protocol.by_default and protocol.value != spoken:
        port = PORTS[other]
        text = (
            f"is {protocol.value}, but the port of {url.value} is that of {spoken}, which is used: "
            f"write {spoken}, or an endpoint with port {port}"
        )
        say(protocol.result("protocol-port", "warning", text, spoken))
    elif not by_port:
        parts = urlsplit(url.value)
        said = f"has port {parts.port}, neither 4317 (grpc) nor 4318 (http)" if parts.port else "has no port"
        if parts.path and protocol.by_default:
            # Only HTTP has paths: whoever writes one says it.
            spoken, other, said = "http", "grpc", said + ", but a path"
        text = f"{said}, so {spoken} is used: write telemetry.protocol: {other} if it speaks that"
        say(url.result("protocol-assumed", "info", text))
    return spoken
