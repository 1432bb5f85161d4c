"""The collector as one more container of a class's own pods.

Probes. A native sidecar's startup probe makes the function wait until the collector listens, so that a Job's first
spans have somewhere to go. There is no readiness probe: it would count for the pod, and missing telemetry must not take
a function out of service. The liveness probe restarts the collector alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from krm_otel.collector.addresses import HEALTH_PORT
from krm_otel.collector.manifests.config_map import template_annotations
from krm_otel.collector.manifests.container import container, metrics_ports, port_fields, ports, probes, volumes
from krm_otel.collector.tiers import tiers
from krm_otel.config.settings import OaasClass, Settings


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a pod template gets.

    Args:
        container: the collector.
        native: the container belongs to `initContainers` (with `restartPolicy: Always`), otherwise to `containers`.
        volumes: of the pod.
        annotations: of the pod template.
        ports: all that the container listens on, declared or not.
    """

    container: dict[str, Any]
    native: bool
    volumes: tuple[dict[str, Any], ...]
    annotations: dict[str, str]
    ports: tuple[int, ...] = ()


def sidecar(oaas_class: OaasClass, settings: Settings, knative: bool, *, root: bool = False) -> Sidecar:
    """The sidecar of a class with a managed collector.

    Args:
        oaas_class: the class.
        settings: its settings.
        knative: the pod is Knative's, which refuses ports, probes and `fieldRef` in a sidecar, and init containers.
        root: the pod has `runAsUser: 0`, which the container must override to start with `runAsNonRoot`.
    """
    tier = tiers(oaas_class, settings)[0]
    native = tier.collector.native_sidecar.value and not knative
    fields: dict[str, Any] = {"restartPolicy": "Always"} if native else {}
    if not knative:
        declared = {f"otel-{name}": port for name, port in metrics_ports(tier.collector).items()}
        fields |= {"ports": port_fields(declared), **probes()}
    return Sidecar(
        container=container(tier, fields, downward_api=not knative, root=root),
        native=native,
        volumes=volumes(tier),
        annotations=template_annotations(tier),
        ports=(*ports(tier.collector).values(), HEALTH_PORT),
    )
