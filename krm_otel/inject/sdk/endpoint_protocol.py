"""An endpoint and its protocol, of which one may be the user's: the other one follows."""

from __future__ import annotations

from krm_otel.config.settings import Endpoint
from krm_otel.otlp import PORTS, Protocol, port_protocol, url_parts, with_port


def protocol_named(value: str | None) -> Protocol | None:
    """`grpc` → grpc; `http/protobuf`, `http/json` → http; None for any other value."""
    if value is None:
        return None
    return "grpc" if value == "grpc" else "http" if value.startswith("http/") else None


def written_port_protocol(url: str) -> Protocol | None:
    """The protocol of an endpoint's standard port; None for other ports, and for a user's text that is not a URL."""
    try:
        return port_protocol(url)
    except ValueError:
        return None


def endpoint_for(target: Endpoint, protocol: Protocol | None, signal: str | None) -> tuple[str, Protocol]:
    """The endpoint for a container with a given protocol: a standard port changes with it, any other port stays."""
    if protocol is None or protocol == target.protocol:
        return target.url, target.protocol
    parts = url_parts(target.url)
    netloc = parts.netloc
    ports = dict(target.ports) or PORTS
    if parts.port == ports.get(target.protocol) and protocol in ports:
        netloc = netloc.removesuffix(f":{parts.port}") + f":{ports[protocol]}"
    path = "" if protocol == "grpc" else parts.path or (f"/v1/{signal}" if signal else "")
    return with_port(f"{parts.scheme}://{netloc}{path}", protocol), protocol
