"""The OTLP exporter of a container's SDK: endpoint and protocol as a pair, headers, certificates.

Source: OpenTelemetry specification, `protocol/exporter.md`. The general endpoint is a base URL to which HTTP
exporters add `/v1/<signal>`; an endpoint of one signal is used as it is. Without a protocol SDKs differ, so the two
always go together: 4317 with grpc, 4318 with http/protobuf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from krm_otel import names, otlp
from krm_otel.config.settings import Endpoint, FileSource, Origin, Settings, Source, Sourced
from krm_otel.config.types.endpoint import host_variable, redact
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.inject.attributes import reference
from krm_otel.inject.sdk.builder import ContainerBuilder
from krm_otel.inject.sdk.endpoint_protocol import endpoint_for, protocol_named, written_port_protocol
from krm_otel.inject.sdk.environment import ExistingVariable
from krm_otel.inject.sdk.host_address import HostVariables
from krm_otel.inject.sdk.profile import destinations, report_unexpressed
from krm_otel.otlp import PORTS, PROTOCOLS, SIGNALS, Protocol, encode, exporter_variable, port_protocol, signal_variable
from krm_otel.proxies import NO_PROXY, PROXIES, bypasses_proxy, is_loopback, may_exempt_a_node
from krm_otel.workloads.sdk_profile import NamedProfile


class CertificateVolumes:
    """The volumes of one pod that certificates are mounted from, one for each Secret or ConfigMap.

    `taken` are the names of the pod's own volumes.
    """

    def __init__(self, taken: Iterable[str]):
        self._taken = set(taken)
        self._volumes: dict[tuple[str, str], tuple[str, set[str]]] = {}

    def add(self, source: FileSource) -> tuple[dict[str, Any], str]:
        """The volume mount for a key of a Secret or ConfigMap, as plain data, and the path of the file."""
        if (source.kind, source.name) not in self._volumes:
            number = len(self._volumes) + 1
            name = names.V_TLS if number == 1 else f"{names.V_TLS}-{number}"
            while name in self._taken:
                number += 1
                name = f"{names.V_TLS}-{number}"
            self._taken.add(name)
            self._volumes[source.kind, source.name] = name, set()
        name, keys = self._volumes[source.kind, source.name]
        keys.add(source.key)
        folder = names.mount_path(name)
        # `readOnly` is written out: Knative's webhook fills it in, which Argo CD would show as drift.
        return {"name": name, "mountPath": folder, "readOnly": True}, f"{folder}/{source.key}"

    def all(self) -> tuple[dict[str, Any], ...]:
        """The volumes to add to the pod, as plain data."""
        volumes = []
        for (kind, source), (name, keys) in self._volumes.items():
            items = [{"key": key, "path": key} for key in sorted(keys)]
            if kind == "Secret":
                volumes.append({"name": name, "secret": {"secretName": source, "items": items}})
            else:
                volumes.append({"name": name, "configMap": {"name": source, "items": items}})
        return tuple(volumes)


def add_exporters(
    builder: ContainerBuilder,
    settings: Settings,
    requested: Protocol | None,
    sdk: NamedProfile,
    volumes: CertificateVolumes,
    hosts: HostVariables,
) -> None:
    """Adds exporters, endpoints, protocols, headers and certificates to one container.

    `requested` is the protocol of the workload's annotation `oaas.io/otel-protocol`; `hosts`: what may be the host of
    an endpoint.
    """
    to = destinations(settings, sdk.profile)
    fallback = (
        settings.protocol if requested is None else Sourced(requested, Source("annotation", path=names.A_PROTOCOL))
    )
    exporter = _Exporter(builder, requested, fallback, sdk, volumes, hosts)
    exporter.check_requested()
    separate = {
        signal
        for signal in SIGNALS
        if signal in to.own or builder.existing.get(signal_variable(names.E_ENDPOINT, signal))
    }
    if settings.any_signal and to.general is not None:
        # Headers for all signals would also go to the endpoint of a single signal, which must not get these secrets.
        common = [signal for signal in SIGNALS if settings.signal(signal).value and signal not in separate]
        exporter.add(to.general, None, [*common] if separate else [None])
    for signal in SIGNALS:
        switch = settings.signal(signal)
        endpoint = to.own.get(signal)
        if switch.value and endpoint is not None and builder.existing.get(names.E_ENDPOINT) is None:
            exporter.add(endpoint, signal, [signal])
        elif switch.value:
            # The user's general endpoint is for all signals: an injected one for a single signal would override it.
            builder.keep(names.E_ENDPOINT)
            exporter.add_protocol_of_signal(signal)
        builder.set(exporter_variable(signal), "otlp" if switch.value else "none", switch.origin)
    if to.lost:
        lost, fix = listed(to.lost, "and"), "name one endpoint for all of them"
        text = f"reads only {names.E_ENDPOINT}, so {lost} are sent to the endpoint of another signal"
        report_unexpressed(builder, sdk, text, fix)


@dataclass(frozen=True, slots=True)
class _Exporter:
    """Adds the variables of exporters to one container.

    Args:
        requested: the protocol that the workload's annotation asks for.
        fallback: the protocol for a user's endpoint, where its port does not determine the protocol.
        sdk: what the container's SDK reads and understands.
        volumes: the pod's volumes of certificates.
        hosts: what may be the host of an endpoint.
    """

    builder: ContainerBuilder
    requested: Protocol | None
    fallback: Sourced[Protocol]
    sdk: NamedProfile
    volumes: CertificateVolumes
    hosts: HostVariables

    @property
    def only(self) -> Protocol | None:
        """The only protocol that the SDK speaks, where it is only one."""
        spoken = self.sdk.profile.protocols
        return spoken[0] if len(set(spoken)) == 1 else None

    def check_requested(self) -> None:
        """Reports an annotation that asks for a protocol that the SDK does not speak."""
        if self.only and self.requested not in (None, self.only):
            text = f"speaks {PROTOCOLS[self.only]} only, so {names.A_PROTOCOL}: {self.requested} has no effect"
            report_unexpressed(self.builder, self.sdk, text, "remove the annotation")

    def add(self, endpoint: Sourced[Endpoint], signal: str | None, scopes: Sequence[str | None]) -> None:
        """Adds endpoint and protocol of one signal or of all (None); headers and certificates for each of `scopes`."""
        builder, existing = self.builder, self.builder.existing
        url_name, protocol_name = _variable(names.E_ENDPOINT, signal), _variable(names.E_PROTOCOL, signal)
        existing_url, existing_protocol = existing.get(url_name), existing.get(protocol_name)
        if existing_url is not None:
            builder.keep(url_name)
            self._check_spoken(existing_url)
            if existing_protocol is None:
                self._follow_endpoint(existing_url, protocol_name)
            else:
                builder.keep(protocol_name)
                self._check_pair(existing_url.value, existing_protocol)
            return
        target = self.hosts.reachable(builder, endpoint.value)
        # A protocol that the user has set decides, then the workload's annotation.
        leader = existing_protocol or existing.get(names.E_PROTOCOL)
        protocol = self.only or (protocol_named(leader.value) if leader else self.requested)
        url, protocol = endpoint_for(target, protocol, signal)
        if self.only and not target.ports and port_protocol(target.url) != target.protocol != protocol:
            text = f"speaks {PROTOCOLS[protocol]} only, and {redact(target.url)} may take {PROTOCOLS[target.protocol]}"
            report_unexpressed(builder, self.sdk, text, f"name an endpoint for {PROTOCOLS[protocol]}")
        elif protocol != target.protocol:
            change = f"endpoint is {url}, not {target.url}"
            if url == target.url:
                change = f"protocol is {PROTOCOLS[protocol]}, not {PROTOCOLS[target.protocol]}"
            reason = f"{leader.name} is {leader.value}" if leader else f"{names.A_PROTOCOL} is {protocol}"
            if self.only:
                reason = f"{builder.container.name} has the SDK profile {self.sdk.name}"
            text = f"the {change}, because {reason}"
            builder.report(rules.ENDPOINT_FOLLOWS_PROTOCOL.at(builder.location(), text))
        if target.ports and protocol not in dict(target.ports):
            self._not_received(protocol, PROTOCOLS[target.protocol])
        url = self.hosts.defined(builder, url, endpoint.origin)
        builder.set(url_name, url, endpoint.origin)
        builder.set(protocol_name, PROTOCOLS[protocol], endpoint.origin)
        for scope in scopes:
            self._add_headers(target, endpoint.origin, scope)
            self._add_certificates(target, endpoint.origin, scope)
        self._check_proxy(url)

    def add_protocol_of_signal(self, signal: str) -> None:
        """Adds the protocol where the user sends one signal elsewhere without one: the general one is for another."""
        existing = self.builder.existing
        url_name, protocol_name = _variable(names.E_ENDPOINT, signal), _variable(names.E_PROTOCOL, signal)
        url = existing.get(url_name)
        if url is not None and not existing.get(protocol_name) and not existing.get(names.E_PROTOCOL):
            self.builder.keep(url_name)
            self._follow_endpoint(url, protocol_name)

    def _follow_endpoint(self, url: ExistingVariable, protocol_name: str) -> None:
        """Adds the protocol for an endpoint that the user has set without one.

        Its port determines the protocol; otherwise the configuration does; otherwise it is the specification's default,
        which the SDK used before the injection.
        """
        if url.value is None:
            return
        default: Protocol = "http" if self.fallback.origin.source == "default" else self.fallback.value
        protocol = PROTOCOLS[self.only or written_port_protocol(url.value) or default]
        if self.builder.set(protocol_name, protocol, self.fallback.origin):
            text = f"{url.name} is set without a protocol, so {protocol_name} is {protocol}"
            self.builder.report(rules.PROTOCOL_FOLLOWS_ENDPOINT.at(self.builder.location(url.path), text))

    def _check_spoken(self, url: ExistingVariable) -> None:
        """Reports a user's endpoint whose port takes a protocol that the SDK does not speak."""
        if self.only and written_port_protocol(url.value or "") not in (None, self.only):
            text = f"speaks {PROTOCOLS[self.only]} only, and nothing of it arrives at {redact(url.value or '')}"
            report_unexpressed(self.builder, self.sdk, text, f"write port {PORTS[self.only]}, or remove {url.name}")

    def _check_pair(self, url: str | None, protocol: ExistingVariable) -> None:
        expected, actual = written_port_protocol(url or ""), protocol_named(protocol.value)
        if expected and actual and expected != actual:
            fitting = PROTOCOLS[expected]
            text = (
                f"the endpoint {redact(url or '')} and the protocol {protocol.value} do not fit, "
                f"because port {PORTS[expected]} takes {fitting}"
            )
            where, fix = self.builder.location(protocol.path), f"write {fitting}"
            self.builder.report(
                rules.PROTOCOL_MISMATCH.at(where, text, fix=fix, current=protocol.value, proposed=fitting)
            )

    def _not_received(self, protocol: Protocol, other: str) -> None:
        text = f"the SDK speaks {PROTOCOLS[protocol]}, which the collector's merged config does not receive"
        fix = f"give receivers.otlp.protocols.{protocol} a port in collector.config, or have the SDK speak {other}"
        where = self.builder.location()
        self.builder.report(rules.PROTOCOL_MISMATCH.at(where, text, fix=fix, severity="error"))

    def _add_headers(self, target: Endpoint, origin: Origin, signal: str | None) -> None:
        name = _variable(names.E_HEADERS, signal)
        if not target.headers or self.builder.keep(name):
            return
        pairs = []
        sources: dict[str, tuple[str, str]] = {}
        for header in target.headers:
            if header.value:
                pairs.append(f"{header.name.lower()}={encode(header.value)}")
                continue
            scope = f"{signal.upper()}_" if signal else ""
            preferred = f"{names.HELPER_PREFIX}{scope}HEADER_" + re.sub(r"[^A-Z0-9]", "_", header.name.upper())
            helper, number, source = preferred, 1, (header.secret, header.key)
            while sources.setdefault(helper, source) != source:  # `X-Tenant` and `X_Tenant` are two headers
                number += 1
                helper = f"{preferred}_{number}"
            secret = {"secretKeyRef": {"name": header.secret, "key": header.key}}
            # gRPC metadata has lower-case names only, and HTTP does not mind.
            pairs.append(f"{header.name.lower()}={reference(self.builder.helper(helper, secret, origin))}")
        self.builder.set(name, ",".join(pairs), origin)

    def _add_certificates(self, target: Endpoint, origin: Origin, signal: str | None) -> None:
        files = (
            (names.E_CERTIFICATE, target.tls.ca),
            (names.E_CLIENT_CERTIFICATE, target.tls.client_certificate),
            (names.E_CLIENT_KEY, target.tls.client_key),
        )
        for variable, source in files:
            name = _variable(variable, signal)
            if source is not None and not self.builder.keep(name):
                mount, path = self.volumes.add(source)
                self.builder.mount(mount)
                self.builder.set(name, path, origin)

    def _check_proxy(self, url: str) -> None:
        existing = self.builder.existing
        host = otlp.url_parts(url).hostname or ""
        proxy = next((v for name in PROXIES if (v := existing.get(name)) and v.value), None)
        if proxy is None or is_loopback(host):
            return
        exceptions = [variable.value for name in NO_PROXY if (variable := existing.get(name))]
        if None in exceptions:
            return  # only the cluster knows the value
        written = ",".join(filter(None, exceptions))
        if host_variable(url):
            if not may_exempt_a_node([written]):
                text = f"{proxy.name} is set and NO_PROXY lists no network, so the SDK reaches its node by the proxy"
                fix = "add the network of your nodes to NO_PROXY, such as 10.0.0.0/8"
                where = self.builder.location(proxy.path)
                self.builder.report(rules.PROXY_IN_THE_WAY.at(where, text, fix=fix, current=written or None))
        elif not bypasses_proxy(host, [written]):
            proposed = f"NO_PROXY={written},{host}" if written else f"NO_PROXY={host}"
            result = rules.PROXY_IN_THE_WAY.at(
                self.builder.location(proxy.path),
                f"{proxy.name} is set and NO_PROXY does not list {host}, so the SDK sends through the proxy",
                fix=f"write {proposed}",
                current=written or None,
                proposed=proposed,
            )
            self.builder.report(result)


def _variable(name: str, signal: str | None) -> str:
    return signal_variable(name, signal) if signal else name
