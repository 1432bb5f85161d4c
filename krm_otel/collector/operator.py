"""Flavor `operator`: the same settings as objects and annotations of the OpenTelemetry Operator.

The Operator creates the collector of an OpenTelemetryCollector (its Service is `<name>-collector`, so addresses are
those of flavor `native`), and sets an Instrumentation's environment in pods that ask for it by annotation
(`inject-sdk`). It sets no variable that a container already has, and it encodes nothing: values of attributes are
encoded here.

Sources: opentelemetry-operator v0.158, `apis/v1beta1`, `apis/v1alpha1`, and in `internal` `instrumentation`
(`OTEL_NODE_IP`), `manifests` (`hostPort` of `spec.ports`) and `naming`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.config.build import build_config
from krm_otel.collector.config.service_telemetry import with_resource_keys
from krm_otel.collector.manifests.config_map import template_annotations
from krm_otel.collector.manifests.container import container, volumes
from krm_otel.collector.manifests.objects import Asset, new_object, with_labels
from krm_otel.collector.manifests.ports import host_ports, listening_of, ports
from krm_otel.collector.manifests.workload import pod_fields, security_context
from krm_otel.collector.naming import HEADLESS, operator_gateway_name, operator_name
from krm_otel.collector.tiers import Tier, tiers
from krm_otel.config.schema.monitoring import Monitors
from krm_otel.config.settings import Endpoint, OaasClass, Settings
from krm_otel.config.types.endpoint import host_variable, is_node_address
from krm_otel.otlp import PROTOCOLS, RATIO, SAMPLERS, SIGNALS, decimal, encode, exporter_variable

_TARGETS: Final = {"cpu": "targetCPUUtilization", "memory": "targetMemoryUtilization"}


def operator_annotations(
    oaas_class: OaasClass, settings: Settings, containers: Sequence[str], service_name: str
) -> dict[str, str]:
    """The annotations of a pod template that ask the Operator for a class's environment and sidecar.

    Args:
        oaas_class: the class.
        settings: its settings.
        containers: the names of those that are instrumented; empty where they have none.
        service_name: of the pod; empty where its containers have several.
    """
    name = operator_name(oaas_class.name)
    annotations = {names.A_INJECT_SDK: name}
    if containers:
        annotations[names.A_CONTAINER_NAMES] = ",".join(containers)
    if settings.collector is not None and settings.collector.placement.in_class_pods:
        annotations[names.A_SIDECAR] = name
    if service_name:
        annotations[f"{names.A_RESOURCE_PREFIX}service.name"] = service_name
    return annotations


def operator_assets(oaas_class: OaasClass, settings: Settings, monitors: Monitors | None = None) -> tuple[Asset, ...]:
    """Everything that is generated for a class: its managed collectors, if it has any, and its environment.

    With `monitors`, the Operator also creates a monitor of each collector.
    """
    class_name, assets = oaas_class.name, []
    for tier in tiers(oaas_class, settings, f"{operator_gateway_name(class_name)}{HEADLESS}"):
        collector = "second tier" if tier.collector.second_tier else "collector"
        data = _opentelemetry_collector(tier)
        if monitors is not None:
            data["spec"]["observability"] = {"metrics": {"enableMetrics": True}}
            # The Operator copies the collector's labels to all objects that it creates for it, also to the monitor.
            data = with_labels(data, monitors.labels)
        assets.append(Asset(data, f"the Operator runs the {collector} of class {class_name}"))
    if class_name != names.NODE_OWNER and settings.endpoint is not None:
        data = _instrumentation(oaas_class, settings, settings.endpoint.value)
        assets.append(Asset(data, f"the Operator sets the environment of class {class_name}"))
    return tuple(assets)


def _opentelemetry_collector(tier: Tier) -> dict[str, Any]:
    """An OpenTelemetryCollector. The Operator creates the Service, account, budget and rights by itself."""
    oaas_class, collector = tier.oaas_class, tier.collector
    name = operator_gateway_name(oaas_class.name) if collector.second_tier else operator_name(oaas_class.name)
    kind = "OpenTelemetryCollector"
    data = new_object(oaas_class, "opentelemetry.io/v1beta1", kind, name, tier.name, substitute=False)
    fields = container(tier)
    spec: dict[str, Any] = {
        "mode": collector.mode.value,
        **{field: fields[field] for field in ("image", "imagePullPolicy", "envFrom") if field in fields},
        # The config is written for this version: the Operator must not rewrite it.
        "upgradeStrategy": "none",
        **{field: fields[field] for field in ("env", "resources", "securityContext")},
    }
    # The Operator creates its own ConfigMap, with a volume for it.
    if mounts := [mount for mount in fields["volumeMounts"] if mount["name"] != names.V_COLLECTOR]:
        spec["volumeMounts"] = mounts
        spec["volumes"] = [volume for volume in volumes(tier) if volume["name"] != names.V_COLLECTOR]
    if tier.placement.has_service:
        spec |= _own_pods(tier, data["metadata"]["labels"])
    # The Operator knows no list in the collector's own resource, and would drop all of its telemetry (its issue 5207).
    data["spec"] = {**spec, "config": with_resource_keys(build_config(tier))}
    return data


def _own_pods(tier: Tier, labels: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a collector in pods of its own; `labels` are those of the OpenTelemetryCollector."""
    collector, pod = tier.collector, tier.collector.pod
    spec: dict[str, Any] = {
        "podAnnotations": {**pod.annotations, **template_annotations(tier)},
        "podSecurityContext": security_context(pod),
        "networkPolicy": {"enabled": collector.network_policy.enabled},
    }
    if collector.host_port:
        spec["ports"] = host_ports(ports(listening_of(tier)))
    if collector.service_account.name:
        spec["serviceAccount"] = collector.service_account.name
    if tier.placement.has_replicas and (autoscaling := collector.autoscaling):
        targets = {_TARGETS[name]: target for name, target in autoscaling.targets.items()}
        limits = {"minReplicas": autoscaling.min_replicas, "maxReplicas": autoscaling.max_replicas}
        spec["autoscaler"] = {**limits, **targets}
        if behavior := autoscaling.behavior.by_name():
            spec["autoscaler"]["behavior"] = behavior
    elif tier.placement.has_replicas:
        spec["replicas"] = collector.replicas.value
    if pod.written("termination_grace_period_seconds"):
        spec["terminationGracePeriodSeconds"] = pod.termination_grace_period_seconds
    if pod.dns_config:
        spec["podDnsConfig"] = dict(pod.dns_config)
    # The Operator gives the pods the labels of this object, but for some of app.kubernetes.io.
    owned = {key: labels[key] for key in (names.L_OWNED_BY, names.L_COMPONENT)}
    return spec | pod_fields(tier, owned)


def _further_variables(settings: Settings) -> list[dict[str, Any]]:
    """`telemetry.env`, as the Operator copies it into containers: the kubelet expands $(NAME) in a value."""
    variables = ((name, sourced.value) for name, sourced in settings.env.items())
    return [
        {"name": name, "valueFrom": source}
        if (source := variable.value_from)
        else {"name": name, "value": (variable.value or "").replace("$", "$$")}
        for name, variable in variables
    ]


def _expanded_by_operator(url: str) -> str:
    """An endpoint in which the address of the node is the variable that the Operator puts first in every container."""
    name = host_variable(url)
    return url.replace(f"$({name})", "$(OTEL_NODE_IP)") if name and is_node_address(name) else url


def _instrumentation(oaas_class: OaasClass, settings: Settings, endpoint: Endpoint) -> dict[str, Any]:
    """An Instrumentation: the environment of all workloads of a class."""
    data = new_object(oaas_class, "opentelemetry.io/v1alpha1", "Instrumentation", operator_name(oaas_class.name))
    groups = settings.attributes.value
    attributes = {"deployment.name": oaas_class.name, **(oaas_class.attributes if groups.oaas else {})}
    attributes = {key: value for key, value in attributes.items() if key not in groups.drop}
    attributes |= {key: sourced.value for key, sourced in settings.resource_attributes.items()}
    # An Instrumentation has no field for the protocol, nor for exporters.
    env = {names.E_PROTOCOL: PROTOCOLS[endpoint.protocol]}
    for signal in SIGNALS:
        env[exporter_variable(signal)] = "otlp" if settings.signal(signal).value else "none"
    sampler = SAMPLERS[settings.sampling_stage.value]
    rate = {"argument": decimal(settings.sampling_rate.value)} if sampler == RATIO else {}
    data["spec"] = {
        "exporter": {"endpoint": _expanded_by_operator(endpoint.url)},
        "propagators": list(settings.propagators.value),
        "sampler": {"type": sampler, **rate},
        "resource": {
            "addK8sUIDAttributes": groups.k8s,
            "resourceAttributes": {key: encode(value) for key, value in attributes.items()},
        },
        "env": [{"name": name, "value": value} for name, value in env.items()] + _further_variables(settings),
    }
    return data
