"""Secrets and certificates of a collector: variables and files of its container, and how the config refers to them.

The value of a secret is never in the config: the config has `${env:NAME}`, and the kubelet sets the variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from krm_otel import names
from krm_otel.config.schema.credentials import Variable
from krm_otel.config.settings import CollectorSettings, FileSource, Header, Target
from krm_otel.dataclass import dataclass


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
    secrets: dict[str, Header] = {}
    variables: dict[tuple[str, str], str] = {}
    for target in targets:
        for header in target.headers:
            if header.value:
                continue
            variable = _free_variable(secrets, target.name, header)
            secrets[variable] = header
            variables[target.name, header.name] = variable
    env = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret.secret, "key": secret.key}}}
        for name, secret in secrets.items()
        if name not in collector.env
    ]
    env += [{"name": name, **_source(variable)} for name, variable in collector.env.items()]
    return Credentials(tuple(env), variables, *_files([*_target_files(targets), *_receiver_files(collector)]))


def _source(variable: Variable) -> dict[str, Any]:
    """Where a variable's value comes from, as in a container."""
    if variable.value is not None:
        return {"value": variable.value.replace("$", "$$")}  # the kubelet expands $(NAME)
    return {"valueFrom": variable.value_from}


def _free_variable(secrets: dict[str, Header], backend: str, header: Header) -> str:
    """The name of a header's variable: an unused one, or one that has the same value already."""
    suffix = re.sub(r"[^A-Z0-9]", "_", f"{backend}_{header.name}".upper())
    preferred = f"{names.HELPER_PREFIX}HEADER_{suffix}"
    name, number = preferred, 1
    while (other := secrets.get(name)) is not None and (other.secret, other.key) != (header.secret, header.key):
        number += 1
        name = f"{preferred}_{number}"
    return name


def _target_files(targets: Iterable[Target]) -> Iterator[FileSource | None]:
    """The files with which exporters connect."""
    for target in targets:
        if target.url.startswith("https://") or target.kind == "load_balancing":
            yield from (target.tls.ca, target.tls.client_certificate, target.tls.client_key)


def _receiver_files(collector: CollectorSettings) -> tuple[FileSource | None, ...]:
    """The files of the receivers: the collector's certificate, and the CA of senders."""
    tls = collector.receiver_tls
    return () if tls is None else (tls.certificate, tls.key, tls.client_ca)


def _files(
    sources: Iterable[FileSource | None],
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...], dict[FileSource, str]]:
    """Volumes, mounts and paths: one volume for each Secret or ConfigMap, with the keys that are needed."""
    by_object: dict[tuple[str, str], list[FileSource]] = {}
    for source in filter(None, dict.fromkeys(sources)):
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
