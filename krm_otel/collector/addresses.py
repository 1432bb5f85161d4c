"""Where the SDKs of a class find its managed collector."""

from __future__ import annotations

from typing import Final

from krm_otel.collector.names import collector_name
from krm_otel.config.settings import Endpoint, OaasClass, Protocol, Settings, Sourced

PORTS: Final[dict[Protocol, int]] = {"grpc": 4317, "http": 4318}
HEALTH_PORT: Final = 13133
METRICS_PORT: Final = 8888
"""The collector's own metrics."""
SCRAPE_PORT: Final = 8889
"""The metrics that it was sent, for a Prometheus that fetches them."""


def collector_endpoint(oaas_class: OaasClass, settings: Settings) -> Sourced[Endpoint]:
    """The endpoint of a class's managed collector; its origin is that of the mode.

    A Service's short name survives a later `namespace:` of kustomize, so it is the default. The longer ones need the
    class's namespace; `compose` refuses them where there is none, and for the platform's components, whose
    namespace is that of each workload, the short name is left.
    """
    managed = settings.collector
    assert managed is not None
    host = "127.0.0.1" if managed.mode.value == "sidecar" else _host(oaas_class, managed.endpoint_host.value)
    protocol = settings.protocol.value
    return Sourced(Endpoint(f"http://{host}:{PORTS[protocol]}", protocol), managed.mode.origin)


def _host(oaas_class: OaasClass, kind: str) -> str:
    name = collector_name(oaas_class.name)
    if kind == "short" or not oaas_class.namespace:
        return name
    host = f"{name}.{oaas_class.namespace}.svc"
    return f"{host}.cluster.local" if kind == "fqdn" else host
