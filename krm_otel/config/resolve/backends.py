"""Where a managed collector sends a signal: endpoints and names of backends → targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from krm_otel.config.provenance import Place
from krm_otel.config.resolve.endpoints import headers_of, protocol_for, tls_of
from krm_otel.config.schema.backends import BACKENDS, BackendKind, can_be_assumed, makes_series
from krm_otel.config.schema.otel_config import Backend, ConfigSpec, FileBlock
from krm_otel.config.settings.collector import ExporterKind, Files, Target
from krm_otel.config.sources.layers import Found, Say, pick
from krm_otel.config.types.endpoint import is_endpoint, path_fault
from krm_otel.diagnostics.suggestion import listed
from krm_otel.otlp import Protocol


def targets_of(
    signals: Sequence[str],
    exporters: Mapping[str, Sequence[Found[str]]],
    protocol: Found[Protocol],
    config: ConfigSpec,
    at: Place,
    home: Place,
    say: Say,
    quiet: Sequence[str] = (),
) -> dict[str, list[Found[Target]]]:
    """The targets of all signals that are on; those that nobody named an exporter for go to `debug`, with a warning
    but for the `quiet` ones."""
    targets: dict[str, list[Found[Target]]] = {}
    bare = [signal for signal in signals if signal not in exporters]
    for signal in signals:
        if signal in bare:
            targets[signal] = [pick((), Target("debug", "debug"), "collector", "exporters", signal)]
        else:
            made = [_target(signal, one, protocol, config, at, say) for one in exporters[signal]]
            targets[signal] = [one for one in made if one]
    if loud := [signal for signal in bare if signal not in quiet]:
        only = f"{listed(loud, 'and')} only go to the collector's own log (debug)"
        write = "an endpoint such as http://tempo.observability.svc:4317, the name of a backend, or debug to keep it so"
        if home.source == "ClassRuntime" and home.path(("telemetry",)) == "spec.telemetry":
            # Upstream's block, which has no word for it; a block of ours beside it would stand in its place.
            text = f"is on, but {only}; write spec.collector.exporters in the OTelConfig: for each signal {write}"
            say(home.result(("telemetry", loud[0]), "exporter-missing", "warning", text))
        else:
            say(
                home.result(
                    ("collector", "exporters", loud[0]),
                    "exporter-missing",
                    "warning",
                    f"is missing: {only}; write {write}",
                )
            )
    return targets


def _target(
    signal: str, exporter: Found[str], protocol: Found[Protocol], config: ConfigSpec, at: Place, say: Say
) -> Found[Target] | None:
    """What one exporter of a signal comes to; None where it is faulty.

    Args:
        exporter: an endpoint, the name of a backend of the OTelConfig, or of a type (`check_exporter` passed it).
        protocol: what an endpoint speaks whose port does not say it.
        at: where the OTelConfig's spec stands.
    """
    name = exporter.value
    if is_endpoint(name):
        return _endpoint(signal, exporter, protocol, say)
    declared = (config.backends or {}).get(name)
    kind_name = (declared.type or "otlp") if declared else name
    kind = BACKENDS.get(kind_name)
    if kind is None or (declared is None and not can_be_assumed(name)):
        return None  # said by check_exporter
    if signal not in kind.signals:
        what = f"the backend {name} of type {kind_name}" if declared else name
        fitting = [other for other, info in BACKENDS.items() if signal in info.signals and info.kind != "debug"]
        text = f"names {what}, which takes no {signal}: write another one, of type {listed(fitting)}"
        say(exporter.result("backend-signal", "error", text))
        return None
    if not kind.connects:
        if declared and declared.endpoint:
            where = f"backends.{name}.endpoint"
            text = f"is not used: a backend of type {kind_name} is not connected to; leave it out"
            say(at.result(("backends", name, "endpoint"), "backend-endpoint-unused", "warning", text, where))
        files = _files(declared.file) if declared and declared.file else Files()
        return exporter.having(Target(kind.kind or "debug", name, series=kind.series, files=files))
    if declared is None or declared.endpoint is None:
        return _assumed(exporter, kind_name, kind, declared, protocol, say)
    url = Found(declared.endpoint, at, ("backends", name, "endpoint"))
    if (declared.tls is not None) and declared.endpoint.startswith("http://"):
        better = "https://" + declared.endpoint.removeprefix("http://")
        text = f"has no effect, since the endpoint is {declared.endpoint}: write {better}"
        say(at.result(("backends", name, "tls"), "tls-without-https", "warning", text))
    return _backend(exporter, name, kind, url, declared, protocol, say)


def _endpoint(signal: str, exporter: Found[str], protocol: Found[Protocol], say: Say) -> Found[Target] | None:
    """An endpoint on the spot: with a path it is used as it is, without one it is an OTLP base."""
    spoken = protocol_for(exporter, protocol, say, managed=True)
    if wrong := path_fault(exporter.value, spoken, base=False):
        say(exporter.result(wrong.code, wrong.severity, wrong.text, wrong.proposed))
        return None
    verbatim = bool(urlsplit(exporter.value).path)
    series = signal == "metrics" and makes_series(exporter.value)
    return exporter.having(Target(_otlp(spoken), "", exporter.value, verbatim, series=series))


def _assumed(
    exporter: Found[str],
    kind_name: str,
    kind: BackendKind,
    declared: Backend | None,
    protocol: Found[Protocol],
    say: Say,
) -> Found[Target] | None:
    """A backend whose address nobody says: its type's usual one, and a warning that says which."""
    name = exporter.value
    where = f"backends.{name}.endpoint"
    if not kind.address:
        text = f"names the backend {name}, which has no endpoint: write {where} in the OTelConfig"
        say(exporter.result("backend-endpoint", "error", text))
        return None
    why = "has no endpoint" if declared else "no OTelConfig declares"
    text = (
        f"names {name}, which {why}: {kind.address} is assumed, the usual address of {kind_name}; "
        f"write {where} in the OTelConfig"
    )
    say(exporter.result("backend-assumed", "warning", text))
    return _backend(exporter, name, kind, exporter.having(kind.address), declared, protocol, say)


def _backend(
    exporter: Found[str],
    name: str,
    kind: BackendKind,
    url: Found[str],
    declared: Backend | None,
    protocol: Found[Protocol],
    say: Say,
) -> Found[Target] | None:
    exporter_kind = kind.kind
    path = urlsplit(url.value).path
    if exporter_kind is None:
        exporter_kind = _otlp(protocol_for(url, protocol, say, managed=True))
    if exporter_kind != "prometheus_remote_write":
        spoken: Protocol = "grpc" if exporter_kind == "otlp_grpc" else "http"
        if wrong := path_fault(url.value, spoken, base=True):
            say(url.result(wrong.code, wrong.severity, wrong.text, wrong.proposed))
            return None
    complete = url.value if path else url.value + kind.path
    headers, tls = (declared.headers, declared.tls) if declared else (None, None)
    target = Target(exporter_kind, name, complete, False, headers_of(headers), tls_of(tls), kind.series)
    return exporter.having(target)


def _files(block: FileBlock) -> Files:
    default = Files()
    return Files(
        block.claim or "",
        block.max_megabytes or default.max_megabytes,
        block.max_backups or default.max_backups,
    )


def _otlp(spoken: Protocol) -> ExporterKind:
    return "otlp_grpc" if spoken == "grpc" else "otlp_http"
