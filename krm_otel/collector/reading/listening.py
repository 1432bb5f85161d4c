"""Where a collector listens: facts that probes, ports, policies and endpoints follow.

Sources: collector v0.158, `receiver/otlpreceiver`, `service/telemetry/otelconftelemetry`; contrib's
`internal/healthcheck` (fields of both generations) and `exporter/prometheusexporter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.reading.address import address, joined
from krm_otel.collector.reading.receivers import Listener, receiver_listeners
from krm_otel.collector.reading.structure import active_extensions, mapping, member, type_of, used
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import Step
from krm_otel.otlp import Protocol

OTLP: Final = "otlp"
HEALTH_TYPES: Final = ("health_check", "healthcheckv2", "health_check_v2")
_HEALTH_PORT: Final = 13133
_METRICS_PORT: Final = 8888
_EXTENSIONS: Final = {
    "zpages": (("endpoint",), 55679),
    "pprof": (("endpoint",), 1777),
    "http_forwarder": (("ingress", "endpoint"), 6060),
}
"""Further extensions that listen: where, and their default port."""


@dataclass(frozen=True, slots=True)
class Health:
    """What probes ask.

    Args:
        listener: where it listens.
        path: of the URL.
        tls: whether it speaks HTTPS.
        refuses: the field by which it refuses the kubelet, which has no credentials; empty: it does not.
        unsupported: a field that the type does not have unless a feature gate is on; empty: none.
    """

    listener: Listener
    path: str = "/"
    tls: bool = False
    refuses: str = ""
    unsupported: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """Everything that a collector listens on.

    Args:
        otlp: protocol → where the receiver listens that SDKs send to.
        main: the id of that receiver; empty: no pipeline has one.
        health: None: no health check is on.
        own_metrics: where a Prometheus fetches the collector's own metrics; None: nowhere.
        scraped: where it fetches those that the collector received: exporters of type `prometheus`.
        receivers: further addresses of receivers.
        extensions: addresses of further extensions, for people.
    """

    otlp: dict[Protocol, Listener]
    main: str
    health: Health | None
    own_metrics: Listener | None
    scraped: tuple[Listener, ...]
    receivers: tuple[Listener, ...]
    extensions: tuple[Listener, ...]

    @property
    def all(self) -> tuple[Listener, ...]:
        """Every address."""
        single = [self.health.listener if self.health else None, self.own_metrics]
        return (
            *self.otlp.values(),
            *(listener for listener in single if listener is not None),
            *self.scraped,
            *self.receivers,
            *self.extensions,
        )


def listening(config: Mapping[str, Any]) -> Listening:
    """Where a collector with this config listens. A component that nothing uses is not started."""
    otlp: dict[Protocol, Listener] = {}
    further: list[Listener] = []
    components = used(config, "receivers")
    of_otlp = [name for name in components if type_of(name) == OTLP and name in mapping(config.get("receivers"))]
    main = OTLP if OTLP in of_otlp else of_otlp[0] if of_otlp else ""
    defined = mapping(config.get("receivers"))
    for component in components:
        if component not in defined:  # a connector
            continue
        found = receiver_listeners(component, member(config, "receivers", component))
        if component != main:
            further += found
            continue
        for listener in found:
            otlp["grpc" if listener.part == "grpc" else "http"] = listener
    return Listening(
        otlp,
        main,
        _health(config),
        _own_metrics(config),
        tuple(_scraped(config)),
        tuple(further),
        tuple(_extensions(config)),
    )


def _health(config: Mapping[str, Any]) -> Health | None:
    defined = mapping(config.get("extensions"))
    active = [name for name in active_extensions(config) if name in defined]
    component = next((name for name in active if type_of(name) in HEALTH_TYPES), None)
    if component is None:
        return None
    body = mapping(defined[component])
    gated = ("use_v2", "http", "grpc") if type_of(component) == "health_check" else ()
    unsupported = next((key for key in gated if body.get(key)), "")
    steps: tuple[Step, ...] = ("extensions", component)
    path: Any = body.get("path", "/")
    if body.get("use_v2") is True:
        body, steps = mapping(body.get("http")), (*steps, "http")
        path = member(body, "status", "path") or "/status"
    listener = Listener(
        component, (*steps, "endpoint"), address(body.get("endpoint", f"localhost:{_HEALTH_PORT}")), part="health"
    )
    tls = body.get("tls")
    refuses = "auth" if body.get("auth") else "tls.client_ca_file" if member(tls, "client_ca_file") else ""
    return Health(listener, str(path), tls is not None, refuses, unsupported)


def _own_metrics(config: Mapping[str, Any]) -> Listener | None:
    """The first reader that a Prometheus can ask."""
    metrics = mapping(member(config, "service", "telemetry", "metrics"))
    readers = metrics.get("readers")
    if metrics.get("level") == "none":
        return None
    if readers is None:
        steps: tuple[Step, ...] = ("service", "telemetry", "metrics", "readers")
        return Listener("metrics", steps, joined("localhost", _METRICS_PORT), application="http")
    if not isinstance(readers, list | tuple):
        return None
    for index, reader in enumerate(readers):
        exporter = member(reader, "pull", "exporter", "prometheus")
        if isinstance(exporter, Mapping):
            steps = ("service", "telemetry", "metrics", "readers", index, "pull", "exporter", "prometheus", "port")
            # The collector puts an IPv6 address in brackets itself.
            host = str(exporter.get("host", "")).strip("[]")
            bracketed = f"[{host}]" if ":" in host and "${" not in host else host
            return Listener("metrics", steps, joined(bracketed, exporter.get("port")), application="http")
    return None


def _scraped(config: Mapping[str, Any]) -> list[Listener]:
    """The exporters that listen."""
    return [
        Listener(
            component,
            ("exporters", component, "endpoint"),
            address(member(config, "exporters", component, "endpoint")),
            application="http",
        )
        for component in used(config, "exporters")
        if type_of(component) == "prometheus" and component in mapping(config.get("exporters"))
    ]


def _extensions(config: Mapping[str, Any]) -> list[Listener]:
    found = []
    for component in active_extensions(config):
        if (socket := _EXTENSIONS.get(type_of(component))) is not None:
            path, port = socket
            text = member(config, "extensions", component, *path) or f"localhost:{port}"
            found.append(Listener(component, ("extensions", component, *path), address(text)))
    return found
