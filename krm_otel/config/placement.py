"""Where the collector of each mode runs, and what follows from that: the one table of facts about modes."""

from __future__ import annotations

from typing import Final, Literal

from krm_otel.dataclass import dataclass, field

Mode = Literal["sidecar", "deployment", "daemonset", "external"]
_LOOPBACK: Final = "127.0.0.1"
POD_IP_VARIABLE: Final = "MY_POD_IP"
"""The variable of the collector's container that has the pod's address."""
_POD_IP: Final = f"${{env:{POD_IP_VARIABLE}}}"


@dataclass(frozen=True, slots=True)
class Placement:
    """The facts of one mode. Hosts are spelled as in the collector's config.

    Args:
        managed: krm-otel generates the collector.
        in_class_pods: the collector is a container of the class's own pods, and has their class and namespace.
        has_service: the collector has pods of its own, which senders reach through a Service.
        per_node: one collector runs on each node, and all classes share it.
        has_replicas: the number of pods can be chosen, by `replicas` or by autoscaling.
        receiver_host: what the OTLP receivers bind to. In brackets an address may be IPv4 or IPv6.
        own_host: what the health check and the collector's own metrics bind to, without brackets.
        scrape_host: where a Prometheus fetches the metrics that the collector received; empty: all addresses.
        queue_size: the default number of batches that wait while a backend is away.
        requests: the container's default requests, as Kubernetes quantities.
        limits: the container's default limits.
    """

    managed: bool = True
    in_class_pods: bool = False
    has_service: bool = False
    per_node: bool = False
    has_replicas: bool = False
    receiver_host: str = f"[{_POD_IP}]"
    own_host: str = _POD_IP
    scrape_host: str = f"[{_POD_IP}]"
    queue_size: int = 1000
    requests: dict[str, str] = field(default_factory=lambda: {"cpu": "100m", "memory": "256Mi"})
    limits: dict[str, str] = field(default_factory=lambda: {"cpu": "1", "memory": "512Mi"})


PLACEMENTS: Final[dict[Mode, Placement]] = {
    # One config serves every pod of a class, and on Knative a container cannot know its address (`fieldRef` is
    # refused). The health check stays on the loopback there, where Knative allows no probe of a sidecar anyway.
    # Prometheus has to reach the pod: without a host a port is open on all addresses, in IPv4 and IPv6 alike.
    "sidecar": Placement(
        in_class_pods=True,
        receiver_host=_LOOPBACK,
        own_host=f"${{env:{POD_IP_VARIABLE}:-{_LOOPBACK}}}",
        scrape_host="",
        queue_size=200,
        requests={"cpu": "20m", "memory": "64Mi"},
        limits={"cpu": "500m", "memory": "256Mi"},
    ),
    "deployment": Placement(has_service=True, has_replicas=True),
    "daemonset": Placement(has_service=True, per_node=True),
    "external": Placement(managed=False),
}
