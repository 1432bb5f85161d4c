"""What this repository ships to be run: examples, fn-config, the root as kpt package and as kustomize transformer.

`.expected/` of an example holds what a run of the real client gives. `make golden`'s switch rewrites it, and the run
still fails: pytest tests/tools/test_examples.py --update-golden, then read the diff.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.config.schema.introspection import fields_of, type_at
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.sources.flat_form import KEYS
from tests.tools.clients import Kpt, Kustomize, mutator, read_tree, run, write_kptfile, write_kustomization
from tests.tools.function import CAT, DATA, FUNCTION, UNINJECT, environment, injected, manifests, patch
from tests.tools.repository import checkout

ROOT = Path(__file__).parents[2]
ON_PATH = {"PATH": f"{FUNCTION.parent}{os.pathsep}{os.environ['PATH']}"}
"""What is shipped names the function, not its path."""


def assert_expected(example: str, found: dict[str, str], request: pytest.FixtureRequest) -> None:
    folder = ROOT / "examples" / example / ".expected"
    wanted = {name: (folder / name).read_text() if (folder / name).exists() else "" for name in found}
    if request.config.getoption("--update-golden"):
        folder.mkdir(exist_ok=True)
        for name, text in found.items():
            (folder / name).write_text(text)
    assert found == wanted


def example(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / name, tmp_path / name, ignore=shutil.ignore_patterns(".expected")))


# ------------------------------------------------------------------------------------------------ examples


def test_the_kpt_example(kpt: Kpt, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Rendered twice, as the functions catalog does it: the diff and the results are the same. Then taken out."""
    package = example("kpt", tmp_path)
    before = read_tree(package)
    found = []
    for number in ("first", "second"):
        kpt.render(package, results=tmp_path / number, env=ON_PATH).ok()
        results = (tmp_path / number / "results.yaml").read_text()
        found.append({"diff.patch": patch(before, read_tree(package)), "results.yaml": results})
    assert found[1]["diff.patch"] == found[0]["diff.patch"]
    assert found[1]["results.yaml"].replace("unchanged", "injected") == found[0]["results.yaml"]
    kpt.eval(package, UNINJECT).ok()
    assert read_tree(package) == before
    assert_expected("kpt", found[0], request)


def test_the_kustomize_example(kustomize: Kustomize, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The diff is that between the builds without and with the function."""
    overlay = example("kustomize", tmp_path) / "overlay"
    ours = kustomize.build(overlay, env=ON_PATH).ok().stdout
    config = overlay / "otelconfig.yaml"
    config.write_text(config.read_text().replace("path: krm-otel", "path: cat"))
    plain = kustomize.build(overlay).ok().stdout
    assert manifests(run(UNINJECT, stdin=ours).ok().stdout) == manifests(plain)
    assert injected(manifests(ours)) == {"Deployment/eu-cart-fn-0": ["function"], "Deployment/eu-cart-odgm": ["odgm"]}
    assert_expected("kustomize", {"diff.patch": patch({"build.yaml": plain}, {"build.yaml": ours})}, request)


@pytest.mark.parametrize("name", ["quickstart", "kpt", "kustomize"])
def test_every_example_is_without_fault(name: str, tmp_path: Path) -> None:
    folder = example(name, tmp_path)
    several = [folder / "base", folder / "overlay"] if name == "kustomize" else [folder]  # one config at a time
    answer = run([FUNCTION, "validate", *several]).ok()
    assert not re.search(rb"^(warning|error)", answer.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ["examples/kpt", "examples/kustomize/base", "fn-config"])
def test_kpt_leaves_what_we_ship_as_it_is(kpt: Kpt, tmp_path: Path, name: str) -> None:
    """So that a first render shows our lines only, and comments stay with what they are about."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT / name, folder, ignore=shutil.ignore_patterns(".expected"))
    before = read_tree(folder)
    kpt.eval(folder, CAT).ok()
    assert read_tree(folder) == before


# ----------------------------------------------------------------------------------------------- fn-config


def switched_on(file: str) -> dict[str, Any]:
    """A file of fn-config with everything in it that is off."""
    text = (ROOT / "fn-config" / file).read_text()
    config: dict[str, Any] = yaml.safe_load(re.sub(r"^( *)#:", r"\1", text, flags=re.MULTILINE))
    return config


@pytest.mark.parametrize("everything", [False, True], ids=["as it is", "with everything on"])
@pytest.mark.parametrize("file", ["otelconfig.yaml", "configmap.yaml"])
def test_fn_config_is_accepted(kpt: Kpt, tmp_path: Path, file: str, everything: bool) -> None:
    """By `kpt fn eval --fn-config`, with a class that says nothing but that it is on."""
    package = tmp_path / "package"
    package.mkdir()
    for source in (DATA / "upstream").iterdir():
        text = re.sub(r"    telemetry:.*\n    collector:.*\n", "", source.read_text())
        (package / source.name).write_text(text)
    config = tmp_path / file
    config.write_text(yaml.safe_dump(switched_on(file)) if everything else (ROOT / "fn-config" / file).read_text())
    answer = kpt.eval(package, [FUNCTION], config=config).ok()
    assert not re.findall(r"\[error\].*|\berror: .*", answer.stderr)
    found = injected(manifests((package / "workloads.yaml").read_bytes()))
    assert found.pop("Deployment/bystander") == []
    assert len(found) == 5 and all(found.values())


def test_fn_config_shows_every_setting() -> None:
    """A field that is added to the models has to be shown, or left out on purpose."""
    left_out = {
        "telemetry": {"traces", "service_name", "protocol"},
        "collector": {"image", "sampling_stage", "endpoint_host"},
    }
    spec = switched_on("otelconfig.yaml")["spec"]
    assert set(spec) == set(ConfigSpec.settings)
    for block, absent in left_out.items():
        assert set(spec[block]) == set(fields_of(type_at(ConfigSpec, (block,)))) - absent
    assert set(switched_on("configmap.yaml")["data"]) == set(KEYS)


# -------------------------------------------------------------------------------------- this repository itself


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with this one's files, as someone else gets it; its many cases are one broken file here."""
    return checkout(tmp_path_factory.mktemp("git") / "krm-otel")


def test_the_repository_is_a_kpt_package(kpt: Kpt, repository: Path, tmp_path: Path) -> None:
    """`kpt pkg get`, manifests beside fn-config, `kpt fn render`; .krmignore keeps our test data out of it. (The
    example is a subpackage, which kpt finds in an ignored folder, too.)"""
    got = tmp_path / "got"
    environ = {**ON_PATH, "HOME": str(tmp_path), "KPT_CACHE_DIR": str(tmp_path / "cache")}
    run([kpt.executable, "pkg", "get", f"file://{repository}/.git@main", got], env=environ).ok()
    shutil.copytree(DATA / "upstream", got / "apps")
    before = read_tree(got)
    kpt.render(got, env=environ).ok()
    after = read_tree(got)
    changed = [name for name in after if after[name] != before.get(name)]
    assert changed == ["apps/workloads.yaml", "examples/kpt/workloads.yaml"]
    found = injected(manifests(after["apps/workloads.yaml"]))
    assert found.pop("Deployment/bystander") == []
    assert len(found) == 5 and all(found.values())


def test_the_repository_is_a_kustomize_transformer(kustomize: Kustomize, tmp_path: Path) -> None:
    """As a folder under `transformers`, and with settings of one's own by a patch."""
    base, direct, own, patched = (tmp_path / name for name in ("base", "direct", "own", "patched"))
    shutil.copytree(DATA / "upstream", base)
    for folder in (direct, own, patched):
        folder.mkdir()
    text = (base / "class.yaml").read_text()
    (base / "class.yaml").write_text(re.sub(r"    telemetry:.*\n    collector:.*\n", "", text))
    write_kustomization(base, resources=["class.yaml", "workloads.yaml"])
    repository = os.path.relpath(ROOT, direct)
    write_kustomization(direct, resources=["../base"], namePrefix="eu-", transformers=[repository])
    spec = {"telemetry": {"sampling_rate": 0.25}, "collector": {"endpoint": "http://mine:4317"}}
    change = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": spec}
    write_kustomization(own, resources=[repository], patches=[{"patch": yaml.safe_dump(change)}])
    write_kustomization(patched, resources=["../base"], transformers=["../own"])
    variables = {}
    for folder in (direct, patched):
        found = manifests(kustomize.build(folder, env=ON_PATH).ok().stdout)
        assert sum(map(bool, injected(found).values())) == 5
        assert "OTelConfig" not in [manifest["kind"] for manifest in found]
        odgm = next(manifest for manifest in found if manifest["metadata"]["name"].endswith("odgm"))
        variables[folder.name] = environment(odgm["spec"]["template"]["spec"]["containers"][0])
    assert variables["direct"]["OTEL_SERVICE_NAME"] == "eu-hello-odgm"
    assert variables["direct"]["OTEL_TRACES_SAMPLER_ARG"] == "0.1"
    assert variables["patched"]["OTEL_TRACES_SAMPLER_ARG"] == "0.25"
    assert variables["patched"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://mine:4317"
    assert variables["patched"]["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"


def test_fn_config_alone_is_a_package_to_get(kpt: Kpt, repository: Path, tmp_path: Path) -> None:
    """A subfolder of the repository into one's own package, as its README says: what most will want."""
    mine = tmp_path / "mine"
    mine.mkdir()
    write_kptfile(mine)
    environ = {**ON_PATH, "HOME": str(tmp_path), "KPT_CACHE_DIR": str(tmp_path / "cache")}
    source = f"file://{repository}/.git/fn-config@main"
    run([kpt.executable, "pkg", "get", source, mine / "otel"], env=environ).ok()
    shutil.copytree(DATA / "upstream", mine / "apps")
    [block] = re.findall(r"```yaml\n(.*?)```", (ROOT / "fn-config" / "README.md").read_text(), re.DOTALL)
    [step] = yaml.safe_load(block)["pipeline"]["mutators"]
    assert set(step) == {"image"}
    write_kptfile(mine, mutator(["krm-otel"], config_path="otel/otelconfig.yaml"))
    assert "must exist in the current package" in kpt.render(mine, env=environ).stderr, "a configPath is none of it"
    write_kptfile(mine, mutator(["krm-otel"]))
    kpt.render(mine, env=environ).ok()
    assert sum(map(bool, injected(manifests((mine / "apps" / "workloads.yaml").read_bytes())).values())) == 5
