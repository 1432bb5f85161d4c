"""The collector as one more container of a class's own pods.

Probes. A native sidecar's startup probe makes the function wait until the collector listens, so that a Job's first
spans have somewhere to go. There is no readiness probe: it would count for the pod, and missing telemetry must not take
a function out of service. The liveness probe restarts the collector alone.
"""

from __future__ import annotations

from typing import Any

from krm_otel.collector.manifests.config_map import template_annotations
from krm_otel.collector.manifests.container import container, probes, volumes
from krm_otel.collector.manifests.ports import listening_of, port_fields, sidecar_ports
from krm_otel.collector.reading.listening import Listening
from krm_otel.collector.tiers import tiers
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a pod template gets.

    Args:
        container: the collector.
        native: the container belongs to `initContainers` (with `restartPolicy: Always`), otherwise to `containers`.
        volumes: of the pod.
        annotations: of the pod template.
        listening: all that the container listens on, declared or not.
    """

    container: dict[str, Any]
    native: bool
    volumes: tuple[dict[str, Any], ...]
    annotations: dict[str, str]
    listening: Listening


def sidecar(oaas_class: OaasClass, settings: Settings, knative: bool, *, root: bool = False) -> Sidecar:
    """The sidecar of a class with a managed collector.

    Args:
        oaas_class: the class.
        settings: its settings.
        knative: the pod is Knative's, which refuses ports, probes and `fieldRef` in a sidecar, and init containers.
        root: the pod has `runAsUser: 0`, which the container must override to start with `runAsNonRoot`.
    """
    tier = tiers(oaas_class, settings)[0]
    found = listening_of(tier)
    native = tier.collector.native_sidecar.value and not knative
    fields: dict[str, Any] = {"restartPolicy": "Always"} if native else {}
    if not knative:
        declared = port_fields(sidecar_ports(found))
        fields |= {**({"ports": declared} if declared else {}), **probes(found.health)}
    return Sidecar(
        container=container(tier, fields, downward_api=not knative, root=root),
        native=native,
        volumes=volumes(tier),
        annotations=template_annotations(tier),
        listening=found,
    )
