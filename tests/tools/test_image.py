"""The images, run as kpt, kustomize and Argo CD run them: no network, nothing to write to, any user."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.clients import Answer, Kustomize, read_tree, run
from tests.tools.function import FUNCTION, UNINJECT, injected, manifests
from tools.build import require
from tools.containers.podman import argocd_image, environment, image, version

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
LOCKED = ("--network", "none", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges")


def podman(*arguments: str, stdin: bytes = b"") -> Answer:
    answer = run(["podman", *arguments], stdin=stdin, env=environment())
    assert "image not known" not in answer.stderr, f"`python3 -m tools.containers build` makes it: {answer.stderr}"
    return answer


def inside(program: str, *arguments: str, name: str = "") -> Answer:
    return podman("run", "--rm", *LOCKED, "--entrypoint", program, name or image(), *arguments)


@pytest.fixture
def kpt_example(tmp_path: Path) -> Path:
    package = tmp_path / "kpt"
    shutil.copytree(EXAMPLES / "kpt", package, ignore=shutil.ignore_patterns(".expected"))
    kptfile = package / "Kptfile"
    kptfile.write_text(kptfile.read_text().replace("exec: krm-otel", f"image: {image()}"))
    return package


def kpt(*arguments: str | Path, cwd: Path) -> Answer:
    flags = ("--image-pull-policy=never", "--truncate-output=false")
    words = [*arguments[:2], *flags, *arguments[2:]]
    return run([require("kpt"), *words], cwd=cwd, env=environment())


# ------------------------------------------------------------------------------------------------ the image


@pytest.mark.parametrize("user", ["65534:65534", "0:0", "12345:54321", "999"])
def test_it_does_the_same_as_the_program_for_any_user(user: str) -> None:
    stream = b"---\n".join(file.read_bytes() for file in sorted((EXAMPLES / "quickstart").glob("*.yaml")))
    ours = podman("run", "--rm", "-i", *LOCKED, "--user", user, image(), stdin=stream).ok()
    program = run([FUNCTION], stdin=stream).ok()
    assert ours.stdout == program.stdout
    assert ours.stderr == program.stderr
    assert b"OTEL_SERVICE_NAME" in ours.stdout


def test_it_makes_dashboards() -> None:
    """Their library is in it."""
    case = ROOT / "tests" / "cases" / "monitoring" / "dashboards" / "input.yaml"
    ours = podman("run", "--rm", "-i", *LOCKED, image(), stdin=case.read_bytes()).ok()
    assert ours.stdout == run([FUNCTION], stdin=case.read_bytes()).ok().stdout
    assert b"$__rate_interval" in ours.stdout


def test_a_fault_is_exit_code_1_and_a_sentence() -> None:
    answer = podman("run", "--rm", "-i", *LOCKED, image(), stdin=b"a: [")
    assert (answer.code, answer.stdout) == (1, b"")
    assert answer.stderr.startswith("<stdin>:2:1: error[unreadable-input] the input is not YAML")


def test_what_it_is() -> None:
    (found,) = yaml.safe_load(podman("image", "inspect", image()).ok().stdout)
    config = found["Config"]
    assert config["User"] == "65534:65534"
    assert config["Entrypoint"] == ["krm-otel"]
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert labels["title"] == "krm-otel"
    assert labels["version"] == version()
    assert labels["licenses"] == "Apache-2.0"
    assert re.fullmatch(r"docker\.io/library/debian:\w+-\d{8}-slim", labels["base.name"])
    assert "revision" in labels
    assert inside("krm-otel", "--version").ok().stdout.decode().strip() == f"krm-otel, version {version()}"


@pytest.mark.parametrize("program", ["pip", "pip3", "gcc", "cc", "make", "git", "curl", "pygmentize"])
def test_what_is_not_in_it(program: str) -> None:
    assert inside("sh", "-c", f"command -v {program}").code != 0


@pytest.mark.parametrize("python", ["/opt/krm-otel/bin/python3", "/usr/bin/python3"])
def test_neither_python_has_pip(python: str) -> None:
    answer = inside(python, "-m", "pip", "--version")
    assert (answer.code, "No module named pip" in answer.stderr) == (1, True)


def test_its_modules_are_compiled() -> None:
    """Nothing can be written there, so bytecode that is missing would be made anew on every run."""
    script = (
        "import importlib.util, pkgutil, os, sys\n"
        "import krm_otel, yaml, click, json, pydantic\n"
        "found = [m.__cached__ for m in list(sys.modules.values()) if getattr(m, '__cached__', None)]\n"
        "found += [importlib.util.cache_from_source(i.module_finder.path + '/' + i.name + '.py')\n"
        "          for i in pkgutil.iter_modules(krm_otel.__path__) if not i.ispkg]\n"
        "print([path for path in found if not os.path.exists(path)])\n"
    )
    assert inside("/opt/krm-otel/bin/python3", "-c", script).ok().stdout.decode().strip() == "[]"


def test_the_one_for_argo_cd_has_kustomize() -> None:
    (found,) = yaml.safe_load(podman("image", "inspect", argocd_image()).ok().stdout)
    assert found["Config"]["User"] == "999:999"
    assert inside("kustomize", "version", name=argocd_image()).ok().stdout.decode().strip() == "v5.8.2"
    inside("krm-otel", "--version", name=argocd_image()).ok()


# ------------------------------------------------------------------------------------------------ kpt


def test_kpt_renders_a_package_whose_kptfile_names_the_image(kpt_example: Path, tmp_path: Path) -> None:
    """As by exec; a second run changes nothing, uninject gives the package back."""
    before = read_tree(kpt_example)
    by_exec = tmp_path / "exec"
    shutil.copytree(kpt_example, by_exec)
    kptfile = by_exec / "Kptfile"
    kptfile.write_text(kptfile.read_text().replace(f"image: {image()}", f"exec: {FUNCTION}"))
    kpt("fn", "render", "--results-dir", tmp_path / "results", cwd=kpt_example).ok()
    run([require("kpt"), "fn", "render", "--allow-exec"], cwd=by_exec).ok()
    rendered = read_tree(kpt_example)
    assert rendered["workloads.yaml"] == read_tree(by_exec)["workloads.yaml"] != before["workloads.yaml"]
    (result,) = yaml.safe_load((tmp_path / "results" / "results.yaml").read_text())["items"]
    assert result["image"] == image()
    kpt("fn", "render", cwd=kpt_example).ok()
    assert read_tree(kpt_example) == rendered
    run([require("kpt"), "fn", "eval", ".", "--exec", f"{FUNCTION} uninject -"], cwd=kpt_example).ok()
    assert read_tree(kpt_example) == before


def test_kpt_evaluates_the_image_with_settings_and_selectors(kpt_example: Path) -> None:
    """Without selectors all is there; with one the classes are unseen, and nothing is done or undone."""
    (kpt_example / "otelconfig.yaml").unlink()
    settings = ("sampling_rate=0.5", "propagators=w3c", "endpoint=http://otel:4317")
    alone = kpt("fn", "eval", ".", "--image", image(), "--match-kind", "Deployment", "--", *settings, cwd=kpt_example)
    assert "OTEL_SERVICE_NAME" not in (kpt_example / "workloads.yaml").read_text()
    assert "skipped (no class cart in this namespace of the input)" in alone.ok().stderr
    kpt("fn", "eval", ".", "--image", image(), "--exclude-name", "cart-odgm", "--", *settings, cwd=kpt_example).ok()
    found = injected([one for one in yaml.safe_load_all((kpt_example / "workloads.yaml").read_text()) if one])
    assert {name: bool(containers) for name, containers in found.items()} == {
        "Deployment/cart-fn-0": True,
        "Service/cart-fn-1": True,
        "Deployment/cart-odgm": False,
    }
    assert 'value: "http://otel:4317"' in (kpt_example / "workloads.yaml").read_text()


def test_kpt_shows_the_functions_help() -> None:
    text = run([require("kpt"), "fn", "doc", "--image", image()], env=environment()).ok().stdout.decode()
    assert "OpenTelemetry for OaaS applications" in text
    assert "kind: OTelConfig" in text
    assert "Examples:" in text


# ------------------------------------------------------------------------------------------------ kustomize


def by_container(example: Path) -> None:
    config = example / "overlay" / "otelconfig.yaml"
    text = config.read_text().replace("exec:", "container:").replace("path: krm-otel", f"image: {image()}")
    config.write_text(text)


@pytest.fixture
def kustomize_example(tmp_path: Path) -> Path:
    folder = tmp_path / "kustomize"
    shutil.copytree(EXAMPLES / "kustomize", folder, ignore=shutil.ignore_patterns(".expected"))
    return folder


def test_kustomize_and_kubectl_run_the_image_as_a_transformer(kustomize: Kustomize, kustomize_example: Path) -> None:
    """The build is that of the program by exec."""
    config = kustomize_example / "overlay" / "otelconfig.yaml"
    config.write_text(config.read_text().replace("path: krm-otel", f"path: {FUNCTION}"))
    by_exec = manifests(kustomize.build(kustomize_example / "overlay").ok().stdout)
    config.write_text(config.read_text().replace(f"path: {FUNCTION}", "path: krm-otel"))
    by_container(kustomize_example)
    overlay = kustomize_example / "overlay"
    ours = kustomize.build(overlay, exec_allowed=False, env=environment()).ok()
    assert manifests(ours.stdout) == by_exec
    through = run(["kubectl", "kustomize", "--enable-alpha-plugins", overlay], env=environment()).ok()
    assert manifests(through.stdout) == by_exec
    assert "Deployment/eu-cart-fn-0 injected" in ours.stderr


def names_of(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["kind"], one["metadata"]["name"]) for one in found}


def volumes(workload: Mapping[str, Any]) -> set[tuple[str, str]]:
    found = workload["spec"]["template"]["spec"].get("volumes", [])
    return {("ConfigMap", one["configMap"]["name"]) for one in found if "configMap" in one}


def test_a_team_adds_the_component_with_one_line(kustomize: Kustomize, kustomize_example: Path) -> None:
    """Whatever the overlay adds: every workload is injected, and what it refers to is in the build."""
    knative = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "cart-fn-1", "labels": {"oaas.io/owner": "cart"}},
        "spec": {"template": {"spec": {"containers": [{"name": "function", "image": "ghcr.io/acme/cart-checkout"}]}}},
    }
    base = kustomize_example / "base" / "kustomization.yaml"
    base.write_text(base.read_text() + "  - knative.yaml\n")
    (base.parent / "knative.yaml").write_text(yaml.safe_dump(knative))
    built = kustomize.build(kustomize_example / "team", exec_allowed=False, env=environment()).ok().stdout
    through: list[str | Path] = ["kubectl", "kustomize", "--enable-alpha-plugins", kustomize_example / "team"]
    assert manifests(run(through, env=environment()).ok().stdout) == manifests(built)
    found = manifests(built)
    assert injected(found) == {
        "Deployment/eu-cart-fn-0": ["function"],
        "Deployment/eu-cart-odgm": ["odgm"],
        "Service/eu-cart-fn-1": ["function"],
    }
    workloads = [one for one in found if one["metadata"]["name"].startswith(("eu-cart-fn", "eu-cart-odgm"))]
    for workload in workloads:
        assert volumes(workload) == {("ConfigMap", "eu-cart-otel-config")} <= names_of(found)
    (deployment,) = [one for one in workloads if one["metadata"]["name"] == "eu-cart-fn-0"]
    assert deployment["spec"]["replicas"] == "3"
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "ghcr.io/acme/cart-add:1.5.0"
    assert all(one["metadata"]["namespace"] == "shop" for one in found)
    assert not injected(manifests(run(UNINJECT, stdin=built).ok().stdout))["Deployment/eu-cart-fn-0"]


def test_a_name_that_would_not_follow_is_refused(kustomize: Kustomize, kustomize_example: Path) -> None:
    """A collector behind a Service has its name in a text, which no prefix reaches."""
    config = kustomize_example / "component" / "otelconfig.yaml"
    config.write_text(config.read_text().replace("mode: sidecar", "mode: deployment"))
    answer = kustomize.build(kustomize_example / "team", exec_allowed=False, env=environment())
    assert answer.code == 1
    assert "run the function as a transformer of the last overlay, or write mode: sidecar" in answer.stderr


def test_as_a_generator_it_makes_what_a_class_needs(kustomize: Kustomize, tmp_path: Path) -> None:
    """The function config is all it sees: the class's collector comes, with the overlay's names; the class does not."""
    function = f"container:\n  image: {image()}\n"
    class_runtime = {
        "apiVersion": "oaas.io/v1alpha1",
        "kind": "ClassRuntime",
        "metadata": {"name": "cart", "annotations": {"config.kubernetes.io/function": function}},
        "spec": {
            "observability": {
                "enabled": True,
                "collector": {"mode": "deployment", "exporters": {"traces": "http://tempo:4317", "metrics": "debug"}},
            }
        },
    }
    (tmp_path / "class.yaml").write_text(yaml.safe_dump(class_runtime))
    (tmp_path / "kustomization.yaml").write_text("generators: [class.yaml]\nnamePrefix: eu-\nnamespace: shop\n")
    built = kustomize.build(tmp_path, exec_allowed=False, env=environment()).ok()
    assert names_of(manifests(built.stdout)) == {
        ("ConfigMap", "eu-cart-otel-config"),
        ("Deployment", "eu-cart-otel-collector"),
        ("Service", "eu-cart-otel-collector"),
        ("ServiceAccount", "eu-cart-otel-collector"),
        ("NetworkPolicy", "eu-cart-otel-collector"),
    }
