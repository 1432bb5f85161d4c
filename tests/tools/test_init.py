"""What `krm-otel init` writes and prints, used at once with the real client: its commands run as they are printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.manifests import CLASS_AND_WORKLOAD
from tests.tools.clients import Answer, Kustomize, run, write_kptfile, write_kustomization
from tests.tools.function import FUNCTION, injected, manifests
from tools.build import require

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "examples" / "quickstart"
COMMANDS = ("kpt", "kustomize", "krm-otel", "helm", "cd")
INJECTED = {"Deployment/echo": ["function"]}
NO_CLASS = "no ClassRuntime in the input"

Environment = dict[str, str]


@pytest.fixture
def machine(tmp_path: Path) -> Environment:
    """Variables of a machine that has the installed package and the clients, each under its own name."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, tool in (("kpt", "kpt"), ("kustomize", "kustomize"), ("helm", "helm3")):
        (programs / name).symlink_to(require(tool))
    (programs / "krm-otel").symlink_to(FUNCTION)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPRC_", "KRM_OTEL_"))}
    return {**kept, "HOME": str(tmp_path / "home"), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def init(folder: Path, client: str, machine: Environment) -> list[str]:
    """The commands that it prints at the end. The user is in the folder above, as in all of these tests."""
    folder.mkdir(exist_ok=True)
    done = shell(f"krm-otel init {folder.name} --for {client}", folder, machine).ok()
    _, _, left = done.stdout.decode().partition("Left to do:\n")
    joined = left.replace("\\\n", "")
    return [line.strip() for line in joined.splitlines() if line.startswith("     ") and line.split()[0] in COMMANDS]


def shell(command: str, folder: Path, machine: Environment) -> Answer:
    done = subprocess.run(["bash", "-c", command], cwd=folder.parent, env=machine, capture_output=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr.decode())


def with_manifests(folder: Path) -> Path:
    folder.mkdir()
    (folder / "app.yaml").write_bytes(CLASS_AND_WORKLOAD)
    return folder


def everything_in(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("*.yaml")):
        yield from (one for one in yaml.safe_load_all(file.read_text()) if one)


# ------------------------------------------------------------------------------------------------------------ kpt


def test_kpt(tmp_path: Path, machine: Environment) -> None:
    folder = with_manifests(tmp_path / "shop")
    (command,) = init(folder, "kpt", machine)
    shell(command, folder, machine).ok()
    assert injected(everything_in(folder)) == INJECTED
    assert (folder / "echo-otel.yaml").exists()


def test_kpt_in_an_empty_folder(tmp_path: Path, machine: Environment) -> None:
    (command,) = init(tmp_path / "shop", "kpt", machine)
    assert NO_CLASS in shell(command, tmp_path / "shop", machine).ok().stderr


def test_kpt_beside_the_class_of_the_quickstart(tmp_path: Path, machine: Environment) -> None:
    """It has an endpoint of its own, which the config's exporters do not contradict."""
    package = tmp_path / "apps"
    shutil.copytree(QUICKSTART, package)
    (command,) = init(package, "kpt", machine)
    shell(command, package, machine).ok()
    found = injected(manifests((package / "workloads.yaml").read_bytes()))
    assert found == {"Deployment/hello-class": ["function"], "Deployment/hello-class-odgm": ["odgm"]}


def test_kpt_with_a_kptfile_of_ones_own(tmp_path: Path, machine: Environment) -> None:
    """What the last lines say to add is right."""
    folder = with_manifests(tmp_path / "shop")
    write_kptfile(folder)
    text = shell("krm-otel init shop --for kpt", folder, machine).ok().stdout.decode()
    (addition,) = re.findall(r"pipeline:\n(?: {7}.*\n)+", text)
    with (folder / "Kptfile").open("a") as file:
        file.write(addition)
    (command,) = init(folder, "kpt", machine)
    shell(command, folder, machine).ok()
    assert injected(everything_in(folder)) == INJECTED


# ------------------------------------------------------------------------------------------------------ kustomize


def test_kustomize(tmp_path: Path, machine: Environment) -> None:
    folder = with_manifests(tmp_path / "shop")
    (command,) = init(folder, "kustomize", machine)
    assert injected(manifests(shell(command, folder, machine).ok().stdout)) == INJECTED


def test_kustomize_in_an_empty_folder(tmp_path: Path, machine: Environment) -> None:
    (command,) = init(tmp_path / "shop", "kustomize", machine)
    assert NO_CLASS in shell(command, tmp_path / "shop", machine).ok().stderr


def test_kustomize_in_an_overlay_of_ones_own(tmp_path: Path, machine: Environment) -> None:
    folder = with_manifests(tmp_path / "shop")
    write_kustomization(folder, resources=["app.yaml"], namePrefix="eu-")
    text = shell("krm-otel init shop --for kustomize", folder, machine).ok().stdout.decode()
    assert "components:\n       - krm-otel\n" in text
    write_kustomization(folder, resources=["app.yaml"], namePrefix="eu-", components=["krm-otel"])
    (command,) = init(folder, "kustomize", machine)
    assert injected(manifests(shell(command, folder, machine).ok().stdout)) == {"Deployment/eu-echo": ["function"]}


# ----------------------------------------------------------------------------------------------------------- Helm


@pytest.mark.parametrize("version", [3, 4])
def test_helm(tmp_path: Path, machine: Environment, version: int) -> None:
    folder = tmp_path / "shop"
    (folder / "web" / "templates").mkdir(parents=True)
    (folder / "web" / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (folder / "web" / "templates" / "app.yaml").write_bytes(CLASS_AND_WORKLOAD)
    three, install, four = init(folder, "helm", machine)
    if version == 4:
        (tmp_path / "bin" / "helm").unlink()
        (tmp_path / "bin" / "helm").symlink_to(require("helm4"))
        shell(install, folder, machine).ok()
    done = shell(three if version == 3 else four, folder, machine).ok()
    assert injected(manifests(done.stdout)) == INJECTED


# ----------------------------------------------------------------------------------------------------------- Flux


def test_flux(tmp_path: Path, machine: Environment) -> None:
    """What is rendered has objects for a cluster only, and Flux is told where it is."""
    run(["git", "init", "--quiet", tmp_path]).ok()
    folder = with_manifests(tmp_path / "shop")
    (command,) = init(folder, "flux", machine)
    shell(command, folder, machine).ok()
    before = (folder / "app.yaml").read_bytes()
    assert before == CLASS_AND_WORKLOAD
    sync = yaml.safe_load((folder / "krm-otel" / "sync.yaml").read_text())
    rendered = list(everything_in(tmp_path / sync["spec"]["path"]))
    assert injected(rendered) == INJECTED
    assert {one["kind"] for one in rendered} == {"ClassRuntime", "Deployment", "ConfigMap"}
    assert "unchanged" not in shell(f"{command} -v", folder, machine).ok().stderr, (
        "it is rendered from the source again"
    )


# -------------------------------------------------------------------------------------------------------- Argo CD


def test_argo_cd_prints_what_it_will_get(tmp_path: Path, machine: Environment) -> None:
    """The plugin's own files are not among the application's."""
    folder = with_manifests(tmp_path / "shop")
    (command,) = init(folder, "argocd", machine)
    found = manifests(shell(command, folder, machine).ok().stdout)
    names = {f"{one['kind']}/{one['metadata']['name']}" for one in found}
    assert names == {"ClassRuntime/echo", "Deployment/echo", "ConfigMap/echo-otel-config"}


def installation(kustomize: Kustomize, tmp_path: Path, machine: Environment) -> list[dict[str, Any]]:
    """An installation's Deployment, with the component beside it."""
    repo_server = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "argocd-repo-server"},
        "spec": {"template": {"spec": {"containers": [{"name": "argocd-repo-server", "image": "argocd"}]}}},
    }
    folder = tmp_path / "argo-cd"
    folder.mkdir()
    (folder / "install.yaml").write_text(yaml.safe_dump(repo_server))
    write_kustomization(folder, resources=["install.yaml"], namespace="argocd")
    init(folder, "argocd", machine)
    write_kustomization(folder, resources=["install.yaml"], components=["krm-otel"], namespace="argocd")
    return manifests(kustomize.build(folder, exec_allowed=False).ok().stdout)


def test_argo_cd(kustomize: Kustomize, tmp_path: Path, machine: Environment) -> None:
    """The sidecar joins the Deployment, with the plugin and what installs krm-otel."""
    found = installation(kustomize, tmp_path, machine)
    (deployment,) = [one for one in found if one["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert {one["name"] for one in pod["containers"]} == {"argocd-repo-server", "krm-otel"}
    assert [one["name"] for one in pod["initContainers"]] == ["krm-otel-install", "krm-otel-kustomize"]
    images = [one["image"] for one in (*pod["containers"], *pod["initContainers"])]
    assert not [image for image in images if image.startswith("localhost/")], "nobody else has these"
    (plugin,) = [one for one in found if one["kind"] == "ConfigMap"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert volumes["krm-otel-plugin"]["configMap"]["name"] == plugin["metadata"]["name"]
    assert {one["metadata"]["namespace"] for one in found} == {"argocd"}
    assert yaml.safe_load(plugin["data"]["plugin.yaml"])["kind"] == "ConfigManagementPlugin"


def test_the_sidecar_of_argo_cd_runs_what_its_init_container_installs(
    kustomize: Kustomize, tmp_path: Path, machine: Environment
) -> None:
    """pip from the init container's command line, with this checkout for the release, and the sidecar's variables."""
    found = installation(kustomize, tmp_path, machine)
    (deployment,) = [one for one in found if one["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    install, _ = pod["initContainers"]
    (sidecar,) = [one for one in pod["containers"] if one["name"] == "krm-otel"]
    assert install["image"] == sidecar["image"], "the program is installed for this Python"
    target = tmp_path / "program"
    words = [word.replace("/krm-otel", str(target)) for word in install["command"]]
    version = run([FUNCTION, "--version"]).ok().stdout.decode().split()[-1]
    assert words[-1] == f"krm-otel=={version}"
    run([sys.executable, "-m", *words[:-1], ROOT]).ok()
    variables = {one["name"]: one["value"].replace("/krm-otel", str(target)) for one in sidecar["env"]}
    # /usr/local/bin has the image's Python; here, it is that of the tests.
    (target / "python3").symlink_to(sys.executable)
    app = with_manifests(tmp_path / "app")
    for action in ("discover", "generate"):
        done = run(["env", "-i", *(f"{name}={value}" for name, value in variables.items()),
                    "krm-otel", "argocd", action], cwd=app).ok()  # fmt: skip
    assert injected(manifests(done.stdout)) == INJECTED
