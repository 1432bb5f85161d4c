"""Container images from executables, without a builder and without a registry: archives that containerd imports.

Format: the image specification of Docker v1.2 (`docker save`), which `ctr images import` reads.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path


def write_image(target: Path, name: str, executable: Path, command: Sequence[str] = (), user: int = 0) -> None:
    """An image that holds one static executable, and `/tmp` for whom it wants to write.

    Args:
        target: the archive.
        name: with registry and tag, as manifests call it.
        executable: becomes the entrypoint, with `command` behind it.
        user: numeric, as `runAsNonRoot` wants it.
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
    import platform

    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
