"""What `krm-otel init` writes, used at once with the real client."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

from tests.support.manifests import CLASS_AND_WORKLOAD
from tests.tools.clients import Kpt, Kustomize, run, write_kustomization
from tests.tools.function import FUNCTION, injected, manifests
from tools.containers.podman import environment

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
ON_PATH = {"PATH": f"{FUNCTION.parent}{os.pathsep}{os.environ['PATH']}"}


def init(folder: Path, client: str) -> None:
    (folder / "app.yaml").write_bytes(CLASS_AND_WORKLOAD)
    run([FUNCTION, "init", folder, "--for", client]).ok()


def test_kpt(kpt: Kpt, tmp_path: Path) -> None:
    init(tmp_path, "kpt")
    kpt.render(tmp_path, env=ON_PATH).ok()
    found = [one for one in yaml.safe_load_all((tmp_path / "app.yaml").read_text()) if one]
    assert injected(found) == {"Deployment/echo": ["function"]}
    assert (tmp_path / "echo-otel.yaml").exists()


def test_kpt_beside_the_class_of_the_quickstart(kpt: Kpt, tmp_path: Path) -> None:
    """It has an endpoint of its own, which the config's exporters do not contradict."""
    package = tmp_path / "apps"
    shutil.copytree(QUICKSTART, package)
    run([FUNCTION, "init", package, "--for", "kpt"]).ok()
    kpt.render(package, env=ON_PATH).ok()
    found = injected(manifests((package / "workloads.yaml").read_bytes()))
    assert found == {"Deployment/hello-class": ["function"], "Deployment/hello-class-odgm": ["odgm"]}


def test_kustomize(kustomize: Kustomize, tmp_path: Path) -> None:
    init(tmp_path, "kustomize")
    write_kustomization(tmp_path, resources=["app.yaml"], components=["krm-otel"], namePrefix="eu-")
    built = kustomize.build(tmp_path, exec_allowed=False, env=environment()).ok()
    assert injected(manifests(built.stdout)) == {"Deployment/eu-echo": ["function"]}


def test_argo_cd(kustomize: Kustomize, tmp_path: Path) -> None:
    """Beside an installation's Deployment, the sidecar joins it."""
    init(tmp_path, "argocd")
    repo_server = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "argocd-repo-server"},
        "spec": {"template": {"spec": {"containers": [{"name": "argocd-repo-server", "image": "argocd"}]}}},
    }
    install = tmp_path.with_name(f"{tmp_path.name}-install")
    install.mkdir()
    (install / "install.yaml").write_text(yaml.safe_dump(repo_server))
    write_kustomization(install, resources=["install.yaml"], components=[f"../{tmp_path.name}"], namespace="argocd")
    found = manifests(kustomize.build(install, exec_allowed=False).ok().stdout)
    (deployment,) = [one for one in found if one["kind"] == "Deployment"]
    names = {one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]}
    assert names == {"argocd-repo-server", "krm-otel"}
    (plugin,) = [one for one in found if one["kind"] == "ConfigMap"]
    volumes = {one["name"]: one for one in deployment["spec"]["template"]["spec"]["volumes"]}
    assert volumes["krm-otel-plugin"]["configMap"]["name"] == plugin["metadata"]["name"]
    assert {one["metadata"]["namespace"] for one in found} == {"argocd"}
    assert yaml.safe_load(plugin["data"]["plugin.yaml"])["kind"] == "ConfigManagementPlugin"
