"""Where SDKs send to: the general endpoint, and endpoints of single signals where no collector is in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve import limits
from krm_otel.config.resolve.request import Request
from krm_otel.config.schema.credentials import CaSource, ClientCertificate, Headers, ReceiverTls, TlsBlock
from krm_otel.config.schema.otel_config import Backend
from krm_otel.config.settings import Endpoint, FileSource, Header, ServerTls, Tls
from krm_otel.config.settings.backend_types import BACKENDS, can_be_assumed
from krm_otel.config.sources.layers import Layers
from krm_otel.config.types.endpoint import endpoint_of_signal, is_endpoint, path_finding, signal_endpoint
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.suggestion import listed, nearest
from krm_otel.otlp import PORTS, Protocol, port_protocol, url_parts, with_port

DIRECT: Final[dict[str, frozenset[str]]] = {
    "otlp": frozenset(("traces", "metrics", "logs")),
    "jaeger": frozenset(("traces",)),
    "tempo": frozenset(("traces",)),
}
"""Types of backends that take OTLP on the endpoint as it is given, with the signals that they store."""
_EXAMPLE: Final = "http://collector:4317"


def tls_of(block: TlsBlock | None) -> Tls:
    """The certificates that a block names."""
    if block is None:
        return Tls()
    return _tls(block.ca, block.client, block.server_name or "")


def _tls(ca: CaSource | None, client: ClientCertificate | None, server_name: str = "") -> Tls:
    certificate = key = None
    if client is not None:
        certificate = FileSource("Secret", client.secret, client.certificate)
        key = FileSource("Secret", client.secret, client.key)
    return Tls(_ca(ca), certificate, key, server_name)


def _ca(source: CaSource | None) -> FileSource | None:
    if source is None:
        return None
    if source.secret:
        return FileSource("Secret", source.secret, source.key)
    return FileSource("ConfigMap", source.config_map or "", source.key)


def server_tls(layers: Layers) -> ServerTls | None:
    """The certificates of the receivers of managed collectors in pods of their own, and of those that send to them."""
    block: ReceiverTls | None = layers.get("collector", "receiver_tls").value
    if block is None:
        return None
    client_ca = _ca(block.client_ca) or (_ca(block.ca) if block.client else None)
    certificate, key = (FileSource("Secret", block.secret, key) for key in (block.certificate, block.key))
    return ServerTls(certificate, key, client_ca, _tls(block.ca, block.client))


def headers_of(block: Headers) -> tuple[Header, ...]:
    """The headers that a block names, in its order."""
    return tuple(
        Header(name, header.secret or "", header.key or "", header.value or "") for name, header in block.items()
    )


def check_exporters(request: Request) -> Iterator[Result]:
    """Errors for exporters that name no backend, or exceed the limits."""
    for exporters in request.exporters.values():
        for exporter in exporters:
            if is_endpoint(exporter.value):
                protocol, _ = protocol_of(exporter, request, from_collector=request.has_generated_collector)
                yield from limits.check_endpoint(exporter, request, protocol)
            elif _is_known(exporter.value, request):
                yield from limits.check_backend(exporter, request)
            else:
                yield _unknown_backend(exporter, request)


def _is_known(name: str, request: Request) -> bool:
    """Whether a backend is declared. A collector of krm-otel knows the usual addresses of some types, too."""
    return name in request.config.backends or (request.has_generated_collector and can_be_assumed(name))


def _unknown_backend(exporter: Sourced[str], request: Request) -> Result:
    name, managed, backends = exporter.value, request.has_generated_collector, request.config.backends
    if not managed and name in BACKENDS and name not in DIRECT:
        text = f"names {name}, which SDKs cannot send to without a managed collector"
        fix = f"write an OTLP endpoint such as {_EXAMPLE}, or leave it out where there is a collector.endpoint"
        return exporter.report(rules.BACKEND_NOT_DIRECT, text, fix=fix)
    meant = nearest(name, [*backends, *(filter(can_be_assumed, BACKENDS) if managed else ())])
    if meant:
        fix = f"write {meant}"
    elif backends:
        fix = f"write {listed(backends)}, or an endpoint such as {_EXAMPLE}"
    else:
        fix = f"declare backends.{name} in the OTelConfig, or write an endpoint such as {_EXAMPLE}"
    text = f"names the backend {name}, which no OTelConfig declares"
    return exporter.report(rules.BACKEND_UNKNOWN, text, fix=fix, proposed=meant)


def general_endpoint(request: Request) -> tuple[Sourced[Endpoint] | None, list[Result]]:
    """The endpoint for everything; None where there is none, or where it is faulty."""
    url = request.endpoint
    if url is None:
        return None, []
    protocol, assumed = protocol_of(url, request)
    results = [*limits.check_endpoint(url, request, protocol), *assumed]
    if fault := path_result(url, protocol, is_base=True):
        return None, [*results, fault]
    collector = request.config.collector
    endpoint = Endpoint(with_port(url.value, protocol), protocol, headers_of(collector.headers), tls_of(collector.tls))
    return url.with_value(endpoint), results


def direct_endpoints(request: Request) -> tuple[dict[str, Sourced[Endpoint]], list[Result]]:
    """Signal → its own endpoint, where SDKs send to exporters themselves: no collector of krm-otel is in between."""
    endpoints: dict[str, Sourced[Endpoint]] = {}
    results: list[Result] = []
    if request.has_generated_collector:
        return {}, []
    for signal in request.signals:
        exporters = request.exporters.get(signal, [])
        if len(exporters) > 1:
            names = exporters[0].with_value(tuple(exporter.value for exporter in exporters))
            text = "names several exporters, and an SDK sends to one"
            results.append(
                names.report(rules.EXPORTERS_SEVERAL, text, fix="write one of them, or use a managed collector")
            )
        elif exporters:
            endpoint, reported = _direct_endpoint(signal, exporters[0], request)
            results += reported
            if endpoint:
                endpoints[signal] = exporters[0].with_value(endpoint)
    return endpoints, results


def _direct_endpoint(signal: str, exporter: Sourced[str], request: Request) -> tuple[Endpoint | None, list[Result]]:
    if is_endpoint(exporter.value):
        return _signal_endpoint(signal, exporter, request, None)
    backend = request.config.backends.get(exporter.value)
    if backend is None:
        return None, []  # check_exporters reports it
    text = f"names the backend {exporter.value}"
    if backend.type not in DIRECT:
        text += f" of type {backend.type}, which SDKs cannot send to without a collector"
        fix = "write an OTLP endpoint, or a backend of type otlp"
        return None, [exporter.report(rules.BACKEND_NOT_DIRECT, text, fix=fix)]
    if signal not in DIRECT[backend.type]:
        text += f" of type {backend.type}, which takes no {signal}"
        return None, [exporter.report(rules.BACKEND_SIGNAL, text, fix="write another one")]
    if backend.endpoint is None:
        return None, [no_endpoint(exporter)]
    url = Sourced(backend.endpoint, request.config_source, ("backends", exporter.value, "endpoint"))
    return _signal_endpoint(signal, url, request, backend)


def no_endpoint(exporter: Sourced[str]) -> Result:
    """An error for a backend that has no address."""
    text = f"names the backend {exporter.value}, which has no endpoint"
    fix = f"write backends.{exporter.value}.endpoint in the OTelConfig"
    return exporter.report(rules.BACKEND_ENDPOINT, text, fix=fix)


def _signal_endpoint(
    signal: str, url: Sourced[str], request: Request, backend: Backend | None
) -> tuple[Endpoint | None, list[Result]]:
    is_base = backend is not None
    protocol, results = protocol_of(url, request)
    if fault := path_result(url, protocol, is_base=is_base):
        return None, [*results, fault]
    if not is_base and protocol == "http":
        results += signal_path_results(signal, url)
    target = with_port(signal_endpoint(url.value, signal, protocol, is_base), protocol)
    if backend is None:
        return Endpoint(target, protocol), results
    return Endpoint(target, protocol, headers_of(backend.headers), tls_of(backend.tls)), results


def signal_path_results(signal: str, url: Sourced[str]) -> Iterator[Result]:
    """A warning for the path of one signal's endpoint, which is used as it is, if it is not the one of OTLP."""
    proposed = endpoint_of_signal(url.value, signal)
    if url_parts(url.value).path and proposed != url.value:
        text = f"ends in no /v1/{signal}, and {signal} are sent to {url.value} as it is"
        yield url.report(rules.ENDPOINT_SIGNAL_PATH, text, fix=f"write {proposed}", proposed=proposed)


def path_result(url: Sourced[str], protocol: Protocol, *, is_base: bool) -> Result | None:
    """An error for a path that does not fit the protocol."""
    if finding := path_finding(url.value, protocol, is_base):
        return url.report(finding.rule, finding.text, fix=finding.fix, proposed=finding.proposed)
    return None


def protocol_of(url: Sourced[str], request: Request, *, from_collector: bool = False) -> tuple[Protocol, list[Result]]:
    """The protocol for an endpoint: its port decides, otherwise what is configured; reports where they disagree.

    `from_collector`: a collector sends there; SDKs may send to that collector with another protocol.
    """
    configured = request.protocol
    by_port = port_protocol(url.value)
    protocol = by_port or configured.value
    other: Protocol = "http" if protocol == "grpc" else "grpc"
    if by_port is None:
        parts = url_parts(url.value)
        text = f"has port {parts.port}, neither 4317 (grpc) nor 4318 (http)" if parts.port else "has no port"
        if parts.path and configured.is_default:
            # Only HTTP has paths, so an endpoint with one uses HTTP.
            protocol, other, text = "http", "grpc", text + ", but a path"
        fix = f"write telemetry.protocol: {other} if the endpoint uses {other}"
        used: str = protocol
        if (port := url_parts(with_port(url.value, protocol)).port) != parts.port:
            used, fix = f"grpc at port {port}", f"write the port if it is another one, or telemetry.protocol: {other}"
        return protocol, [url.report(rules.PROTOCOL_ASSUMED, f"{text}, so {used} is used", fix=fix)]
    if not from_collector and not configured.is_default and configured.value != protocol:
        text = f"is {configured.value}, but the port of {url.value} belongs to {protocol}, which is used"
        fix = f"write {protocol}, or an endpoint with port {PORTS[other]}"
        return protocol, [configured.report(rules.PROTOCOL_PORT, text, fix=fix, proposed=protocol)]
    return protocol, []


def check_unmanaged(request: Request) -> Iterator[Result]:
    """Errors for signals without a destination."""
    missing = [signal for signal in request.signals if signal not in request.exporters]
    if request.endpoint is None and missing:
        text = f"is missing, and mode external leaves {listed(missing, 'and')} without a destination"
        where = request.block.location(("collector", "endpoint"))
        fix = f"write an OTLP endpoint such as {_EXAMPLE}, or exporters"
        yield rules.ENDPOINT_MISSING.at(where, text, fix=fix, proposed=_EXAMPLE)
