"""podman as it works in a sandbox: runc, chroot isolation for builds, storage of its own.

What it takes there: `runc` for cgroup v1, limits below the sandbox's own, and the host's network for builds, since
there is no other way out. Certificates of the machine are mounted where a build fetches through HTTPS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.build import cache_dir, require

ROOT = Path(__file__).resolve().parents[2]
DATAPLANE = ROOT / "dataplane"
PACKAGES = {
    "podman": "podman",
    "runc": "runc",
    "debootstrap": "debootstrap",
    "catatonit": "catatonit",
}
"""Command → Debian package that has it."""
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


class ContainerError(Exception):
    """Something is missing; the message tells a person what to do."""


def home() -> Path:
    return cache_dir().parent / "containers"


def version(package: Path = ROOT / "krm_otel") -> str:
    """The package's own, which its images are tagged with."""
    found = re.search(r'__version__ = "([^"]+)"', (package / "__init__.py").read_text())
    assert found
    return found[1]


def image() -> str:
    """The function's image. With a host: kpt takes a bare name for one of its own registry."""
    return f"localhost/krm-otel:{version()}"


def argocd_image() -> str:
    return f"localhost/krm-otel-argocd:{version()}"


def dataplane_image() -> str:
    """The services of dataplane/."""
    return f"localhost/oaas-dataplane:{version(DATAPLANE / 'oaas_dataplane')}"


def environment() -> Mapping[str, str]:
    """What podman, and `docker` in its stead, is to be called with."""
    where = home()
    (where / "bin").mkdir(parents=True, exist_ok=True)
    (where / "containers.conf").write_text(_CONTAINERS)
    (where / "storage.conf").write_text(_STORAGE.format(home=where))
    docker = where / "bin" / "docker"  # what kustomize calls
    docker.write_text('#!/bin/sh\nexec podman "$@"\n')
    docker.chmod(0o755)
    return {
        **os.environ,
        "CONTAINERS_CONF": str(where / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(where / "storage.conf"),
        "KPT_FN_RUNTIME": "podman",
        "PATH": f"{where / 'bin'}:{os.environ['PATH']}",
    }


def build() -> list[str]:
    """Builds the images from the checkout; their names."""
    install_packages()
    base()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy2(require("kustomize"), Path(folder, "kustomize"))
        for target, name in (("krm-otel", image()), ("argocd", argocd_image())):
            _build(name, ROOT, "--build-context", f"kustomize={folder}", "--target", target)
    build_dataplane()
    return [image(), argocd_image(), dataplane_image()]


def build_dataplane() -> None:
    install_packages()
    base()
    _build(dataplane_image(), DATAPLANE, "--build-arg", f"VERSION={dataplane_image().rsplit(':', 1)[1]}")


def _build(name: str, context: Path, *more: str) -> None:
    certificates = []
    if CERTIFICATES.exists():
        certificates = ["--volume", f"{CERTIFICATES}:/run/certificates.crt:ro"]
        certificates += ["--build-arg", "PIP_CERT=/run/certificates.crt"]
    podman(
        *("build", "--isolation", "chroot", "--network", "host", *certificates, *more),
        *("--tag", name, str(context)),
    )


def save(name: str, archive: Path) -> None:
    """An image as a file, for a container runtime that has no registry to ask."""
    podman("save", "--format", "docker-archive", "--output", str(archive), name)


def base() -> None:
    """The image that the Dockerfile starts from, by debootstrap, unless it is there."""
    found = re.search(r"^ARG DEBIAN=(debian:(\w+)-\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found, "the Dockerfile names its base as ARG DEBIAN=debian:<release>-<date>-slim"
    name, release = f"localhost/{found[1]}", found[2]  # which is how podman finds a name without a registry
    if subprocess.run(["podman", "image", "exists", name], env=environment(), check=False).returncode == 0:
        return
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        root, archive = Path(folder, "root"), Path(folder, "root.tar")
        _quietly(["debootstrap", "--variant=minbase", release, str(root)])
        with tarfile.open(archive, "w") as content:
            content.add(root, ".", filter=_plain_file)
        podman("import", str(archive), name)


def _plain_file(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.isdev() or entry.name.startswith(("./proc/", "./sys/")) else entry


def podman(*arguments: str) -> str:
    """Runs podman; what it prints."""
    return _quietly(["podman", *arguments], environment())


def install_packages() -> None:
    missing = sorted(package for command, package in PACKAGES.items() if shutil.which(command) is None)
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise ContainerError(f"containers: install {', '.join(missing)}, as Debian calls them")
    print(f"containers: installing {', '.join(missing)}", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _quietly(["apt-get", "update"])
    _quietly(["apt-get", "install", "--yes", "--no-install-recommends", *missing], environ)


def _quietly(command: list[str], environ: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContainerError(f"containers: {' '.join(command[:3])} failed\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    sys.stdout.flush()
    return done.stdout
