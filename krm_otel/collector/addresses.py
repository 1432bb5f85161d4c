"""The ports that managed collectors have in every mode, and the address that the SDKs of a class send to."""

from __future__ import annotations

from typing import Final

from krm_otel.collector.naming import collector_name
from krm_otel.config.schema.cluster_collector import EndpointHost
from krm_otel.config.settings import Endpoint, OaasClass, Settings, Sourced
from krm_otel.names import NODE_OWNER
from krm_otel.otlp import PORTS

HEALTH_PORT: Final = 13133
METRICS_PORT: Final = 8888
"""The collector's own metrics."""
SCRAPE_PORT: Final = 8889
"""The metrics that it received, for a Prometheus that fetches them."""


def collector_endpoint(oaas_class: OaasClass, settings: Settings) -> Sourced[Endpoint] | None:
    """The endpoint of the managed collector that a class sends to, with the origin of the mode; None without one."""
    collector, node_collector = settings.collector, settings.node_collector
    if node_collector is not None:
        kind: EndpointHost = "fqdn" if node_collector.fqdn else "svc"
        host = service_host(collector_name(NODE_OWNER), node_collector.namespace, kind)
    elif collector is None:
        return None
    elif collector.placement.in_class_pods:
        host = collector.placement.receiver_host
    else:
        host = service_host(collector_name(oaas_class.name), oaas_class.namespace, collector.endpoint_host.value)
    protocol = settings.protocol.value
    return settings.mode.with_value(Endpoint(f"http://{host}:{PORTS[protocol]}", protocol))


def service_host(name: str, namespace: str, kind: EndpointHost) -> str:
    """The host name of a Service, in the form that `kind` names.

    The short name is the default: it survives a later `namespace:` of kustomize. The longer ones need a namespace.
    Configuration refuses them for a class without one; the platform's components, whose namespace is that of each
    workload, get the short name.
    """
    if kind == "short" or not namespace:
        return name
    return f"{name}.{namespace}.svc" + (".cluster.local" if kind == "fqdn" else "")
