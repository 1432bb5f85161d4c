"""The ports of a collector that others send to or fetch from, as its merged config has them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from krm_otel.collector.config.build import build_config
from krm_otel.collector.reading.listening import Listening, listening
from krm_otel.collector.reading.receivers import Listener, Transport
from krm_otel.collector.tiers import Tier
from krm_otel.dataclass import dataclass, replace
from krm_otel.otlp import PORTS

Purpose = Literal["receive", "fetch"]

_USUAL: Final = {f"otlp-{protocol}": number for protocol, number in PORTS.items()}
"""Name of an OTLP port → its number by convention."""
_LONGEST: Final = 15
"""Letters of a port's name (Kubernetes, IANA_SVC_NAME)."""
_SIDECAR: Final = "otel-"
"""The names of a sidecar's ports begin with it: the pod is the user's."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the collector's container.

    Args:
        name: unique in the container.
        number: what the collector listens on.
        purpose: senders reach the ports that receive, scrapers those that are fetched from.
        transport: the protocol of the port.
        application: what is spoken there, for service meshes; empty where that is not known.
        received: a Prometheus fetches metrics there that the collector received, not its own.
    """

    name: str
    number: int
    purpose: Purpose = "receive"
    transport: Transport = "TCP"
    application: str = ""
    received: bool = False


def listening_of(tier: Tier) -> Listening:
    """Where the collector of a tier listens."""
    return listening(build_config(tier))


def ports(found: Listening) -> tuple[Port, ...]:
    """The ports that others can reach; only the kubelet asks the health check."""
    otlp = [_port(listener, f"otlp-{protocol}") for protocol, listener in found.otlp.items()]
    further = [_port(listener, _words(listener.component, listener.part)) for listener in found.receivers]
    return _unique([*otlp, *further, *metrics_ports(found)])


def metrics_ports(found: Listening) -> tuple[Port, ...]:
    """The ports that a Prometheus fetches metrics from: the collector's own, and those that it received."""
    own = [_port(found.own_metrics, "metrics")] if found.own_metrics else []
    scraped = [
        _port(listener, _words(listener.component) if number else "prometheus")
        for number, listener in enumerate(found.scraped)
    ]
    fetched = [replace(port, purpose="fetch") for port in own if port]
    fetched += [replace(port, purpose="fetch", received=True) for port in scraped if port]
    return _unique(fetched)


def sidecar_ports(found: Listening) -> tuple[Port, ...]:
    """The ports of a sidecar that others than its own pod reach."""
    own = {listener.address.port for listener in found.otlp.values()}
    reached = [port for port in ports(found) if port.purpose == "fetch" or port.number not in own]
    return _unique([replace(port, name=f"{_SIDECAR}{port.name}") for port in reached])


def port_fields(numbers: Iterable[Port]) -> list[dict[str, Any]]:
    """The field `ports` of a container."""
    return [{"name": port.name, "containerPort": port.number, "protocol": port.transport} for port in numbers]


def with_host_ports(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The field `ports` of a container whose OTLP ports are open on the node, at the usual numbers."""
    return [{**field, "hostPort": _USUAL[field["name"]]} if field["name"] in _USUAL else field for field in fields]


def host_ports(numbers: Iterable[Port]) -> list[dict[str, Any]]:
    """The same in an OpenTelemetryCollector, whose `spec.ports` are those of its Service, too."""
    return [
        {"name": port.name, "port": port.number, "hostPort": _USUAL[port.name], "protocol": port.transport}
        | ({"appProtocol": port.application} if port.application else {})
        for port in numbers
        if port.name in _USUAL
    ]


def _port(listener: Listener, name: str) -> Port | None:
    """The port of a listener; None where nobody else reaches it, or it cannot be read."""
    bound = listener.address
    if bound.port is None or bound.host in ("loopback", "other"):
        return None
    return Port(name, bound.port, "receive", listener.transport, listener.application)


def _words(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(filter(None, parts)).lower()).strip("-")


def _unique(found: Iterable[Port | None]) -> tuple[Port, ...]:
    """The ports, each once, with names that Kubernetes accepts."""
    by_number: dict[tuple[str, int], Port] = {}
    for port in found:
        if port is not None:
            by_number.setdefault((port.transport, port.number), port)
    names: set[str] = set()
    result = []
    for port in by_number.values():
        name = port.name
        if len(name) > _LONGEST or name in names or not re.search("[a-z]", name):
            prefix = _SIDECAR if name.startswith(_SIDECAR) else ""
            name = f"{prefix}{port.transport.lower()}-{port.number}"
        names.add(name)
        result.append(replace(port, name=name))
    return tuple(result)
