"""A collector's Deployment or DaemonSet, its PodDisruptionBudget and its HorizontalPodAutoscaler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krm_otel.collector.config.build import merge
from krm_otel.collector.manifests.config_map import template_annotations
from krm_otel.collector.manifests.container import UID, container, probe, probes, volumes
from krm_otel.collector.manifests.objects import Asset, new_object, tier_object
from krm_otel.collector.manifests.ports import listening_of, port_fields, ports, with_host_ports
from krm_otel.collector.manifests.rbac import has_token
from krm_otel.collector.naming import object_labels
from krm_otel.collector.tiers import Tier
from krm_otel.config.schema.collector import Pod

# A new pod exists before the old one ends, also where there is only one.
_ROLLING: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}

_ONE_AFTER_THE_OTHER: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}


def deployment(tier: Tier) -> Asset | None:
    """The Deployment of one class's collector."""
    collector = tier.collector
    if not tier.placement.has_replicas:
        return None
    spec = {
        # The autoscaler sets them, where there is one: a render would undo that.
        **({} if collector.autoscaling else {"replicas": collector.replicas.value}),
        "selector": {"matchLabels": tier.workload_selector},
        # Files of a claim are locked by the pod that has them.
        "strategy": {"type": "Recreate"} if collector.claims else _ROLLING,
        "template": _template(tier),
    }
    gateway = "collector.gateway: all spans of a trace meet in one of them"
    reason = gateway if collector.second_tier else "mode deployment: one collector for the whole class"
    data = new_object(tier.oaas_class, "apps/v1", "Deployment", tier.deployment_name, tier.name)
    return Asset(data | {"spec": spec}, reason)


def daemon_set(tier: Tier) -> Asset | None:
    """The DaemonSet of the collectors on nodes. Without a port of the node, old and new pods can run together."""
    if not tier.placement.per_node:
        return None
    selector = {"matchLabels": tier.workload_selector}
    # Two pods cannot have one port of a node.
    strategy = _ONE_AFTER_THE_OTHER if tier.collector.host_port else _ROLLING
    spec = {"selector": selector, "updateStrategy": strategy, "template": _template(tier)}
    return Asset(tier_object(tier, "apps/v1", "DaemonSet", spec=spec), "mode daemonset: one collector on each node")


def disruption_budget(tier: Tier) -> Asset | None:
    """A PodDisruptionBudget for several replicas: a drained node takes one at a time."""
    fewest = tier.collector.fewest
    if not tier.placement.has_replicas or fewest == 1:
        return None
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": tier.pod_selector}}
    data = tier_object(tier, "policy/v1", "PodDisruptionBudget", spec=spec)
    return Asset(data, f"{fewest} replicas: a drained node takes one at a time")


def autoscaler(tier: Tier) -> Asset | None:
    """A HorizontalPodAutoscaler: as many pods as the load needs."""
    autoscaling = tier.collector.autoscaling
    if not tier.placement.has_replicas or autoscaling is None:
        return None
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": tier.deployment_name},
        "minReplicas": autoscaling.min_replicas,
        "maxReplicas": autoscaling.max_replicas,
        "metrics": [_metric(name, target) for name, target in autoscaling.targets.items()],
        **({"behavior": behavior} if (behavior := autoscaling.behavior.by_name()) else {}),
    }
    field = "collector.gateway.autoscaling" if tier.collector.second_tier else "collector.autoscaling"
    return Asset(tier_object(tier, "autoscaling/v2", "HorizontalPodAutoscaler", spec=spec), f"{field}: pods by load")


def _metric(name: str, utilization: int) -> dict[str, Any]:
    """The metric of a HorizontalPodAutoscaler: a resource of all pods, in percent of their requests."""
    target = {"type": "Utilization", "averageUtilization": utilization}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def pod_fields(tier: Tier, pod_labels: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a pod that decide where it runs, and which names it resolves, as far as they are configured.

    `pod_labels` select the collector's pods.
    """
    pod = tier.collector.pod
    fields = {
        "dnsPolicy": pod.dns_policy,
        "priorityClassName": pod.priority_class_name,
        "nodeSelector": dict(pod.node_selector),
        "affinity": dict(pod.affinity),
        "tolerations": list(pod.tolerations),
        "topologySpreadConstraints": _spread_constraints(tier, pod_labels),
    }
    return {name: value for name, value in fields.items() if value}


def _spread_constraints(tier: Tier, pod_labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """How pods are spread: as configured, otherwise over nodes, where there may be several replicas."""
    constraints: Sequence[dict[str, Any]] = tier.collector.pod.topology_spread_constraints
    if not constraints and tier.placement.has_replicas and tier.collector.most > 1:
        constraints = ({"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"},)
    # A constraint without a selector counts no pods.
    selector = {"labelSelector": {"matchLabels": dict(pod_labels)}}
    return [{**constraint, **({} if "labelSelector" in constraint else selector)} for constraint in constraints]


def security_context(pod: Pod, *, fs_group: int | None = None) -> dict[str, Any]:
    """The pod's security context: without root, with the user's own part merged in."""
    group = {} if fs_group is None else {"fsGroup": fs_group}
    return merge({"runAsNonRoot": True, **group, "seccompProfile": {"type": "RuntimeDefault"}}, pod.security_context)


def _template(tier: Tier) -> dict[str, Any]:
    pod = tier.collector.pod
    metadata = {
        "labels": {**pod.labels, **object_labels(tier.oaas_class.name, tier.name, "Pod")},
        "annotations": {**pod.annotations, **template_annotations(tier)},
    }
    return {"metadata": metadata, "spec": _pod_spec(tier)}


def _pod_spec(tier: Tier) -> dict[str, Any]:
    collector, pod = tier.collector, tier.collector.pod
    spec: dict[str, Any] = {
        "serviceAccountName": collector.service_account.name or tier.name,
        "automountServiceAccountToken": has_token(tier),
        "securityContext": security_context(pod, fs_group=UID if collector.claims else None),
        "terminationGracePeriodSeconds": pod.termination_grace_period_seconds,
    }
    if pod.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": secret} for secret in pod.image_pull_secrets]
    spec |= pod_fields(tier, tier.pod_selector)
    if pod.dns_config:
        spec["dnsConfig"] = dict(pod.dns_config)
    found = listening_of(tier)
    declared = port_fields(ports(found))
    fields = {"ports": with_host_ports(declared) if collector.host_port else declared, **probes(found.health)}
    if found.health:
        fields["readinessProbe"] = probe(found.health, periodSeconds=5, failureThreshold=3)
    return {**spec, "containers": [container(tier, fields)], "volumes": list(volumes(tier))}
