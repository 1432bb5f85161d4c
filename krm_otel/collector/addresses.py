"""Where the SDKs of a class find its managed collector."""

from __future__ import annotations

from typing import Final

from krm_otel.collector.names import collector_name
from krm_otel.config.settings import Endpoint, OaasClass, Settings, Sourced
from krm_otel.names import NODE_OWNER
from krm_otel.otlp import PORTS

HEALTH_PORT: Final = 13133
METRICS_PORT: Final = 8888
"""The collector's own metrics."""
SCRAPE_PORT: Final = 8889
"""The metrics that it was sent, for a Prometheus that fetches them."""


def collector_endpoint(oaas_class: OaasClass, settings: Settings) -> Sourced[Endpoint]:
    """The endpoint of a class's managed collector, or of its node's; its origin is that of the mode.

    A Service's short name survives a later `namespace:` of kustomize, so it is the default. The longer ones need the
    class's namespace; `compose` refuses them where there is none, and for the platform's components, whose
    namespace is that of each workload, the short name is left.
    """
    protocol = settings.protocol.value
    return settings.mode.with_value(Endpoint(f"http://{_host(oaas_class, settings)}:{PORTS[protocol]}", protocol))


def _host(oaas_class: OaasClass, settings: Settings) -> str:
    managed, node = settings.collector, settings.node_collector
    if node is not None:
        return _long(collector_name(NODE_OWNER), node.namespace, fqdn=node.fqdn)
    assert managed is not None
    if managed.mode.value == "sidecar":
        return "127.0.0.1"
    name, kind = collector_name(oaas_class.name), managed.endpoint_host.value
    if kind == "short" or not oaas_class.namespace:
        return name
    return _long(name, oaas_class.namespace, fqdn=kind == "fqdn")


def _long(name: str, namespace: str, *, fqdn: bool) -> str:
    host = f"{name}.{namespace}.svc"
    return f"{host}.cluster.local" if fqdn else host
