"""Flavor `operator`: the same settings as objects and annotations of the OpenTelemetry Operator.

It makes the collector of an OpenTelemetryCollector (its Service is `<name>-collector`, so that addresses are those of
the flavor `native`), and sets an Instrumentation's environment in pods that ask for it by annotation (`inject-sdk`). It
sets nothing that a container has, and it encodes nothing: values of attributes are encoded here.

Sources: opentelemetry-operator v0.158, `apis/v1beta1`, `apis/v1alpha1`, and in `internal` `instrumentation`,
`manifests` and `naming`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krm_otel import names, otlp
from krm_otel.collector.config.pipelines import config, merged
from krm_otel.collector.config.telemetry import with_keys
from krm_otel.collector.manifests.container import VOLUME, container, template_annotations, volumes
from krm_otel.collector.manifests.objects import Asset, generated, labelled
from krm_otel.collector.names import HEADLESS, collector_name, operator_gateway_name
from krm_otel.collector.tiers import first_tier, name_of, second_tier
from krm_otel.config.schema.monitoring import Monitors
from krm_otel.config.settings import CollectorSettings, Endpoint, OaasClass, Settings
from krm_otel.otlp import PROTOCOLS, RATIO, SAMPLERS, decimal, encode

INJECT_PREFIX: Final = "instrumentation.opentelemetry.io/inject-"
A_INJECT_SDK: Final = f"{INJECT_PREFIX}sdk"
A_CONTAINER_NAMES: Final = "instrumentation.opentelemetry.io/container-names"
A_SIDECAR: Final = "sidecar.opentelemetry.io/inject"


def object_name(class_name: str) -> str:
    """The name of both objects: the Operator puts `-collector` behind it."""
    return collector_name(class_name).removesuffix("-collector")


def asking(oaas_class: OaasClass, settings: Settings, containers: Sequence[str], service_name: str) -> dict[str, str]:
    """What a pod template says to the Operator.

    Args:
        containers: those that are instrumented; empty where they have no names.
        service_name: of the pod; empty where its containers have several.
    """
    name = object_name(oaas_class.name)
    found = {A_INJECT_SDK: name}
    if containers:
        found[A_CONTAINER_NAMES] = ",".join(containers)
    if settings.collector is not None and settings.collector.mode.value == "sidecar":
        found[A_SIDECAR] = name
    if service_name:
        found[f"{names.A_RESOURCE_PREFIX}service.name"] = service_name
    return found


def operator_assets(oaas_class: OaasClass, settings: Settings, monitors: Monitors | None = None) -> tuple[Asset, ...]:
    """Everything that is generated for a class: its collector, where it has a managed one, and its environment.

    `monitors`: the Operator makes one of each collector, too.
    """
    made = []
    first, second = (
        first_tier(oaas_class, settings, f"{operator_gateway_name(oaas_class.name)}{HEADLESS}"),
        second_tier(settings),
    )
    if first.collector is not None:
        reason = f"the Operator runs the collector of class {oaas_class.name}"
        made.append(Asset(_watched(collector(oaas_class, first, first.collector), monitors), reason))
    if second is not None and second.collector is not None:
        reason = f"the Operator runs the second tier of class {oaas_class.name}"
        made.append(Asset(_watched(collector(oaas_class, second, second.collector), monitors), reason))
    if oaas_class.name != names.NODE_OWNER and settings.endpoint is not None:
        reason = f"the Operator sets the environment of class {oaas_class.name}"
        made.append(Asset(instrumentation(oaas_class, settings, settings.endpoint.value), reason))
    return tuple(made)


def _watched(made: dict[str, Any], monitors: Monitors | None) -> dict[str, Any]:
    """The Operator gives the labels of a collector to all that it makes of it, and so to the monitor."""
    if monitors is None:
        return made
    spec = {**made["spec"], "observability": {"metrics": {"enableMetrics": True}}}
    return labelled({**made, "spec": spec}, monitors.labels)


def collector(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    """An OpenTelemetryCollector; what it does by itself (Service, account, budget, rights) is left to it."""
    name = operator_gateway_name(oaas_class.name) if managed.second_tier else object_name(oaas_class.name)
    made = generated(
        oaas_class, "opentelemetry.io/v1beta1", "OpenTelemetryCollector", name, name_of(oaas_class, managed)
    )
    made["metadata"]["annotations"][names.A_NO_SUBSTITUTION] = "disabled"
    own = container(oaas_class, settings)
    mode = managed.mode.value
    spec: dict[str, Any] = {
        "mode": mode,
        "image": own["image"],
        # The config is written for this version: nothing is to rewrite it.
        "upgradeStrategy": "none",
        "env": own["env"],
        "resources": own["resources"],
        "securityContext": own["securityContext"],
    }
    # The Operator brings its own ConfigMap.
    if mounts := [mount for mount in own["volumeMounts"] if mount["name"] != VOLUME]:
        spec["volumeMounts"] = mounts
        spec["volumes"] = [volume for volume in volumes(oaas_class, settings) if volume["name"] != VOLUME]
    if mode != "sidecar":
        spec |= _of_its_own_pods(oaas_class, settings, managed)
    # It knows no list in the collector's own resource, and would take all of its telemetry out (its issue 5207).
    made["spec"] = {**spec, "config": with_keys(config(oaas_class, settings))}
    return made


def _of_its_own_pods(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    pod = managed.pod
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    spec: dict[str, Any] = {
        "podAnnotations": {**pod.annotations, **template_annotations(oaas_class, settings)},
        "podSecurityContext": merged(security, pod.security_context),
        "networkPolicy": {"enabled": managed.network_policy.enabled},
    }
    if managed.service_account.name:
        spec["serviceAccount"] = managed.service_account.name
    if managed.mode.value == "deployment":
        if scaling := managed.autoscaling:
            spec["autoscaler"] = {
                "minReplicas": scaling.min_replicas,
                "maxReplicas": scaling.max_replicas,
                "targetCPUUtilization": scaling.cpu,
            }
        else:
            spec["replicas"] = managed.replicas.value
    scheduling = {
        "priorityClassName": pod.priority_class_name,
        "nodeSelector": dict(pod.node_selector),
        "affinity": dict(pod.affinity),
        "tolerations": list(pod.tolerations),
    }
    return spec | {key: value for key, value in scheduling.items() if value}


def instrumentation(oaas_class: OaasClass, settings: Settings, endpoint: Endpoint) -> dict[str, Any]:
    """An Instrumentation: the environment of all workloads of a class."""
    made = generated(oaas_class, "opentelemetry.io/v1alpha1", "Instrumentation", object_name(oaas_class.name))
    groups = settings.attributes.value
    attributes = {"deployment.name": oaas_class.name}
    if groups.oaas:
        attributes["oaas.class"] = oaas_class.name
    attributes = {key: value for key, value in attributes.items() if key not in groups.drop}
    attributes |= {key: sourced.value for key, sourced in settings.resource_attributes.items()}
    # It has no field for the protocol, nor for exporters.
    env = {names.E_PROTOCOL: PROTOCOLS[endpoint.protocol]}
    env |= {
        otlp.exporter_variable(signal): "otlp" if settings.signal(signal).value else "none" for signal in otlp.SIGNALS
    }
    chosen = SAMPLERS[settings.sampling_stage.value]
    rate = {"argument": decimal(settings.sampling_rate.value)} if chosen == RATIO else {}
    made["spec"] = {
        "exporter": {"endpoint": endpoint.url},
        "propagators": list(settings.propagators.value),
        "sampler": {"type": chosen, **rate},
        "resource": {
            "addK8sUIDAttributes": groups.k8s,
            "resourceAttributes": {key: encode(value) for key, value in attributes.items()},
        },
        "env": [{"name": name, "value": value} for name, value in env.items()],
    }
    return made


def instrumented(template: Mapping[str, str]) -> list[str]:
    """The annotations of a pod template by which the Operator is asked to do something."""
    asked = [key for key in template if key.startswith(INJECT_PREFIX) or key == A_SIDECAR]
    return [key for key in asked if template[key].lower() != "false"]
