"""The objects that are generated for a class: one pure function for each kind."""

from __future__ import annotations

from typing import Any, Final

from krm_otel import names
from krm_otel.collector import names as own
from krm_otel.collector.config.pipelines import merged
from krm_otel.collector.manifests.container import (
    UID,
    config_text,
    container,
    ports,
    probe,
    template_annotations,
    volumes,
)
from krm_otel.collector.manifests.network_policy import network_policy
from krm_otel.collector.manifests.objects import Asset, generated, of_tier, selector
from krm_otel.collector.tiers import config_name_of, first_tier, name_of, second_tier
from krm_otel.config.schema.collector import Autoscaling
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings


def assets(oaas_class: OaasClass, settings: Settings) -> tuple[Asset, ...]:
    """Everything that is generated for a class, in order; nothing where it has no managed collector."""
    second = second_tier(settings)
    return (
        *_assets_of(oaas_class, first_tier(oaas_class, settings)),
        *(_assets_of(oaas_class, second) if second else ()),
    )


def _assets_of(oaas_class: OaasClass, settings: Settings) -> tuple[Asset, ...]:
    managed = settings.collector
    if managed is None:
        return ()
    what = "second tier" if managed.second_tier else "collector"
    made = [Asset(config_map(oaas_class, settings), f"config of the {what} of class {oaas_class.name}")]
    if managed.mode.value == "sidecar":
        return tuple(made)
    node = managed.mode.value == "daemonset"
    if node:
        made.append(Asset(daemon_set(oaas_class, settings), "mode daemonset: one collector on each node"))
    else:
        reason = "mode deployment: one collector for the whole class"
        reason = "collector.gateway: all spans of a trace meet in one of them" if managed.second_tier else reason
        made.append(Asset(deployment(oaas_class, settings), reason))
    sender = "the first tier sends" if managed.second_tier else "containers send"
    made.append(Asset(service(oaas_class, managed), f"the address that {sender} to"))
    if not managed.service_account.name:
        reason = "it may read pods" if managed.k8s_attributes else "the collector needs no rights, so it gets none"
        made.append(Asset(service_account(oaas_class, managed), reason))
    if managed.k8s_attributes:
        made.append(Asset(cluster_role(oaas_class), "k8s_attributes asks what the sending pod is called"))
        made.append(Asset(cluster_role_binding(oaas_class, managed), "the collector's account gets that right"))
    if managed.network_policy.enabled:
        reason = "only pods of classes may send" if node else "only the class's own pods may send"
        reason = "only the first tier may send" if managed.second_tier else reason
        made.append(Asset(network_policy(oaas_class, managed), reason))
    if managed.fewest > 1 and not node:
        reason = f"{managed.fewest} replicas: a drained node takes one at a time"
        made.append(Asset(disruption_budget(oaas_class, managed), reason))
    if managed.autoscaling and not node:
        name = "collector.gateway.autoscaling" if managed.second_tier else "collector.autoscaling"
        made.append(Asset(autoscaler(oaas_class, managed, managed.autoscaling), f"{name}: pods by load"))
    return tuple(made)


def config_map(oaas_class: OaasClass, settings: Settings) -> dict[str, Any]:
    """The collector's config."""
    managed = settings.collector
    assert managed is not None
    made = of_tier(oaas_class, managed, "v1", "ConfigMap", config_name_of(oaas_class, managed))
    made["metadata"]["annotations"][names.A_NO_SUBSTITUTION] = "disabled"
    made["data"] = {own.CONFIG_KEY: config_text(oaas_class, settings)}
    return made


# A new pod is there before the old one goes, also where there is only one.
_ROLLING: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def deployment(oaas_class: OaasClass, settings: Settings) -> dict[str, Any]:
    """The collector itself."""
    managed = settings.collector
    assert managed is not None
    made = of_tier(oaas_class, managed, "apps/v1", "Deployment")
    made["spec"] = {
        # The autoscaler's business, where there is one: a render would set it back.
        **({} if managed.autoscaling else {"replicas": managed.replicas.value}),
        "selector": {"matchLabels": selector(oaas_class, managed)},
        # Files of a claim are locked by the pod that has them.
        "strategy": {"type": "Recreate"} if managed.claims else _ROLLING,
        "template": _template(oaas_class, settings, managed),
    }
    return made


def daemon_set(oaas_class: OaasClass, settings: Settings) -> dict[str, Any]:
    """The collectors of all nodes. They need no port of the node, so a new one can start beside the old one."""
    managed = settings.collector
    assert managed is not None
    made = of_tier(oaas_class, managed, "apps/v1", "DaemonSet")
    made["spec"] = {
        "selector": {"matchLabels": selector(oaas_class, managed)},
        "updateStrategy": _ROLLING,
        "template": _template(oaas_class, settings, managed),
    }
    return made


def _template(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    metadata = {
        "labels": {**managed.pod.labels, **own.labels(oaas_class.name, name_of(oaas_class, managed))},
        "annotations": {**managed.pod.annotations, **template_annotations(oaas_class, settings)},
    }
    return {"metadata": metadata, "spec": _pod_spec(oaas_class, settings, managed)}


def _pod_spec(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    pod, name = managed.pod, name_of(oaas_class, managed)
    spec: dict[str, Any] = {
        "serviceAccountName": managed.service_account.name or name,
        "automountServiceAccountToken": managed.k8s_attributes,
        "securityContext": merged(
            {
                "runAsNonRoot": True,
                **({"fsGroup": UID} if managed.claims else {}),
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            pod.security_context,
        ),
        "terminationGracePeriodSeconds": 30,
    }
    if pod.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": secret} for secret in pod.image_pull_secrets]
    if pod.priority_class_name:
        spec["priorityClassName"] = pod.priority_class_name
    if pod.node_selector:
        spec["nodeSelector"] = dict(pod.node_selector)
    if pod.affinity:
        spec["affinity"] = dict(pod.affinity)
    if pod.tolerations:
        spec["tolerations"] = list(pod.tolerations)
    if managed.most > 1 and managed.mode.value == "deployment":
        spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
        selected = {"labelSelector": {"matchLabels": selector(oaas_class, managed)}}
        spec["topologySpreadConstraints"] = [{**spread, **selected}]
    spec["containers"] = [_container(oaas_class, settings, managed)]
    spec["volumes"] = list(volumes(oaas_class, settings))
    return spec


def _container(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    made = container(oaas_class, settings)
    made["ports"] = [
        {"name": name, "containerPort": port, "protocol": "TCP"}
        for name, port in ports(managed).items()
        if name != "health"
    ]
    made["startupProbe"] = probe(periodSeconds=1, failureThreshold=60)
    made["livenessProbe"] = probe(periodSeconds=10, failureThreshold=6)
    made["readinessProbe"] = probe(periodSeconds=5, failureThreshold=3)
    order = ("name", "image", "args", "ports", "env", "resources", "startupProbe", "livenessProbe", "readinessProbe")
    return {key: made[key] for key in (*order, "securityContext", "volumeMounts")}


def service(oaas_class: OaasClass, managed: CollectorSettings) -> dict[str, Any]:
    """The address of the collector."""
    protocols = {"otlp-grpc": "grpc"}  # meshes go by it; everything else is HTTP
    made = of_tier(oaas_class, managed, "v1", "Service")
    made["spec"] = {
        "type": "ClusterIP",
        # The first tier asks for the address of each pod.
        **({"clusterIP": "None"} if managed.second_tier else {}),
        # Every pod reaches the collector of its own node, without a port of the node.
        **({"internalTrafficPolicy": "Local"} if managed.mode.value == "daemonset" else {}),
        "selector": selector(oaas_class, managed),
        "ports": [
            {
                "name": name,
                "port": port,
                "targetPort": name,
                "protocol": "TCP",
                "appProtocol": protocols.get(name, "http"),
            }
            for name, port in ports(managed).items()
            if name != "health"
        ],
    }
    return made


def service_account(oaas_class: OaasClass, managed: CollectorSettings) -> dict[str, Any]:
    """An identity without rights and without a token."""
    made = of_tier(oaas_class, managed, "v1", "ServiceAccount")
    made["metadata"]["annotations"] = {
        **managed.service_account.annotations,
        **made["metadata"]["annotations"],
    }
    made["automountServiceAccountToken"] = False
    return made


def cluster_role(oaas_class: OaasClass) -> dict[str, Any]:
    """The right to see pods, and nothing else; of other nodes', too: RBAC knows no nodes."""
    made = generated(oaas_class, "rbac.authorization.k8s.io/v1", "ClusterRole", own.collector_name(oaas_class.name))
    made["metadata"].pop("namespace")
    made["rules"] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    return made


def cluster_role_binding(oaas_class: OaasClass, managed: CollectorSettings) -> dict[str, Any]:
    """Gives it to the collector's account."""
    name = own.collector_name(oaas_class.name)
    made = generated(oaas_class, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name)
    made["metadata"].pop("namespace")
    made["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    account = managed.service_account.name or name
    made["subjects"] = [{"kind": "ServiceAccount", "name": account, "namespace": oaas_class.namespace}]
    return made


def disruption_budget(oaas_class: OaasClass, managed: CollectorSettings) -> dict[str, Any]:
    """A drained node takes one replica at a time."""
    made = of_tier(oaas_class, managed, "policy/v1", "PodDisruptionBudget")
    made["spec"] = {"maxUnavailable": 1, "selector": {"matchLabels": selector(oaas_class, managed)}}
    return made


def autoscaler(oaas_class: OaasClass, managed: CollectorSettings, scaling: Autoscaling) -> dict[str, Any]:
    """As many pods as the load needs."""
    name = name_of(oaas_class, managed)
    target = {"type": "Utilization", "averageUtilization": scaling.cpu}
    made = of_tier(oaas_class, managed, "autoscaling/v2", "HorizontalPodAutoscaler")
    made["spec"] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return made
