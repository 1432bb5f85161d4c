"""Secrets and certificates of a collector: variables and files of its container, and how the config refers to them.

The value of a secret is never in the config: the config has `${env:NAME}`, and the kubelet sets the variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from krm_otel import names
from krm_otel.config.settings import CollectorSettings, FileSource, SecretHeader, Target


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of one collector.

    Args:
        env: variables of the container.
        variables: (exporter's name, header) → the variable with its value.
        volumes: volumes of the pod.
        mounts: volume mounts of the container.
        paths: what is mounted → its path in the container.
    """

    env: tuple[dict[str, Any], ...]
    variables: dict[tuple[str, str], str]
    volumes: tuple[dict[str, Any], ...]
    mounts: tuple[dict[str, Any], ...]
    paths: dict[FileSource, str]


def credentials(collector: CollectorSettings) -> Credentials:
    """The credentials of a collector, in the order of its exporters."""
    targets = list(dict.fromkeys(target.value for targets in collector.exporters.values() for target in targets))
    secrets: dict[str, SecretHeader] = {}
    variables: dict[tuple[str, str], str] = {}
    for target in targets:
        for header in target.headers:
            variable = _free_variable(secrets, target.name, header)
            secrets[variable] = header
            variables[target.name, header.name] = variable
    secrets.update({variable.name: variable for variable in collector.env})
    env = tuple(
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret.secret, "key": secret.key}}}
        for name, secret in secrets.items()
    )
    return Credentials(env, variables, *_files(targets))


def _free_variable(secrets: dict[str, SecretHeader], backend: str, header: SecretHeader) -> str:
    """The name of a header's variable: an unused one, or one that has the same value already."""
    suffix = re.sub(r"[^A-Z0-9]", "_", f"{backend}_{header.name}".upper())
    preferred = f"{names.HELPER_PREFIX}HEADER_{suffix}"
    name, number = preferred, 1
    while (other := secrets.get(name)) is not None and (other.secret, other.key) != (header.secret, header.key):
        number += 1
        name = f"{preferred}_{number}"
    return name


def _files(
    targets: Iterable[Target],
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...], dict[FileSource, str]]:
    """Volumes, mounts and paths: one volume for each Secret or ConfigMap, with the keys that are needed."""
    sources = dict.fromkeys(
        source
        for target in targets
        if target.url.startswith("https://")
        for source in (target.tls.ca, target.tls.client_certificate, target.tls.client_key)
        if source is not None
    )
    by_object: dict[tuple[str, str], list[FileSource]] = {}
    for source in sources:
        by_object.setdefault((source.kind, source.name), []).append(source)
    volumes: list[dict[str, Any]] = []
    mounts: list[dict[str, Any]] = []
    paths: dict[FileSource, str] = {}
    for number, ((kind, name), files) in enumerate(by_object.items(), 1):
        volume = names.V_COLLECTOR_TLS if number == 1 else f"{names.V_COLLECTOR_TLS}-{number}"
        folder = names.mount_path(volume)
        items = [{"key": key, "path": key} for key in sorted(file.key for file in files)]
        source_kind, name_field = ("secret", "secretName") if kind == "Secret" else ("configMap", "name")
        volumes.append({"name": volume, source_kind: {name_field: name, "items": items}})
        # `readOnly` is written out: Knative's webhook fills it in, which Argo CD would show as drift.
        mounts.append({"name": volume, "mountPath": folder, "readOnly": True})
        paths.update({file: f"{folder}/{file.key}" for file in files})
    return tuple(volumes), tuple(mounts), paths
