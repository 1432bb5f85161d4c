"""Who may send to a managed collector, and who may fetch its metrics."""

from __future__ import annotations

from typing import Any, Final

from krm_otel import names
from krm_otel.collector import names as own
from krm_otel.collector.manifests.container import has_scrape, ports
from krm_otel.collector.manifests.objects import of_tier, selector
from krm_otel.config.schema.collector import Scraper
from krm_otel.config.settings import CollectorSettings, OaasClass

MESH_PORTS: Final = {"istio": 15008, "linkerd": 4143}
"""Where a mesh's proxies reach a pod: Istio's ambient tunnel (HBONE), Linkerd's inbound proxy."""


def network_policy(oaas_class: OaasClass, managed: CollectorSettings) -> dict[str, Any]:
    """Lets in the class's pods (on nodes: those of every class) for OTLP, and named scrapers for metrics. Answers to
    the kubelet's probes need no rule: a node always reaches its own pods."""
    listening = ports(managed)
    senders: dict[str, Any] = {"podSelector": {"matchLabels": own.client_labels(oaas_class.name)}}
    if managed.mode.value == "daemonset":
        anyone = {"matchExpressions": [{"key": names.L_CLASS, "operator": "Exists"}]}
        senders = {"namespaceSelector": {}, "podSelector": anyone}
    elif managed.first == "deployment":
        senders = {"podSelector": {"matchLabels": own.selector(oaas_class.name)}}
    otlp = [listening[name] for name in listening if name.startswith("otlp-")]
    tunnel = MESH_PORTS.get(managed.network_policy.mesh)
    through = [tunnel] if tunnel else []
    ingress = [_rule([senders], [*otlp, *through])]
    if scrapers := managed.network_policy.scrapers:
        metrics = [listening["metrics"], *([listening["prometheus"]] if has_scrape(managed) else [])]
        ingress.append(_rule([_peer(scraper) for scraper in scrapers], [*metrics, *through]))
    made = of_tier(oaas_class, managed, "networking.k8s.io/v1", "NetworkPolicy")
    made["spec"] = {
        "podSelector": {"matchLabels": selector(oaas_class, managed)},
        "policyTypes": ["Ingress"],
        "ingress": ingress,
    }
    return made


def _rule(peers: list[dict[str, Any]], numbers: list[int]) -> dict[str, Any]:
    return {"from": peers, "ports": [{"protocol": "TCP", "port": number} for number in numbers]}


def _peer(scraper: Scraper) -> dict[str, Any]:
    peer: dict[str, Any] = {}
    if scraper.namespace_labels:
        peer["namespaceSelector"] = {"matchLabels": dict(scraper.namespace_labels)}
    if scraper.pod_labels:
        peer["podSelector"] = {"matchLabels": dict(scraper.pod_labels)}
    return peer
