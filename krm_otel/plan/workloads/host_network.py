"""Pods in the host's network that send to a collector behind a Service.

Such a pod has the address of its node, which no `podSelector` of a NetworkPolicy names for most network plugins
(projectcalico/calico#4493, cloudnativelabs/kube-router#1135). Its default `dnsPolicy` asks the node's DNS servers,
which know no Services (Kubernetes documentation, "DNS for Services and Pods").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.config.settings import Settings
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.otlp import url_parts
from krm_otel.proxies import is_in_cluster, is_loopback
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.pods import pod_text

HOST_NETWORK_DNS: Final = "ClusterFirstWithHostNet"


def check_host_network(workload: Workload, settings: Settings) -> Iterator[Result]:
    """Warnings for a pod in the host's network whose telemetry would not arrive."""
    if pod_text(workload, "hostNetwork") != "true":
        return
    ref, managed = workload.resource.ref, settings.collector
    policy = managed.network_policy if managed and managed.placement.has_service else None
    if policy and policy.enabled and not policy.cidrs:
        where = Location(ref, field_path(*workload.pod_path, "hostNetwork"))
        text = "the pod sends from its node's address, which the collector's NetworkPolicy does not let in"
        fix = "write the addresses of your nodes as collector.network_policy.cidrs, or network_policy: {enabled: false}"
        yield rules.HOST_NETWORK_POLICY.at(where, text, fix=fix)
    if pod_text(workload, "dnsPolicy") in (HOST_NETWORK_DNS, "None") or not _sends_to_a_service(settings):
        return
    where = Location(ref, field_path(*workload.pod_path, "dnsPolicy"))
    text = (
        "the pod is in the host's network without dnsPolicy, so it cannot resolve the name of the collector's Service"
    )
    fix = f"write dnsPolicy: {HOST_NETWORK_DNS}"
    yield rules.HOST_NETWORK_NAMES.at(where, text, fix=fix, proposed=HOST_NETWORK_DNS)


def _sends_to_a_service(settings: Settings) -> bool:
    """Whether SDKs send to the name of a Service."""
    if settings.collector is not None or settings.node_collector is not None:
        return not (settings.node_collector and settings.node_collector.host_port)
    endpoints = [settings.endpoint, *settings.exporters.values()]
    hosts = [url_parts(endpoint.value.url).hostname or "" for endpoint in endpoints if endpoint]
    return any(is_in_cluster(host) and not is_loopback(host) for host in hosts)
