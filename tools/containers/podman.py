"""podman with the settings that work in a sandbox: runc, chroot isolation for builds, its own storage.

A sandbox needs `runc` for cgroup v1, limits below its own, and the host's network for builds, because there is no other
way out. Builds that download through HTTPS get the machine's certificates as a mount.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.build import ToolError, cache_dir, require
from tools.system import install_packages, run_quietly

ROOT = Path(__file__).resolve().parents[2]
DATAPLANE = ROOT / "dataplane"
PACKAGES = {
    "podman": "podman",
    "runc": "runc",
    "debootstrap": "debootstrap",
    "catatonit": "catatonit",
}
"""Command → package of Debian that has it."""
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{home}/storage"
runroot = "{home}/run"
"""


class ContainerError(ToolError):
    """Something is missing; the message says what to do."""


def state_dir() -> Path:
    """The folder of podman's settings and storage, in the user's cache."""
    return cache_dir().parent / "containers"


def version(package: Path = ROOT / "krm_otel") -> str:
    """The version of a package, which is the tag of its images."""
    match = re.search(r'__version__ = "([^"]+)"', (package / "__init__.py").read_text())
    assert match
    return match[1]


def image() -> str:
    """The image of the function. It has a host, because kpt looks for a bare name in its own registry."""
    return f"localhost/krm-otel:{version()}"


def argocd_image() -> str:
    """The image with Argo CD's plugin server."""
    return f"localhost/krm-otel-argocd:{version()}"


def dataplane_image() -> str:
    """The image with the services of dataplane/."""
    return f"localhost/oaas-dataplane:{version(DATAPLANE / 'oaas_dataplane')}"


def environment() -> Mapping[str, str]:
    """The environment for podman, and for clients that call `docker` in its place."""
    folder = state_dir()
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "containers.conf").write_text(_CONTAINERS)
    (folder / "storage.conf").write_text(_STORAGE.format(home=folder))
    docker = folder / "bin" / "docker"  # kustomize calls it
    docker.write_text('#!/bin/sh\nexec podman "$@"\n')
    docker.chmod(0o755)
    return {
        **os.environ,
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "KPT_FN_RUNTIME": "podman",
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
    }


def build() -> list[str]:
    """Builds all images from the checkout and returns their names."""
    build_function()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy2(require("kustomize"), Path(folder, "kustomize"))
        _build(argocd_image(), ROOT, "--build-context", f"kustomize={folder}", "--target", "argocd")
    build_dataplane()
    return [image(), argocd_image(), dataplane_image()]


def build_function() -> None:
    """Builds the image of the function only."""
    install_packages(PACKAGES)
    build_base()
    _build(image(), ROOT, "--target", "krm-otel")


def build_dataplane() -> None:
    """Builds the image of dataplane/ only."""
    install_packages(PACKAGES)
    build_base()
    _build(dataplane_image(), DATAPLANE, "--build-arg", f"VERSION={dataplane_image().rsplit(':', 1)[1]}")


def _build(name: str, context: Path, *options: str) -> None:
    certificates = []
    if CERTIFICATES.exists():
        certificates = ["--volume", f"{CERTIFICATES}:/run/certificates.crt:ro"]
        certificates += ["--build-arg", "PIP_CERT=/run/certificates.crt"]
    podman(
        *("build", "--isolation", "chroot", "--network", "host", *certificates, *options),
        *("--tag", name, str(context)),
    )


def save(name: str, archive: Path) -> None:
    """Saves an image as an archive, for a container runtime without a registry."""
    podman("save", "--format", "docker-archive", "--output", str(archive), name)


def build_base() -> None:
    """Makes the image that the Dockerfile starts from, with debootstrap, unless it exists."""
    match = re.search(r"^ARG DEBIAN=(debian:(\w+)-\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert match, "the Dockerfile names its base as ARG DEBIAN=debian:<release>-<date>-slim"
    name, release = f"localhost/{match[1]}", match[2]  # podman looks there for a name without a registry
    if subprocess.run(["podman", "image", "exists", name], env=environment(), check=False).returncode == 0:
        return
    with tempfile.TemporaryDirectory(dir=state_dir()) as folder:
        root, archive = Path(folder, "root"), Path(folder, "root.tar")
        run_quietly("debootstrap", "--variant=minbase", release, str(root))
        with tarfile.open(archive, "w") as content:
            content.add(root, ".", filter=_plain_file)
        podman("import", str(archive), name)


def _plain_file(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.isdev() or entry.name.startswith(("./proc/", "./sys/")) else entry


def podman(*arguments: str, stdin: str = "") -> str:
    """Runs podman and returns what it prints."""
    return run_quietly("podman", *arguments, env=environment(), stdin=stdin)
