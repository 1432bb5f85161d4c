"""The ports that managed collectors have in every mode, and the host names of their Services."""

from __future__ import annotations

from typing import Final

from krm_otel.config.schema.cluster_collector import EndpointHost

HEALTH_PORT: Final = 13133
METRICS_PORT: Final = 8888
"""The collector's own metrics."""
SCRAPE_PORT: Final = 8889
"""The metrics that it received, for a Prometheus that fetches them."""


def service_host(name: str, namespace: str, kind: EndpointHost) -> str:
    """The host name of a Service, in the form that `kind` names.

    The short name is the default: it survives a later `namespace:` of kustomize. The longer ones need a namespace.
    Configuration refuses them for a class without one; the platform's components, whose namespace is that of each
    workload, get the short name.
    """
    if kind == "short" or not namespace:
        return name
    return f"{name}.{namespace}.svc" + (".cluster.local" if kind == "fqdn" else "")
