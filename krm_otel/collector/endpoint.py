"""The address that the SDKs of a class send to."""

from __future__ import annotations

from krm_otel.collector.addresses import service_host
from krm_otel.collector.config.build import build_config
from krm_otel.collector.naming import collector_name
from krm_otel.collector.reading.listening import listening
from krm_otel.collector.tiers import tiers
from krm_otel.config.schema.cluster_collector import EndpointHost
from krm_otel.config.settings import Endpoint, OaasClass, Settings, Sourced, Tls
from krm_otel.config.types.endpoint import NODE_ADDRESS
from krm_otel.dataclass import replace
from krm_otel.names import NODE_OWNER
from krm_otel.otlp import PORTS, Protocol


def collector_endpoint(oaas_class: OaasClass, settings: Settings) -> Sourced[Endpoint] | None:
    """The endpoint of the managed collector that a class sends to, with the origin of the mode; None without one."""
    collector, node_collector = settings.collector, settings.node_collector
    numbers: dict[Protocol, int] = {}
    if node_collector is not None:
        # Whatever it listens on, its Service has the usual ports: other packages know nothing else.
        kind: EndpointHost = "fqdn" if node_collector.fqdn else "svc"
        host = service_host(collector_name(NODE_OWNER), node_collector.namespace, kind)
    elif collector is None:
        return None
    elif collector.placement.in_class_pods:
        host = collector.placement.receiver_host
    else:
        host = service_host(collector_name(oaas_class.name), oaas_class.namespace, collector.endpoint_host.value)
    if collector is not None and collector.config is not None:
        numbers = otlp_ports(oaas_class, settings)
    protocol, tls = settings.protocol.value, settings.sender_tls
    scheme = "http" if tls is None else "https"
    url = f"{scheme}://{host}:{numbers.get(protocol, PORTS[protocol])}"
    endpoint = Endpoint(url, protocol, tls=tls or Tls(), ports=tuple(numbers.items()))
    if node_collector is not None and node_collector.host_port:
        at_node = f"{scheme}://{NODE_ADDRESS}:{PORTS[protocol]}"
        endpoint = replace(endpoint, url=at_node, service_url=url)
    return settings.mode.with_value(endpoint)


def otlp_ports(oaas_class: OaasClass, settings: Settings) -> dict[Protocol, int]:
    """The ports that a class's managed collector receives OTLP on, as its merged config has them."""
    found = listening(build_config(tiers(oaas_class, settings)[0]))
    numbers = ((protocol, listener.address.port) for protocol, listener in found.otlp.items())
    return {protocol: number for protocol, number in numbers if number is not None}
