"""What a managed collector is: image, exporters, resources, queue, pods and second tier.

`collector_checks` has the rules between them, `image` those for what the image can run, `sampling` those for what
happens to spans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from krm_otel.config.placement import PLACEMENTS
from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve.endpoints import server_tls
from krm_otel.config.resolve.image import complete_image, lacks
from krm_otel.config.resolve.request import Request
from krm_otel.config.resolve.sampling import slow_after, span_metrics, tail_sampling
from krm_otel.config.schema.collector import ResourcesBlock
from krm_otel.config.schema.sampling import Gateway
from krm_otel.config.settings import CollectorSettings, GatewaySettings, Resources, Target
from krm_otel.config.types.quantity import MIB, value

LIMIT_PERCENT: Final = 80
"""What memory_limiter and Go may use, of the container's limit of memory."""
SPIKE_PERCENT: Final = 20
"""memory_limiter refuses data this much below its limit, also of the container's limit.

Source of both: the collector's Helm chart and memory_limiter's README.
"""
LEAST_MEMORY: Final = 64 * MIB
"""With less, a collector that has all components does not start (0.158.0 takes 57 MiB for krm-otel's own 27)."""
GATEWAY_RESOURCES: Final = Resources({"cpu": "200m", "memory": "512Mi"}, {"cpu": "1", "memory": "1Gi"})
"""The defaults of a collector that holds whole traces for some seconds."""


def _class_first(request: Request) -> bool:
    """Whether names of Deployments begin with the class. A known platform counts pods by how their names begin."""
    written = request.layers.find("collector", "deployment_name")
    if written is not None:
        return bool(written.value == "class-first")
    platform = request.config.platform
    return platform is None or platform.preset is None


def collector_settings(request: Request, targets: Mapping[str, Sequence[Sourced[Target]]]) -> CollectorSettings:
    """The settings of a managed collector, without any check; `targets`: signal → where it goes."""
    layers, mode = request.layers, request.mode
    placement, batch = PLACEMENTS[mode.value], layers.joined("collector", "batch")
    default_resources = Resources(placement.requests, placement.limits)
    return CollectorSettings(
        mode=mode,
        image=complete_image(layers),
        exporters={signal: tuple(_distinct(entries)) for signal, entries in targets.items()},
        resources=_resources(layers.find("collector", "resources"), default_resources),
        endpoint_host=layers.get("collector", "endpoint_host"),
        class_first=_class_first(request),
        replicas=layers.get("collector", "replicas"),
        native_sidecar=layers.get("collector", "native_sidecar"),
        batch=batch if batch.value.enabled else batch.with_value(None),
        queue=layers.get("collector", "queue"),
        processors=layers.get("collector", "processors"),
        config=layers.find("collector", "config"),
        env=layers.get("collector", "env").value,
        env_from=layers.get("collector", "env_from").value,
        volumes=layers.get("collector", "volumes").value,
        server_tls=server_tls(layers),
        image_pull_policy=layers.get("collector", "image_pull_policy").value,
        autoscaling=layers.get("collector", "autoscaling").value,
        pod=layers.get("collector", "pod").value,
        service_account=layers.get("collector", "service_account").value,
        network_policy=layers.get("collector", "network_policy").value,
        host_port=placement.per_node and layers.get("collector", "daemonset", "host_port").value,
        k8s_attributes=placement.per_node and layers.get("telemetry", "attributes", "k8s").value,
        labels=has_series(targets) and not lacks(layers, "transform"),
        dropped_attributes=layers.get("collector", "drop_metric_attributes").value,
        span_metrics=span_metrics(request),
        tail_sampling=tail_sampling(request),
        slow_after=slow_after(request),
        gateway=_gateway(request),
    )


def _distinct(targets: Sequence[Sourced[Target]]) -> list[Sourced[Target]]:
    """The targets without duplicates: two names may mean the same target."""
    return list({target.value: target for target in reversed(targets)}.values())[::-1]


def has_series(targets: Mapping[str, Sequence[Sourced[Target]]]) -> bool:
    """Whether metrics become series somewhere, which have labels and no resources."""
    return any(target.value.series for target in targets.get("metrics", ()))


def _resources(block: Sourced[ResourcesBlock] | None, default: Resources) -> Sourced[Resources]:
    """Requests and limits; defaults give way where they would contradict what is configured."""
    if block is None:
        return Sourced(default)
    written_requests = block.value.requests.by_name() if block.value.requests else None
    written_limits = block.value.limits.by_name() if block.value.limits else None
    requests = dict(default.requests if written_requests is None else written_requests)
    limits = dict(default.limits if written_limits is None else written_limits)
    limits.setdefault("memory", default.limits["memory"])
    for name, amount in requests.items():
        if name in limits and value(amount) > value(limits[name]):
            if written_requests is None:
                requests[name] = limits[name]
            elif name not in (written_limits or ()):
                limits[name] = amount
    return block.with_value(Resources(requests, limits))


def _gateway(request: Request) -> GatewaySettings | None:
    """The second tier, where there is tail sampling for it."""
    block = gateway_block(request)
    if block is None or request.tail_sampling is None:
        return None
    gateway = block.value
    amounts = block.inside(gateway.resources, "resources") if gateway.resources else None
    return GatewaySettings(
        replicas=block.with_value(gateway.replicas) if gateway.written("replicas") else Sourced(gateway.replicas),
        resources=_resources(amounts, GATEWAY_RESOURCES),
        autoscaling=gateway.autoscaling,
        processors=block.inside(gateway.processors, "processors"),
        config=block.inside(gateway.config, "config") if gateway.config is not None else None,
    )


def gateway_block(request: Request) -> Sourced[Gateway] | None:
    """`collector.gateway`, where a class has one that is on, and traces to send there."""
    if request.node or "traces" not in request.signals:
        return None
    return request.layers.find_enabled("collector", "gateway")
