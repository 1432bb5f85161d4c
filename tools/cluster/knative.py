"""Knative Serving on the cluster: its control plane, from the Go module in the version that tools/build.py pins.

There is no ingress, so Routes stay Unknown. The Service of a Revision, `<revision>-private`, can be called.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from tools.build import TOOLS_DIR, require
from tools.cluster import cluster
from tools.system import run_quietly

PARTS = ("controller", "webhook", "autoscaler", "activator", "queue")
_IMAGE = "dev.local/knative-{}:1"
_SETTINGS = {
    "config-network": {"ingress-class": "none"},
    # There is no registry that knows the digest of a tag.
    "config-deployment": {"registries-skipping-tag-resolving": "dev.local,localhost,index.docker.io"},
}
_FIRST = ("100-namespace", "200-")
"""Beginnings of file names: the namespace, roles and accounts, which are applied first, like definitions."""


def install() -> None:
    """Starts the cluster, applies Knative Serving and waits until it is available; a second call only waits."""
    cluster.up()
    if cluster.succeeds(*cluster.inside(*_kubectl("get", "deployment", "webhook", "--namespace", "knative-serving"))):
        _wait()
        return
    cluster.log("Knative Serving: images")
    for part in PARTS:
        cluster.load_image(_IMAGE.format(part), require(f"knative-{part}"), user=65532)
    cluster.log("Knative Serving: manifests")
    first, rest = _manifests()
    _apply(first)
    _kubectl_inside("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    _apply(rest)
    for name, data in _SETTINGS.items():
        patch = ("patch", "configmap", name, "--type", "merge", "--patch", json.dumps({"data": data}))
        command = cluster.inside(*_kubectl(*patch, "--namespace", "knative-serving"))
        # The webhook that checks it may have registered itself, and not be reachable yet.
        cluster.wait(name, partial(cluster.succeeds, *command), lambda: True)
    _wait()


def _wait() -> None:
    cluster.log("Knative Serving: waiting for its deployments")
    _in_serving("wait", "--for=condition=Available", "deployment", "--all", "--timeout=240s")


def _manifests() -> tuple[str, str]:
    """The manifests to apply first (definitions, namespace, roles), and all others.

    Some files are links in the repository, and the zip of a Go module has no links: those come from the other modules.
    """
    serving, *others = (
        sorted((_folder(f"knative.dev/{module}") / "config" / below).rglob("*.yaml"))
        for module, below in (("serving", "core"), ("networking", "."), ("caching", "."))
    )
    files = [file for file in [*serving, *chain(*others)] if "999-cache" not in file.name]

    def is_first(file: Path) -> bool:
        return "kind: CustomResourceDefinition" in file.read_text() or any(part in str(file) for part in _FIRST)

    image = _IMAGE.format(r"\1")
    texts = ("\n---\n".join(f.read_text() for f in files if is_first(f) is first) for first in (True, False))
    first, rest = (re.sub(r"ko://knative\.dev/serving/cmd/(\w+)", image, text) for text in texts)
    return first, rest


def _folder(module: str) -> Path:
    """The folder of a module of tools/go/knative; it is downloaded if it is missing."""
    version = next(_versions(module))
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    done = subprocess.run(command, cwd=TOOLS_DIR / "go" / "knative", capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])


def _versions(module: str) -> Iterator[str]:
    for line in (TOOLS_DIR / "go" / "knative" / "go.mod").read_text().splitlines():
        words = line.removeprefix("require ").split()
        if words[:1] == [module]:
            yield words[1]


def _kubectl(*arguments: str) -> list[str]:
    return ["kubectl", "--kubeconfig", str(cluster.KUBECONFIG), *arguments]


def _kubectl_inside(*arguments: str) -> None:
    run_quietly(*cluster.inside(*_kubectl(*arguments)))


def _in_serving(*arguments: str) -> None:
    _kubectl_inside("--namespace", "knative-serving", *arguments)


def _apply(text: str) -> None:
    command = cluster.inside(*_kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-"))
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise cluster.ClusterError(f"Knative Serving cannot be applied:\n{done.stderr}")
