"""Endpoints that the user's own manifest gives a container: they stay, with a warning where nothing would arrive.

Sources: OpenTelemetry specification, `protocol/exporter.md` (SDKs append `/v1/<signal>` to the general HTTP endpoint,
and use that of one signal as it is); Kubernetes API reference, `EnvVar` and `EnvFromSource` (what the kubelet expands).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel import names
from krm_otel.config.settings import Settings
from krm_otel.config.types.endpoint import (
    endpoint_of_signal,
    host_variable,
    is_node_address,
    is_service_address,
    is_valid,
    path_finding,
    redact,
)
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.inject.sdk.builder import ContainerBuilder
from krm_otel.inject.sdk.endpoint_protocol import protocol_named
from krm_otel.inject.sdk.environment import ExistingVariable
from krm_otel.otlp import SIGNALS, Protocol, exporter_variable, signal_variable, url_parts, with_port
from krm_otel.proxies import is_loopback
from krm_otel.regex import regex
from krm_otel.yamltext.query import items_of, lookup

_REFERENCE: Final = regex(r"\$\$|\$\(([^()]*)\)")


def check_own_endpoints(builder: ContainerBuilder) -> None:
    """Reports the user's endpoints of a container, once everything else is in its environment."""
    sent = [signal for signal in SIGNALS if builder.value_of(exporter_variable(signal)) == "otlp"]
    scopes: list[tuple[str, str]] = [("", names.E_ENDPOINT)] if sent else []
    scopes += [(signal, signal_variable(names.E_ENDPOINT, signal)) for signal in sent]
    for signal, name in scopes:
        variable = builder.existing.get(name)
        if variable is not None and variable.value:
            for result in _of(builder, variable, signal):
                builder.report(result)


def sends_elsewhere(builder: ContainerBuilder, settings: Settings) -> bool:
    """Whether the user's general endpoint has another host than the one of the class."""
    variable, target = builder.existing.get(names.E_ENDPOINT), settings.endpoint
    if variable is None or not variable.value or target is None:
        return False
    hosts = [_host(url) for url in (variable.value, target.value.url)]
    return hosts[0] != hosts[1] and not all(map(is_loopback, hosts))


def _host(url: str) -> str:
    try:
        return url_parts(url if "://" in url else f"http://{url}").hostname or ""
    except ValueError:
        return ""


def _of(builder: ContainerBuilder, variable: ExistingVariable, signal: str) -> Iterator[Result]:
    text = variable.value or ""
    yield from _references(builder, variable)
    url = text if "://" in text else f"http://{text}"
    protocol = _protocol(builder, signal)
    if protocol is None or not is_valid(url):
        return
    parts = url_parts(url)
    where, shown = builder.location(variable.path), redact(text)
    variables = _REFERENCE.search(parts.netloc)
    if (not variables or is_node_address(host_variable(url) or "")) and parts.scheme == "http":
        better = with_port(url, protocol)
        if better != url:
            said = f"{variable.name} is {shown}, and gRPC clients disagree about the port of an endpoint without one"
            yield rules.ENDPOINT_PORT.at(where, said, fix=f"write {better}", current=shown, proposed=better)
    if finding := path_finding(url.rstrip("/"), protocol, not signal):
        said = f"{variable.name} {finding.text}"
        yield finding.rule.at(
            where, said, fix=finding.fix, current=shown, proposed=finding.proposed, severity="warning"
        )
    if signal and protocol == "http" and (better := endpoint_of_signal(url, signal)) != url:
        said = f"{variable.name} ends in no /v1/{signal}, and {signal} are sent to {shown} as it is"
        yield rules.ENDPOINT_SIGNAL_PATH.at(where, said, fix=f"write {better}", current=shown, proposed=better)


def _protocol(builder: ContainerBuilder, signal: str) -> Protocol | None:
    own = builder.value_of(signal_variable(names.E_PROTOCOL, signal)) if signal else None
    return protocol_named(own or builder.value_of(names.E_PROTOCOL))


def _references(builder: ContainerBuilder, variable: ExistingVariable) -> Iterator[Result]:
    """Warnings for variables that the kubelet does not expand."""
    for name in filter(None, _REFERENCE.findall(variable.value or "")):
        found = builder.existing.get(name)
        if variable.index is None:
            why, fix = "nothing expands a variable in what comes by envFrom", f"set {variable.name} in env"
        elif found is not None and found.index is not None and found.index >= variable.index:
            why, fix = f"{name} stands behind it, where the kubelet does not see it", f"put {name} in front of it"
        elif found is None and not is_service_address(name) and not items_of(lookup(builder.container.node, "envFrom")):
            why, fix = f"the container {builder.container.name} has no variable {name}", f"add {name} in front of it"
        else:
            continue
        text = f"{variable.name} is {redact(variable.value or '')}, and {why}"
        yield rules.ENDPOINT_VARIABLE.at(builder.location(variable.path), text, fix=fix, severity="warning")
