"""Which components of a config ask the Kubernetes API server.

Source: collector-contrib, `internal/k8sconfig`: with `auth_type: serviceAccount`, their default, they do not start
without the token of a ServiceAccount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.collector.reading.structure import active_extensions, mapping, member, names_in, type_of, used
from krm_otel.diagnostics.field_path import Step

_TYPES: Final = frozenset(
    ("k8sattributes", "k8scluster", "k8sevents", "k8sobjects", "k8sobserver", "k8sleaderelector", "kubeletstats")
)
"""Without `_`, since their names have got some."""
_DETECTORS: Final = ("k8snode", "k8s_api", "kubeadm", "openshift", "eks")
_OTHERWISE: Final = ("none", "kubeConfig", "tls")


def api_clients(config: Mapping[str, Any]) -> Iterator[tuple[Step, ...]]:
    """The places of the components in use that need a token."""
    found = [(section, name) for section in ("receivers", "processors", "exporters") for name in used(config, section)]
    for section, component in (*found, *(("extensions", name) for name in active_extensions(config))):
        body = member(config, section, component)
        kind = type_of(component).replace("_", "")
        if kind in _TYPES and member(body, "auth_type") not in _OTHERWISE:
            yield section, component
        elif kind == "resourcedetection":
            yield from (
                (section, component, "detectors", index)
                for index, detector in enumerate(names_in(member(body, "detectors")))
                if detector in _DETECTORS
            )
        elif kind == "loadbalancing" and member(body, "resolver", "k8s") is not None:
            yield section, component, "resolver", "k8s"
        elif kind == "prometheus" and section == "receivers":
            scrapes = member(body, "config", "scrape_configs")
            for index, scrape in enumerate(scrapes if isinstance(scrapes, list | tuple) else ()):
                if "kubernetes_sd_configs" in mapping(scrape):
                    yield section, component, "config", "scrape_configs", index, "kubernetes_sd_configs"
