"""The collector as one more container of a class's own pods.

Probes. A native sidecar's startup probe makes the function wait until the collector listens, so that a Job's first
spans have somewhere to go. There is no readiness probe: it would count for the pod, and telemetry that is away must not
take a function out of service. The liveness probe restarts the collector alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from krm_otel.collector.manifests.container import container, has_scrape, ports, probe, template_annotations, volumes
from krm_otel.collector.tiers import first_tier
from krm_otel.config.settings import OaasClass, Settings


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a pod template gets.

    `native`: the container goes to `initContainers` (it says `restartPolicy: Always`), else to `containers`.
    `annotations` are for the pod template. `ports` are all that it listens on, declared or not.
    """

    container: dict[str, Any]
    native: bool
    volumes: tuple[dict[str, Any], ...]
    annotations: dict[str, str]
    ports: tuple[int, ...] = ()


def sidecar(oaas_class: OaasClass, settings: Settings, knative: bool, *, root: bool = False) -> Sidecar:
    """The sidecar of a class.

    Args:
        knative: the pod is Knative's, which refuses ports, probes and `fieldRef` in a sidecar, and init containers.
        root: the pod says `runAsUser: 0`, which the container must overrule to start with `runAsNonRoot`.
    """
    settings = first_tier(oaas_class, settings)
    managed = settings.collector
    assert managed is not None
    native = managed.native_sidecar.value and not knative
    made = container(oaas_class, settings, downward_api=not knative, root=root)
    if not knative:
        listening = ports(managed)
        declared = [{"name": "otel-metrics", "containerPort": listening["metrics"], "protocol": "TCP"}]
        if has_scrape(managed):
            port = {"name": "otel-prometheus", "containerPort": listening["prometheus"], "protocol": "TCP"}
            declared.append(port)
        made["ports"] = declared
        made["startupProbe"] = probe(periodSeconds=1, failureThreshold=60)
        made["livenessProbe"] = probe(periodSeconds=10, failureThreshold=6)
    if native:
        made["restartPolicy"] = "Always"
    order = ("name", "image", "args", "restartPolicy", "ports", "env", "resources", "startupProbe", "livenessProbe")
    made = {key: made[key] for key in (*order, "securityContext", "volumeMounts") if key in made}
    return Sidecar(
        container=made,
        native=native,
        volumes=volumes(oaas_class, settings),
        annotations=template_annotations(oaas_class, settings),
        ports=tuple(ports(managed).values()),
    )
