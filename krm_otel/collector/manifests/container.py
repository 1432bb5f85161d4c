"""The collector's container, in pods of its own and in a class's pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.config.build import QUEUE_FOLDER, build_config
from krm_otel.collector.config.credentials import credentials
from krm_otel.collector.config.environment import DOWNWARD, NODE_VARIABLE
from krm_otel.collector.config.exporters import file_folder
from krm_otel.collector.config.processors import memory_limits
from krm_otel.collector.naming import CONFIG_KEY, CONTAINER
from krm_otel.collector.reading.listening import Health
from krm_otel.collector.reading.references import references
from krm_otel.collector.tiers import Tier
from krm_otel.config.placement import POD_IP_VARIABLE
from krm_otel.config.schema.credentials import VariablesSource
from krm_otel.names import V_COLLECTOR, mount_path

_QUEUE_VOLUME: Final = f"{V_COLLECTOR}-queue"
_FILES_VOLUME: Final = f"{V_COLLECTOR}-files"
UID: Final = 10001
"""The user of the published images; written out only where a pod would run them as root."""
_FOLDER: Final = mount_path(V_COLLECTOR)
_FIELDS: Final = (
    *("name", "image", "imagePullPolicy", "args", "restartPolicy", "ports", "envFrom", "env", "resources"),
    *("startupProbe", "livenessProbe", "readinessProbe", "securityContext", "volumeMounts"),
)
"""The fields of a container, in the order in which they are written."""


def volumes(tier: Tier) -> tuple[dict[str, Any], ...]:
    """The pod's volumes: the config, certificates, the queue, and one for each backend that is files."""
    collector, queue = tier.collector, tier.collector.queue.value
    items = [{"key": CONFIG_KEY, "path": CONFIG_KEY}]
    config = {"name": V_COLLECTOR, "configMap": {"name": tier.config_name, "items": items}}
    queues = [_storage(_QUEUE_VOLUME, queue.claim, queue.size_limit)] if queue.persistent else []
    files = [
        _storage(f"{_FILES_VOLUME}-{number}", target.files.claim) for number, target in enumerate(collector.files, 1)
    ]
    own = [{"name": f"{V_COLLECTOR}-{name}", **volume.source()} for name, volume in collector.volumes.items()]
    return config, *credentials(collector).volumes, *queues, *files, *own


def _storage(name: str, claim: str | None, size_limit: str | None = None) -> dict[str, Any]:
    """A volume for files of the collector: an existing claim, or one that ends with the pod."""
    if claim:
        return {"name": name, "persistentVolumeClaim": {"claimName": claim}}
    return {"name": name, "emptyDir": {"sizeLimit": size_limit} if size_limit else {}}


def container(
    tier: Tier, additional: Mapping[str, Any] | None = None, *, downward_api: bool = True, root: bool = False
) -> dict[str, Any]:
    """The container of a collector.

    Args:
        tier: the collector.
        additional: further fields, such as ports and probes.
        downward_api: whether the pod may give a container its address and other fields.
        root: the pod has `runAsUser: 0`.
    """
    collector = tier.collector
    secrets, resources = credentials(collector), collector.resources.value
    env: list[dict[str, Any]] = []
    if downward_api:
        env += [_field(name, DOWNWARD[name]) for name in _downward_variables(tier)]
    env.append({"name": "GOMEMLIMIT", "value": f"{memory_limits(collector)[0]}MiB"})
    mounts = [{"name": V_COLLECTOR, "mountPath": _FOLDER, "readOnly": True}, *secrets.mounts]
    if collector.queue.value.persistent:
        mounts.append({"name": _QUEUE_VOLUME, "mountPath": QUEUE_FOLDER})
    for number, target in enumerate(collector.files, 1):
        mounts.append({"name": f"{_FILES_VOLUME}-{number}", "mountPath": file_folder(target)})
    for name, volume in collector.volumes.items():
        read_only = {"readOnly": True} if volume.secret or volume.config_map else {}
        mounts.append({"name": f"{V_COLLECTOR}-{name}", "mountPath": volume.path, **read_only})
    fields = {
        "name": CONTAINER,
        "image": collector.image.value,
        **({"imagePullPolicy": collector.image_pull_policy} if collector.image_pull_policy else {}),
        "args": [f"--config={_FOLDER}/{CONFIG_KEY}"],
        **({"envFrom": [_env_from(source) for source in collector.env_from]} if collector.env_from else {}),
        "env": [*env, *secrets.env],
        "resources": {"requests": dict(resources.requests), "limits": dict(resources.limits)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            **({"runAsUser": UID} if root else {}),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": mounts,
        **(additional or {}),
    }
    return {name: fields[name] for name in _FIELDS if name in fields}


def probes(health: Health | None) -> dict[str, Any]:
    """The probes of every collector, which ask its health check."""
    if health is None:
        return {}
    return {
        "startupProbe": probe(health, periodSeconds=1, failureThreshold=60),
        "livenessProbe": probe(health, periodSeconds=10, failureThreshold=6),
    }


def probe(health: Health, **timing: int) -> dict[str, Any]:
    """A probe that asks the health check, which answers at the pod's address."""
    scheme = {"scheme": "HTTPS"} if health.tls else {}
    return {"httpGet": {"path": health.path, "port": health.listener.address.port, **scheme}, **timing}


def _downward_variables(tier: Tier) -> list[str]:
    """The variables with fields of the pod: its address, and what else the config refers to."""
    wanted = {reference.name for _, reference in references(build_config(tier)) if reference.scheme == "env"}
    wanted.add(POD_IP_VARIABLE)
    if tier.collector.k8s_attributes:
        wanted.add(NODE_VARIABLE)
    return [name for name in DOWNWARD if name in wanted and name not in tier.collector.env]


def _env_from(source: VariablesSource) -> dict[str, Any]:
    kind, name = ("secretRef", source.secret) if source.secret else ("configMapRef", source.config_map)
    prefix = {"prefix": source.prefix} if source.prefix else {}
    return {**prefix, kind: {"name": name, **({"optional": True} if source.optional else {})}}


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
