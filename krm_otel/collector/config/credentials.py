"""Secrets and certificates of a collector: variables and files of its container, and what the config calls them.

A secret's value never stands in the config: the config says `${env:NAME}`, the kubelet fills the variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from krm_otel import names
from krm_otel.config.settings import FileSource, SecretHeader
from krm_otel.config.settings.collector import CollectorSettings, Target


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a container gets, and how its config refers to it.

    `variables` are by (exporter's name, header), `paths` by what is mounted.
    """

    env: tuple[dict[str, Any], ...]
    variables: dict[tuple[str, str], str]
    volumes: tuple[dict[str, Any], ...]
    mounts: tuple[dict[str, Any], ...]
    paths: dict[FileSource, str]


def credentials(managed: CollectorSettings) -> Credentials:
    """The credentials of a collector, in the order of its exporters."""
    targets = list(dict.fromkeys(target.value for group in managed.exporters.values() for target in group))
    sources: dict[str, SecretHeader] = {}
    variables: dict[tuple[str, str], str] = {}
    for target in targets:
        for header in target.headers:
            variables[target.name, header.name] = _variable(sources, target.name, header)
    sources.update({source.name: source for source in managed.env})
    env = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": source.secret, "key": source.key}}}
        for name, source in sources.items()
    ]
    volumes, mounts, paths = _files(targets)
    return Credentials(tuple(env), variables, volumes, mounts, paths)


def _variable(taken: dict[str, SecretHeader], backend: str, header: SecretHeader) -> str:
    """A free name for a header's variable; one that already holds the same is used again."""
    wish = re.sub(r"[^A-Z0-9]", "_", f"{backend}_{header.name}".upper())
    name, number = f"{names.HELPER_PREFIX}HEADER_{wish}", 1
    while (other := taken.get(name)) is not None and (other.secret, other.key) != (header.secret, header.key):
        number += 1
        name = f"{names.HELPER_PREFIX}HEADER_{wish}_{number}"
    taken[name] = header
    return name


def _sources(targets: Iterable[Target]) -> Iterator[FileSource]:
    for target in targets:
        if not target.url.startswith("https://"):
            continue
        tls = target.tls
        yield from (source for source in (tls.ca, tls.client_certificate, tls.client_key) if source is not None)


def _files(
    targets: Iterable[Target],
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...], dict[FileSource, str]]:
    """One volume for each Secret or ConfigMap, with the keys that are needed."""
    keys: dict[tuple[str, str], list[FileSource]] = {}
    for source in dict.fromkeys(_sources(targets)):
        keys.setdefault((source.kind, source.name), []).append(source)
    volumes: list[dict[str, Any]] = []
    mounts: list[dict[str, Any]] = []
    paths: dict[FileSource, str] = {}
    for number, ((kind, name), sources) in enumerate(keys.items(), 1):
        volume = names.V_COLLECTOR_TLS if number == 1 else f"{names.V_COLLECTOR_TLS}-{number}"
        folder = names.mount_path(volume)
        items = [{"key": key, "path": key} for key in sorted(source.key for source in sources)]
        if kind == "Secret":
            volumes.append({"name": volume, "secret": {"secretName": name, "items": items}})
        else:
            volumes.append({"name": volume, "configMap": {"name": name, "items": items}})
        # `readOnly` is written out: Knative's webhook fills it in, which Argo CD would show as drift.
        mounts.append({"name": volume, "mountPath": folder, "readOnly": True})
        paths.update({source: f"{folder}/{source.key}" for source in sources})
    return tuple(volumes), tuple(mounts), paths
