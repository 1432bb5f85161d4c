"""Container images of single executables, as archives that containerd imports: no builder, no registry.

Format: the image specification of Docker v1.2 (`docker save`), which `ctr images import` reads.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path


def write_image(target: Path, name: str, executable: Path, command: Sequence[str] = (), user: int = 0) -> None:
    """Writes an image with one static executable, and with a `/tmp` that every user can write to.

    Args:
        target: the archive.
        name: with registry and tag, as in manifests.
        executable: the entrypoint, with `command` as its arguments.
        user: a number, which `runAsNonRoot` requires.
    """
    layer = target.with_suffix(".layer")
    with tarfile.open(layer, "w") as content:
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        content.addfile(folder)
        with executable.open("rb") as data:
            entry = content.gettarinfo(fileobj=data)
            entry.name, entry.mode, entry.mtime = executable.name, 0o755, 0
            entry.uid = entry.gid = 0
            content.addfile(entry, data)
    with layer.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    config = json.dumps(
        {
            "architecture": _architecture(),
            "os": "linux",
            "config": {"Entrypoint": [f"/{executable.name}", *command], "User": str(user), "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{digest}.tar"]}]
    with tarfile.open(target, "w") as archive:
        _add(archive, config_name, config)
        archive.add(layer, f"{digest}.tar")
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    layer.unlink()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
