"""Where a managed collector sends each signal: endpoints and names of backends → targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve.endpoints import (
    headers_of,
    no_endpoint,
    path_result,
    protocol_of,
    signal_path_results,
    tls_of,
)
from krm_otel.config.resolve.request import Request
from krm_otel.config.schema.otel_config import Backend, Files
from krm_otel.config.settings import Deltas, Endpoint, Target
from krm_otel.config.settings.backend_types import (
    BACKENDS,
    BackendKind,
    ExporterKind,
    can_be_assumed,
    makes_series,
    takes_no_deltas,
)
from krm_otel.config.types.endpoint import host_variable, is_endpoint, is_node_address, is_service_address
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.otlp import Protocol, url_parts, with_port

DELTAS_TO_CUMULATIVE: Final = ("deltatocumulative", "delta_to_cumulative")
"""The types of the processor that makes deltas cumulative."""
TargetResults = tuple[Sourced[Target] | None, list[Result]]
"""A target, None where it is faulty; and the results."""


def targets(request: Request) -> tuple[dict[str, list[Sourced[Target]]], list[Result]]:
    """The targets of the signals that are on; a signal without an exporter goes to `debug`."""
    by_signal: dict[str, list[Sourced[Target]]] = {}
    results: list[Result] = []
    for signal in request.signals:
        if signal not in request.exporters:
            by_signal[signal] = [Sourced(Target("debug", "debug"))]
            continue
        by_signal[signal] = []
        for exporter in request.exporters[signal]:
            target, reported = _target(signal, exporter, request)
            results += reported
            by_signal[signal] += [target] if target else []
    return by_signal, results


def check_missing(request: Request, expected: Sequence[str]) -> Iterator[Result]:
    """A warning for signals without an exporter, if they are among the `expected` ones."""
    missing = [signal for signal in request.signals if signal in expected and signal not in request.exporters]
    if not missing:
        return
    only = f"{listed(missing, 'and')} only go to the collector's own log (debug)"
    choices = "an endpoint such as http://tempo.observability.svc:4317, the name of a backend, or debug to keep this"
    if request.block.kind == "ClassRuntime" and request.block.path_of(("telemetry",)) == "spec.telemetry":
        # Upstream's block has no field for it, and a `spec.observability` would replace the block.
        where = request.block.location(("telemetry", missing[0]))
        fix = f"write spec.collector.exporters in the OTelConfig: for each signal {choices}"
        yield rules.EXPORTER_MISSING.at(where, f"is on, but {only}", fix=fix)
    else:
        where = request.block.location(("collector", "exporters", missing[0]))
        yield rules.EXPORTER_MISSING.at(where, f"is missing, so {only}", fix=f"write {choices}")


def _target(signal: str, exporter: Sourced[str], request: Request) -> TargetResults:
    """The target of one exporter: an endpoint, the name of a backend, or that of a type."""
    name = exporter.value
    if is_endpoint(name):
        return _endpoint_target(signal, exporter, request)
    declared = request.config.backends.get(name)
    type_name = declared.type if declared else name
    kind = BACKENDS.get(type_name)
    if kind is None or (declared is None and not can_be_assumed(name)):
        return None, []  # check_exporters reports it
    if signal not in kind.signals:
        what = f"the backend {name} of type {type_name}" if declared else name
        fitting = [other for other, facts in BACKENDS.items() if signal in facts.signals and facts.kind != "debug"]
        text = f"names {what}, which takes no {signal}"
        fix = f"write another one, of type {listed(fitting)}"
        return None, [exporter.report(rules.BACKEND_SIGNAL, text, fix=fix)]
    if not kind.connects:
        unused = list(_check_unused_endpoint(name, declared, request))
        files = declared.file if declared and declared.file else Files()
        return exporter.with_value(Target(kind.kind or "debug", name, series=kind.series, files=files)), unused
    results: list[Result] = []
    if declared is None or declared.endpoint is None:
        if not kind.address:
            return None, [no_endpoint(exporter)]
        results.append(_assumed(exporter, type_name, kind, declared))
        url = exporter.with_value(kind.address)
    else:
        url = Sourced(declared.endpoint, request.config_source, ("backends", name, "endpoint"))
        results += _check_tls(name, declared, request)
    target, reported = _backend_target(exporter, kind, url, declared, request)
    return target, [*results, *reported]


def _endpoint_target(signal: str, exporter: Sourced[str], request: Request) -> TargetResults:
    """An endpoint without a backend. The exporter uses one with a path as it is; one without a path is an OTLP base."""
    protocol, results = protocol_of(exporter, request, from_collector=True)
    if fault := path_result(exporter, protocol, is_base=False):
        return None, [*results, fault]
    results += check_variable(exporter, request)
    if protocol == "http":
        results += signal_path_results(signal, exporter)
    url = with_port(exporter.value, protocol)
    verbatim = bool(url_parts(url).path)
    series = signal == "metrics" and makes_series(url)
    target = Target(_otlp_exporter(protocol), "", url, verbatim, series=series)
    return exporter.with_value(target), results


def _check_unused_endpoint(name: str, declared: Backend | None, request: Request) -> Iterator[Result]:
    if declared and declared.endpoint:
        steps = ("backends", name, "endpoint")
        text = f"is not used, since nothing connects to a backend of type {declared.type}"
        where = request.config_source.location(steps)
        yield rules.BACKEND_ENDPOINT_UNUSED.at(where, text, fix="leave it out", current=".".join(steps))


def _check_tls(name: str, declared: Backend, request: Request) -> Iterator[Result]:
    if declared.tls is not None and declared.endpoint and declared.endpoint.startswith("http://"):
        better = "https://" + declared.endpoint.removeprefix("http://")
        where = request.config_source.location(("backends", name, "tls"))
        text = f"has no effect, since the endpoint is {declared.endpoint}"
        yield rules.TLS_WITHOUT_HTTPS.at(where, text, fix=f"write {better}")


def _assumed(exporter: Sourced[str], type_name: str, kind: BackendKind, declared: Backend | None) -> Result:
    """A warning for a backend without an address: it gets the usual one of its type."""
    why = "has no endpoint" if declared else "no OTelConfig declares"
    text = f"names {exporter.value}, which {why}, so {kind.address} is assumed, the usual address of {type_name}"
    fix = f"write backends.{exporter.value}.endpoint in the OTelConfig"
    return exporter.report(rules.BACKEND_ASSUMED, text, fix=fix)


def _backend_target(
    exporter: Sourced[str], kind: BackendKind, url: Sourced[str], declared: Backend | None, request: Request
) -> TargetResults:
    exporter_kind = kind.kind
    results: list[Result] = []
    if exporter_kind is None:
        protocol, results = protocol_of(url, request, from_collector=True)
        exporter_kind = _otlp_exporter(protocol)
    if exporter_kind != "prometheus_remote_write":
        spoken: Protocol = "grpc" if exporter_kind == "otlp_grpc" else "http"
        if fault := path_result(url, spoken, is_base=True):
            return None, [*results, fault]
    results += check_variable(url, request)
    complete = url.value if url_parts(url.value).path else url.value + kind.path
    if exporter_kind == "otlp_grpc":
        complete = with_port(complete, "grpc")
    headers = headers_of(declared.headers) if declared else ()
    tls = tls_of(declared.tls if declared else None)
    target = Target(exporter_kind, exporter.value, complete, False, headers, tls, kind.series)
    return exporter.with_value(target), results


def check_variable(url: Sourced[str], request: Request) -> Iterator[Result]:
    """An error for a host that is a variable which the collector does not have."""
    name = host_variable(url.value)
    if not name or is_node_address(name) or is_service_address(name):
        return
    if name not in request.layers.get("collector", "env").value:
        text = f"is {url.value}, and the collector has no variable {name}"
        severity: Severity | None = None
        if request.layers.get("collector", "env_from").value:
            text, severity = f"{text}, unless it comes by env_from", "warning"
        fix = f"write $(HOST_IP) for the address of the node, or collector.env.{name}"
        yield url.report(rules.ENDPOINT_VARIABLE, text, fix=fix, severity=severity)


def _otlp_exporter(protocol: Protocol) -> ExporterKind:
    return "otlp_grpc" if protocol == "grpc" else "otlp_http"


def deltas(request: Request, direct: Mapping[str, Sourced[Endpoint]], general: Sourced[Endpoint] | None) -> Deltas:
    """What becomes of metrics that SDKs send as deltas.

    Sources (run with Prometheus v0.316.0, VictoriaMetrics v1.121.0 and collector v0.158.0): these databases and
    `prometheusremotewriteexporter` take cumulative ones only; `prometheusexporter` adds deltas up (`accumulator.go`).

    Args:
        direct, general: where SDKs send without a collector of krm-otel.
    """
    if not request.has_generated_collector:
        endpoint = direct.get("metrics") or general
        return "dropped" if endpoint and takes_no_deltas(endpoint.value.url) else "kept"
    written = request.layers.find("collector", "config")
    own: dict[str, Any] = written.value if written else {}
    if any(name in str(own) for name in DELTAS_TO_CUMULATIVE):
        return "kept"
    by_signal, _ = targets(request)
    reached = [target.value for target in by_signal.get("metrics", ())]
    kinds = {target.kind for target in reached} | _own_kinds(own)
    if "prometheus_remote_write" in kinds or any(
        target.series and target.kind != "prometheus" and (target.name or takes_no_deltas(target.url))
        for target in reached
    ):
        return "dropped"
    return "added up" if "prometheus" in kinds else "kept"


def _own_kinds(own: Mapping[str, Any]) -> set[str]:
    """The kinds of exporters that the user's part names in pipelines of metrics."""
    named = {
        str(name).partition("/")[0]
        for key, pipeline in _mapping(_mapping(own.get("service")).get("pipelines")).items()
        if str(key).partition("/")[0] == "metrics"
        if isinstance(names := _mapping(pipeline).get("exporters"), list | tuple)
        for name in names
    }
    return {"prometheus_remote_write" if name == "prometheusremotewrite" else name for name in named}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
