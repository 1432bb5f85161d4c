"""Whether the files that the user's part names can be there: the container's file system is read-only, and nothing is
in it but what is mounted and what the image has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.manifests.rbac import has_token
from krm_otel.collector.reading.structure import mapping, member, names_in, type_of, used
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.rules import merged_config as rules

_ALWAYS: Final = ("/dev/", "/proc/", "/sys/")
_IN_IMAGES: Final = ("/etc/ssl/certs/ca-certificates.crt",)
"""What the published images have: root certificates (`opentelemetry-collector-releases`, Dockerfile)."""
_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount/"
_READ: Final = ("filename", "root_path")
_LOGS: Final = ("filelog", "file_log")


def mounted(deployed: Deployed, path: str, *, writable: bool = False) -> bool:
    """Whether a path may be there: below a mount, or a part of every container."""
    if path.startswith(_ALWAYS):
        return True
    if not writable and path.startswith(_TOKEN):
        return has_token(deployed.tier) or deployed.tier.placement.in_class_pods
    if not writable and path in _IN_IMAGES:
        return True
    mounts = [mount for mount in deployed.container["volumeMounts"] if not (writable and mount.get("readOnly"))]
    return any(f"{path}/".startswith(f"{mount['mountPath']}/") for mount in mounts)


def file_problems(deployed: Deployed) -> Iterator[Problem]:
    """Files to read that nothing mounts, and files to write in a read-only file system."""
    config = deployed.config
    for steps, path in _read(deployed.own, ()):
        if not mounted(deployed, path):
            text = f"is {path}, a file that nothing mounts into the collector's container"
            fix = f"write {volume_for(path, 'secret: <name>')}"
            yield Problem(rules.CONFIG_FILE, steps, text, fix, deployed.uncertain)
    for component in used(config, "receivers"):
        if type_of(component) in _LOGS:
            for index, path in enumerate(names_in(member(config, "receivers", component, "include"))):
                if not mounted(deployed, path):
                    text = f"is {path}, and nothing mounts that folder into the collector's container"
                    steps = ("receivers", component, "include", index)
                    fix = f"write {volume_for(path.partition('*')[0], 'claim: <name>')}, or leave it out"
                    yield Problem(rules.CONFIG_FILE, steps, text, fix)
    for steps, path, fix in _written(deployed):
        if not mounted(deployed, path, writable=True) and "${" not in path:
            text = f"is {path}, and the collector's file system is read-only there"
            yield Problem(rules.CONFIG_FILE, steps, text, fix)


def volume_for(path: str, source: str) -> str:
    """The volume that would have a file, as the OTelConfig spells it."""
    folder = path.rpartition("/")[0] or "/<folder>"
    return f"collector.volumes.<name>: {{path: {folder}, {source}}}"


def _read(value: Any, steps: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Paths of files that components read, by the names of their fields."""
    if isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _read(entry, (*steps, index))
        return
    for key, inside in mapping(value).items():
        here = (*steps, str(key))
        if not isinstance(inside, str):
            yield from _read(inside, here)
        elif (str(key).endswith("_file") or key in _READ or here[-2:] == ("htpasswd", "file")) and inside[:1] == "/":
            yield here, inside


def _written(deployed: Deployed) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    """Paths that components write: place, path, and what to write instead."""
    config = deployed.config
    for component in used(config, "exporters"):
        path = member(config, "exporters", component, "path")
        if type_of(component) == "file" and isinstance(path, str):
            fix = f"write {volume_for(path, 'empty_dir: true')}, or a backend of type file"
            yield ("exporters", component, "path"), path, fix
    for component in names_in(member(config, "service", "extensions")):
        directory = member(config, "extensions", component, "directory")
        if type_of(component) == "file_storage":
            fix = "write collector.queue: {persistent: true}, which has a volume, or collector.volumes"
            # Its default: contrib's extension/storage/filestorage, factory_others.go
            yield ("extensions", component, "directory"), str(directory or "/var/lib/otelcol/file_storage"), fix
