"""The collector's container, in a Deployment's pod and in a class's own pods."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.addresses import HEALTH_PORT, METRICS_PORT, SCRAPE_PORT
from krm_otel.collector.config.credentials import credentials
from krm_otel.collector.config.exporters import file_folder
from krm_otel.collector.config.pipelines import (
    NAMESPACE_VARIABLE,
    NODE_VARIABLE,
    QUEUE_FOLDER,
    config,
    memory_limits,
    needs_namespace,
)
from krm_otel.collector.names import CONFIG_KEY, CONTAINER
from krm_otel.collector.tiers import config_name_of
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.config.settings.collector import CollectorSettings
from krm_otel.otlp import PORTS
from krm_otel.yamltext.emit import block

VOLUME: Final = names.V_COLLECTOR
QUEUE_VOLUME: Final = "oaas-otel-collector-queue"
FILES_VOLUME: Final = "oaas-otel-collector-files"
UID: Final = 10001
"""The user of the published images; written out only where a pod would run them as root."""
_FOLDER: Final = names.mount_path(VOLUME)
_HASH: Final = 16


def config_text(oaas_class: OaasClass, settings: Settings) -> str:
    """The config as it stands in the ConfigMap."""
    return "\n".join(block(config(oaas_class, settings), 2)) + "\n"


def template_annotations(oaas_class: OaasClass, settings: Settings) -> dict[str, str]:
    """A hash of the config: the pods that read it roll when it changes, and no others."""
    text = config_text(oaas_class, settings)
    return {names.A_CONFIG_HASH: hashlib.sha256(text.encode()).hexdigest()[:_HASH]}


def volumes(oaas_class: OaasClass, settings: Settings) -> tuple[dict[str, Any], ...]:
    """The pod's volumes: the config, and certificates."""
    managed = settings.collector
    assert managed is not None
    items = [{"key": CONFIG_KEY, "path": CONFIG_KEY}]
    own = {"name": VOLUME, "configMap": {"name": config_name_of(oaas_class, managed), "items": items}}
    return own, *credentials(managed).volumes, *_queue(managed), *_files(managed)


def _queue(managed: CollectorSettings) -> list[dict[str, Any]]:
    """The volume for what waits, where that is kept in files."""
    queue = managed.queue.value
    if not queue.persistent:
        return []
    if queue.claim:
        return [{"name": QUEUE_VOLUME, "persistentVolumeClaim": {"claimName": queue.claim}}]
    return [{"name": QUEUE_VOLUME, "emptyDir": {"sizeLimit": queue.size_limit} if queue.size_limit else {}}]


def _files(managed: CollectorSettings) -> list[dict[str, Any]]:
    """A volume for each backend that is files."""
    return [
        {
            "name": f"{FILES_VOLUME}-{number}",
            **(
                {"persistentVolumeClaim": {"claimName": target.files.claim}} if target.files.claim else {"emptyDir": {}}
            ),
        }
        for number, target in enumerate(managed.files, 1)
    ]


def container(
    oaas_class: OaasClass, settings: Settings, *, downward_api: bool = True, root: bool = False
) -> dict[str, Any]:
    """What all collectors have in common; ports and probes come to it.

    Args:
        downward_api: whether the pod may tell a container its address.
        root: the pod says `runAsUser: 0`.
    """
    managed = settings.collector
    assert managed is not None
    soft, _, _ = memory_limits(managed)
    env: list[dict[str, Any]] = []
    if downward_api:
        env.append(_field("MY_POD_IP", "status.podIP"))
        if needs_namespace(oaas_class, settings):
            env.append(_field(NAMESPACE_VARIABLE, "metadata.namespace"))
        if managed.k8s_attributes:
            env.append(_field(NODE_VARIABLE, "spec.nodeName"))
    env.append({"name": "GOMEMLIMIT", "value": f"{soft}MiB"})
    known = credentials(managed)
    files = [{"name": QUEUE_VOLUME, "mountPath": QUEUE_FOLDER}] if managed.queue.value.persistent else []
    files += [
        {"name": f"{FILES_VOLUME}-{number}", "mountPath": file_folder(target)}
        for number, target in enumerate(managed.files, 1)
    ]
    resources = managed.resources.value
    return {
        "name": CONTAINER,
        "image": managed.image.value,
        "args": [f"--config={_FOLDER}/{CONFIG_KEY}"],
        "env": [*env, *known.env],
        "resources": {"requests": dict(resources.requests), "limits": dict(resources.limits)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            **({"runAsUser": UID} if root else {}),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": VOLUME, "mountPath": _FOLDER, "readOnly": True}, *known.mounts, *files],
    }


def ports(managed: CollectorSettings) -> dict[str, int]:
    """Every port that a collector listens on, by name; `health` is asked by the kubelet only."""
    scrape = {"prometheus": SCRAPE_PORT} if has_scrape(managed) else {}
    return {
        "otlp-grpc": PORTS["grpc"],
        **({} if managed.second_tier else {"otlp-http": PORTS["http"]}),
        "metrics": METRICS_PORT,
        **scrape,
        "health": HEALTH_PORT,
    }


def has_scrape(managed: CollectorSettings) -> bool:
    """Whether a Prometheus fetches the metrics that the collector was sent."""
    return any(target.value.kind == "prometheus" for target in managed.exporters.get("metrics", ()))


def probe(**timing: int) -> dict[str, Any]:
    """A question to the health check, which answers at the pod's address."""
    return {"httpGet": {"path": "/", "port": HEALTH_PORT}, **timing}


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
