"""Where a container's SDK sends to: endpoint and protocol as a pair, headers, certificates.

Source: OpenTelemetry specification, `protocol/exporter.md`. The general endpoint is a base URL to which HTTP
exporters add `/v1/<signal>`; an endpoint of one signal is used as it is. Without a protocol SDKs differ, so the two
always go together: 4317 with grpc, 4318 with http/protobuf.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from krm_otel import names
from krm_otel.config.settings import Endpoint, FileSource, Origin, Settings, Source, Sourced
from krm_otel.config.types.endpoint import redact
from krm_otel.diagnostics.field_path import field_path
from krm_otel.inject.sdk.attributes import reference
from krm_otel.inject.sdk.builder import Wanted
from krm_otel.inject.sdk.environment import Setting
from krm_otel.otlp import PORTS, PROTOCOLS, SIGNALS, Protocol, exporter_variable, port_protocol, signal_variable
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import lookup, text_of

MOUNT_ROOT: Final = "/etc/oaas-otel"
_PORT: Final = re.compile(r"(?<=[^:]):[0-9]+\Z")
_PROXIES: Final = ("grpc_proxy", "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


class Volumes:
    """The volumes of one pod that certificates are mounted from, one for each Secret or ConfigMap."""

    def __init__(self, taken: Iterable[str]):
        self._taken = set(taken)
        self._volumes: dict[tuple[str, str], tuple[str, set[str]]] = {}

    def mount(self, source: FileSource, wanted: Wanted) -> str:
        """Mounts a key of a Secret or ConfigMap into a container; returns the path of the file."""
        name, keys = self._volumes.get((source.kind, source.name), ("", set()))
        if not name:
            number = len(self._volumes) + 1
            name = "oaas-otel-tls" if number == 1 else f"oaas-otel-tls-{number}"
            while name in self._taken:
                number += 1
                name = f"oaas-otel-tls-{number}"
            self._taken.add(name)
            self._volumes[source.kind, source.name] = name, keys
        keys.add(source.key)
        folder = f"{MOUNT_ROOT}/{name.removeprefix('oaas-otel-')}"
        # `readOnly` is written out: Knative's webhook fills it in, which Argo CD would show as drift.
        mount = {"name": name, "mountPath": folder, "readOnly": True}
        if mount not in wanted.mounts:
            wanted.mounts.append(mount)
        return f"{folder}/{source.key}"

    def all(self) -> tuple[dict[str, Any], ...]:
        """The pod's volumes, as plain data."""
        volumes = []
        for (kind, source), (name, keys) in self._volumes.items():
            items = [{"key": key, "path": key} for key in sorted(keys)]
            if kind == "Secret":
                volumes.append({"name": name, "secret": {"secretName": source, "items": items}})
            else:
                volumes.append({"name": name, "configMap": {"name": source, "items": items}})
        return tuple(volumes)


def want_exporters(wanted: Wanted, settings: Settings, asked: Protocol | None, volumes: Volumes) -> None:
    """Exporters, endpoints, protocols, headers and certificates for one container.

    `asked` is what the workload's `oaas.io/otel-protocol` wants.
    """
    # For the user's own endpoint on a port that tells nothing.
    said = settings.protocol if asked is None else Sourced(asked, Source("annotation", path=names.A_PROTOCOL))
    elsewhere = {
        signal
        for signal in SIGNALS
        if signal in settings.exporters or wanted.present.get(signal_variable(names.E_ENDPOINT, signal))
    }
    if settings.any_signal and settings.endpoint is not None:
        # Headers for all signals would also reach an endpoint that one signal has for itself: secrets stay with theirs.
        here = [signal for signal in SIGNALS if settings.signal(signal).value and signal not in elsewhere]
        scopes: list[str | None] = [*here] if elsewhere else [None]
        _want_endpoint(wanted, settings.endpoint, said, asked, None, scopes, volumes)
    for signal in SIGNALS:
        switch = settings.signal(signal)
        own = settings.exporters.get(signal)
        if switch.value and own is not None and wanted.present.get(names.E_ENDPOINT) is None:
            _want_endpoint(wanted, own, said, asked, signal, [signal], volumes)
        elif switch.value:
            # A general endpoint of the user's rules all signals: one of ours for a single signal would overrule it.
            wanted.keeps(names.E_ENDPOINT)
            _follow_own_endpoint(wanted, signal, said)
        wanted.set(exporter_variable(signal), "otlp" if switch.value else "none", switch.origin)


def _want_endpoint(
    wanted: Wanted,
    endpoint: Sourced[Endpoint],
    default: Sourced[Protocol],
    asked: Protocol | None,
    signal: str | None,
    scopes: Sequence[str | None],
    volumes: Volumes,
) -> None:
    """The pair for one signal, or for all (None); headers and certificates for each of `scopes`."""
    url_name, protocol_name = _variable(names.E_ENDPOINT, signal), _variable(names.E_PROTOCOL, signal)
    own_protocol = wanted.present.get(protocol_name)
    own_url = wanted.present.get(url_name)
    if own_url is not None:
        wanted.keeps(url_name)
        if own_protocol is None:
            _follow(wanted, own_url, protocol_name, default)
            return
        wanted.keeps(protocol_name)
        _check_pair(wanted, own_url.value, own_protocol.value, own_protocol.path)
        return
    target = endpoint.value
    # The half that the user set leads; the workload's annotation next.
    leader = own_protocol or wanted.present.get(names.E_PROTOCOL)
    led = _spoken(leader.value) if leader else asked
    url, protocol = _speaking(target, led, signal)
    if led is not None and led != target.protocol:
        said = f"{leader.name} is {leader.value}" if leader else f"{names.A_PROTOCOL} is {led}"
        what = f"endpoint is {url}, not {target.url}"
        if url == target.url:
            what = f"protocol is {PROTOCOLS[protocol]}, not {PROTOCOLS[target.protocol]}"
        message = f"the {what}, because {said}"
        wanted.say("endpoint-follows-protocol", "info", message, field_path(*wanted.container.path))
    wanted.set(url_name, url, endpoint.origin)
    wanted.set(protocol_name, PROTOCOLS[protocol], endpoint.origin)
    for scope in scopes:
        _want_headers(wanted, target, endpoint.origin, scope)
        _want_certificates(wanted, target, endpoint.origin, scope, volumes)
    _check_proxy(wanted, url)


def _variable(name: str, signal: str | None) -> str:
    return signal_variable(name, signal) if signal else name


def _spoken(value: str | None) -> Protocol | None:
    """`grpc`, `http/protobuf`, `http/json` → ours; None where it cannot be told."""
    if value is None:
        return None
    return "grpc" if value == "grpc" else "http" if value.startswith("http/") else None


def _speaking(target: Endpoint, led: Protocol | None, signal: str | None) -> tuple[str, Protocol]:
    """The endpoint for a container that speaks `led`: the standard port changes sides, any other stays."""
    if led is None or led == target.protocol:
        return target.url, target.protocol
    parts = urlsplit(target.url)
    netloc = parts.netloc
    if parts.port == PORTS[target.protocol]:
        netloc = netloc.removesuffix(f":{parts.port}") + f":{PORTS[led]}"
    path = "" if led == "grpc" else parts.path or (f"/v1/{signal}" if signal else "")
    return urlunsplit((parts.scheme, netloc, path, "", "")), led


def _protocol_of(url: str, default: Protocol) -> Protocol:
    try:
        return port_protocol(url) or default
    except ValueError:
        return default


def _check_pair(wanted: Wanted, url: str | None, protocol: str | None, path: str) -> None:
    if url is None or protocol is None:
        return
    try:
        expected = port_protocol(url)
    except ValueError:
        return
    spoken = _spoken(protocol)
    if expected and spoken and expected != spoken:
        message = (
            f"the endpoint {redact(url)} and the protocol {protocol} do not fit: "
            f"port {PORTS[expected]} takes {PROTOCOLS[expected]}"
        )
        wanted.say("protocol-mismatch", "warning", message, path, protocol, PROTOCOLS[expected])


def _follow(wanted: Wanted, own: Setting, protocol_name: str, configured: Sourced[Protocol]) -> None:
    """The protocol for an endpoint that the user set without one: its port says it, else the configuration, else the
    specification's default, which is what the SDK used before we came."""
    if own.value is None:
        return
    assumed: Protocol = "http" if configured.origin.source == "default" else configured.value
    protocol = _protocol_of(own.value, assumed)
    if wanted.set(protocol_name, PROTOCOLS[protocol], configured.origin):
        message = f"{own.name} is set without a protocol, so {protocol_name} is {PROTOCOLS[protocol]}"
        wanted.say("protocol-follows-endpoint", "info", message, own.path)


def _follow_own_endpoint(wanted: Wanted, signal: str, configured: Sourced[Protocol]) -> None:
    """Where the user sends one signal elsewhere without saying how, our general protocol must not decide it."""
    url_name, protocol_name = _variable(names.E_ENDPOINT, signal), _variable(names.E_PROTOCOL, signal)
    own = wanted.present.get(url_name)
    if own is None or wanted.present.get(protocol_name) or wanted.present.get(names.E_PROTOCOL):
        return
    wanted.keeps(url_name)
    _follow(wanted, own, protocol_name, configured)


def _want_headers(wanted: Wanted, target: Endpoint, origin: Origin, signal: str | None) -> None:
    name = _variable(names.E_HEADERS, signal)
    if not target.headers or wanted.keeps(name):
        return
    pairs = []
    for header in target.headers:
        scope = f"{signal.upper()}_" if signal else ""
        helper = f"{names.HELPER_PREFIX}{scope}HEADER_" + re.sub(r"[^A-Z0-9]", "_", header.name.upper())
        key_ref = {"secretKeyRef": {"name": header.secret, "key": header.key}}
        # gRPC metadata has lower-case names only, and HTTP does not mind.
        pairs.append(f"{header.name.lower()}={reference(wanted.helper(helper, key_ref, origin))}")
    wanted.set(name, ",".join(pairs), origin)


def _want_certificates(wanted: Wanted, target: Endpoint, origin: Origin, signal: str | None, volumes: Volumes) -> None:
    files = (
        (names.E_CERTIFICATE, target.tls.ca),
        (names.E_CLIENT_CERTIFICATE, target.tls.client_certificate),
        (names.E_CLIENT_KEY, target.tls.client_key),
    )
    for variable, source in files:
        name = _variable(variable, signal)
        if source is not None and not wanted.keeps(name):
            wanted.set(name, volumes.mount(source, wanted), origin)


def _check_proxy(wanted: Wanted, url: str) -> None:
    host = urlsplit(url).hostname or ""
    proxy = next((name for name in _PROXIES if wanted.present.value(name)), None)
    if proxy is None or _is_loopback(host):
        return
    excluded = [wanted.present.value(name) for name in ("NO_PROXY", "no_proxy")]
    if any(wanted.present.get(name) and wanted.present.value(name) is None for name in ("NO_PROXY", "no_proxy")):
        return  # only the cluster knows it
    written = ",".join(value for value in excluded if value)
    if not any(_covers(entry.strip(), host) for entry in written.split(",")):
        setting = wanted.present.get(proxy)
        message = f"{proxy} is set and NO_PROXY does not name {host}: the SDK would send through the proxy"
        proposed = f"NO_PROXY={written},{host}" if written else f"NO_PROXY={host}"
        wanted.say("proxy-in-the-way", "warning", message, setting.path if setting else "", written or None, proposed)


def _covers(entry: str, host: str) -> bool:
    entry = _PORT.sub("", entry)
    suffix = "." + entry.lstrip("*.")
    if entry in ("*", host) or (entry.strip("*.") and host.endswith(suffix)):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def names_of_volumes(pod: Any) -> list[str]:
    """The names of the volumes that a pod has, and the last parts of what is mounted below our folder."""
    volumes = lookup(pod, "volumes")
    return [text_of(lookup(v, "name")) or "" for v in (volumes.items if isinstance(volumes, SequenceNode) else ())]
