"""Whether senders, scrapers and probes reach what the collector listens on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.collector.config.exporters import exporters
from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.manifests.ports import metrics_ports
from krm_otel.collector.reading.receivers import Listener
from krm_otel.collector.reading.references import texts
from krm_otel.collector.reading.structure import active_extensions, mapping, member, pipelines, type_of, used
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.rules import collector as collector_rules
from krm_otel.diagnostics.rules import merged_config as rules
from krm_otel.otlp import PORTS, Protocol

_PORT_ANNOTATION: Final = "prometheus.io/port"


def reach_problems(deployed: Deployed) -> Iterator[Problem]:
    """What nobody reaches where it listens, and what cannot listen there."""
    if not deployed.operator:
        yield from _health(deployed)
    yield from _otlp(deployed)
    yield from _signals(deployed)
    for listener in deployed.listening.receivers:
        if not _sends_itself(deployed, listener):
            yield from _bound(deployed, listener, "senders")
    for listener in deployed.listening.scraped:
        yield from _bound(deployed, listener, "a Prometheus", for_others=True)
        yield from _scrapers(deployed, listener)
    yield from _second_tier(deployed)
    yield from _own_metrics(deployed)
    yield from _ports(deployed)


def _health(deployed: Deployed) -> Iterator[Problem]:
    health = deployed.listening.health
    if health is None:
        active = active_extensions(deployed.config)
        listed = member(deployed.config, "service", "extensions")
        if set(active) - mapping(deployed.config.get("extensions")).keys() or isinstance(listed, str):
            return  # another check says what is undefined: it may be the health check
        text = "leaves out health_check, which the collector's probes ask"
        fix = f"write [{', '.join(['health_check', *active])}]"
        yield Problem(rules.CONFIG_UNREACHABLE, ("service", "extensions"), text, fix)
        return
    yield from _bound(deployed, health.listener, "the kubelet's probes", for_others=True)
    steps = health.listener.steps[:-1]
    if health.unsupported:
        text = f"has the field {health.unsupported} of healthcheckv2, with which health_check does not start"
        yield Problem(rules.CONFIG_UNREACHABLE, steps[:2], text, "write endpoint and path, or the type healthcheckv2")
    if not health.path.startswith("/") or "${" in health.path:
        text, fix = f"is {health.path}, which is no path that a probe can ask", "write a path such as /"
        yield Problem(rules.CONFIG_UNREACHABLE, (*steps, "path"), text, fix)
    if health.refuses:
        text = "makes the health check refuse the kubelet's probes, which have no credentials"
        yield Problem(rules.CONFIG_UNREACHABLE, (*steps, *health.refuses.split(".")), text, "leave it out")


def _otlp(deployed: Deployed) -> Iterator[Problem]:
    found, tier = deployed.listening, deployed.tier
    if not found.main:
        defined = {*mapping(deployed.config.get("receivers")), *mapping(deployed.config.get("connectors"))}
        named = used(deployed.config, "receivers")
        if not named or set(named) - defined:
            return  # another check says so
        text = "has no pipeline with an otlp receiver, and SDKs send OTLP"
        yield Problem(rules.CONFIG_UNREACHABLE, ("service", "pipelines"), text, "write receivers: [otlp]")
        return
    protocols = ("receivers", found.main, "protocols")
    needed: tuple[Protocol, ...] = ("grpc",) if tier.collector.second_tier else (tier.settings.protocol.value,)
    if tier.placement.per_node:
        needed = ("grpc", "http")
    for protocol in needed:
        if protocol not in found.otlp:
            who = "the first tier sends" if tier.collector.second_tier else "SDKs send"
            text = f"has no {protocol} on a port, to which {who}"
            fix = f'write {protocol}: {{endpoint: "{tier.placement.receiver_host}:{PORTS[protocol]}"}}'
            yield Problem(rules.CONFIG_UNREACHABLE, protocols, text, fix)
    for protocol, listener in found.otlp.items():
        yield from _bound(deployed, listener, "SDKs")
        yield from _spoken(deployed, (*protocols, protocol))
        usual = PORTS[protocol]
        moved = listener.address.port not in (None, usual) and tier.placement.per_node
        # The generated Service keeps the usual ports, unless another receiver has them; the Operator's does not.
        if moved and (deployed.operator or usual in [other.address.port for other in found.receivers]):
            text = (
                f"is {listener.address.text}, and other packages send to the collectors of nodes at {PORTS[protocol]}"
            )
            yield Problem(rules.CONFIG_UNREACHABLE, listener.steps, text, f"write port {PORTS[protocol]}")


def _spoken(deployed: Deployed, steps: tuple[Step, ...]) -> Iterator[Problem]:
    """Fields of an OTLP server by which it refuses what SDKs send."""
    body = mapping(member(deployed.config, *map(str, steps)))
    if body.get("tls") is not None and deployed.tier.collector.receiver_tls is None:
        text = "makes the receiver speak TLS, and the endpoint that SDKs get is plain http"
        fix = "leave it out" if deployed.tier.placement.in_class_pods else "write collector.receiver_tls instead"
        yield Problem(rules.CONFIG_UNREACHABLE, (*steps, "tls"), text, fix)
    if body.get("auth"):
        text = "makes the receiver refuse SDKs that send no credentials, and krm-otel gives them none"
        fix = "leave it out, or have the containers set OTEL_EXPORTER_OTLP_HEADERS"
        yield Problem(rules.CONFIG_UNREACHABLE, (*steps, "auth"), text, fix, severity="warning")
    for signal in ("traces", "metrics", "logs"):
        key, usual = f"{signal}_url_path", f"/v1/{signal}"
        if "/" + str(body.get(key) or usual).lstrip("/") != usual:
            text = f"is not {usual}, to which SDKs send"
            yield Problem(rules.CONFIG_UNREACHABLE, (*steps, key), text, "leave it out")


def _signals(deployed: Deployed) -> Iterator[Problem]:
    """Signals that are on, and that the receiver refuses, since none of their pipelines has it."""
    main = deployed.listening.main
    known = {*mapping(deployed.config.get("receivers")), *mapping(deployed.config.get("connectors"))}
    for signal in deployed.tier.collector.exporters if main else ():
        named = [name for name, pipeline in pipelines(deployed.config) if type_of(name) == signal and pipeline]
        receivers = used(deployed.config, "receivers", signal)
        if named and receivers and main not in receivers and set(receivers) <= known:
            text = f"leaves out {main}, so the collector refuses the {signal} that SDKs send"
            fix = f"write [{', '.join([main, *receivers])}]"
            yield Problem(rules.CONFIG_UNREACHABLE, ("service", "pipelines", named[0], "receivers"), text, fix)


def _sends_itself(deployed: Deployed, listener: Listener) -> bool:
    """Whether the collector itself sends to one of its receivers on the loopback, as with its own telemetry."""
    senders = (deployed.config.get("exporters"), member(deployed.config, "service", "telemetry"))
    ends = tuple(f"{host}:{listener.address.port}" for host in ("localhost", "127.0.0.1"))
    written = (text for sender in senders for _, text in texts(sender))
    return listener.address.host == "loopback" and any(end in text for text in written for end in ends)


def _bound(deployed: Deployed, listener: Listener, who: str, *, for_others: bool = False) -> Iterator[Problem]:
    """Problems of one address.

    Args:
        deployed: the collector.
        listener: what listens there.
        who: what has to reach it.
        for_others: it is not for the containers of its own pod.
    """
    found, placement = listener.address, deployed.tier.placement
    outside = for_others or not placement.in_class_pods
    host = placement.receiver_host if not for_others else f"[{placement.own_host}]"
    proposed = f"{host}:{found.port or '<port>'}"
    if found.port is None:
        text = f"is {found.text}, in which krm-otel finds no port number for the manifests"
        yield Problem(rules.CONFIG_UNREACHABLE, listener.steps, text, f"write an address such as {proposed}")
    elif found.host == "other" or (found.host == "loopback" and outside):
        where = "which is no address of the pod" if found.host == "other" else f"where {who} cannot reach it"
        yield Problem(rules.CONFIG_UNREACHABLE, listener.steps, f"is {found.text}, {where}", f"write {proposed}")
    elif not outside and listener.component == deployed.listening.main and not found.ipv4_loopback:
        text = f"is {found.text}, and the SDKs of the pod send to {placement.receiver_host}"
        yield Problem(rules.CONFIG_UNREACHABLE, listener.steps, text, f"write {proposed}")
    elif not outside and found.host in ("all", "pod"):
        text = f"is {found.text}: other pods can send to this sidecar, too"
        yield Problem(rules.CONFIG_OPEN, listener.steps, text, f"write {proposed} for the own pod alone")


def _scrapers(deployed: Deployed, listener: Listener) -> Iterator[Problem]:
    """An exporter of the user's that a Prometheus fetches from, behind a policy that lets no scraper in."""
    collector = deployed.tier.collector
    generated = exporters(collector)
    if collector.refuses_scrapers and listener.component not in generated and not deployed.operator:
        text = "lets Prometheus fetch metrics, but the collector's NetworkPolicy lets nobody in"
        fix = "write collector.network_policy.scrapers in the OTelConfig"
        yield Problem(collector_rules.SCRAPERS_MISSING, listener.steps, text, fix)


def _second_tier(deployed: Deployed) -> Iterator[Problem]:
    """A first tier that sends to another port than the second one listens on; said where one of them is written."""
    link = deployed.link
    if link is None or link.sent_to == link.received:
        return
    if deployed.tier.collector.second_tier:
        receiver = deployed.listening.otlp["grpc"]
        text = f"is {receiver.address.text}, and the first tier sends to {link.sent_to}"
        fix = f"leave it out, or write exporters.{link.exporter}.resolver.dns.port in collector.config, too"
        yield Problem(rules.CONFIG_UNREACHABLE, receiver.steps, text, fix)
    elif member(deployed.own, "exporters", link.exporter, "resolver", "dns", "port") is not None:
        text = f"is {link.sent_to}, and the second tier receives on {link.received}"
        steps = ("exporters", link.exporter, "resolver", "dns", "port")
        yield Problem(rules.CONFIG_UNREACHABLE, steps, text, f'write "{link.received}"')


def _own_metrics(deployed: Deployed) -> Iterator[Problem]:
    """Own metrics that somebody is told to fetch, and that are not there."""
    steps: tuple[Step, ...] = ("service", "telemetry", "metrics")
    own = deployed.listening.own_metrics
    if own is not None and own.address.port is None:
        text, fix = "has no port number that krm-otel can read", "write port: 8888"
        yield Problem(rules.CONFIG_UNREACHABLE, own.steps[:-1], text, fix)
    elif deployed.monitored and (own is None or own.address.host in ("loopback", "other")):
        text = "lets nobody fetch the collector's own metrics, and monitors are on"
        yield Problem(rules.OWN_METRICS_OFF, steps, text, "leave it out, or write monitors.enabled: false")
    wanted = deployed.tier.collector.pod.annotations.get(_PORT_ANNOTATION)
    fetched = [str(port.number) for port in metrics_ports(deployed.listening)]
    if wanted and deployed.tier.placement.has_service and wanted not in fetched:
        text = f"serves metrics on {' and '.join(fetched) or 'no port'}, and {_PORT_ANNOTATION} of collector.pod is "
        yield Problem(
            rules.OWN_METRICS_OFF, steps, f"{text}{wanted}", f"write {(fetched or ['another port'])[0]} there"
        )


def _ports(deployed: Deployed) -> Iterator[Problem]:
    """Ports that two components need: the collector ends when it starts."""
    listeners = deployed.listening.all
    for index, listener in enumerate(listeners):
        for other in listeners[:index]:
            if _clash(listener, other):
                text = f"is {listener.address.text}, and {other.component} listens on port {other.address.port}, too"
                yield Problem(rules.CONFIG_PORT_TAKEN, listener.steps, text, "write another port")


def _clash(one: Listener, other: Listener) -> bool:
    mine, others = one.address, other.address
    if mine.port is None or (one.transport, mine.port) != (other.transport, others.port):
        return False
    hosts = {mine.host, others.host}
    return "all" in hosts or (len(hosts) == 1 and (mine.host != "unknown" or mine.text == others.text))
