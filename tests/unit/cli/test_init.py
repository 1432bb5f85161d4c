"""`krm-otel init`: what it writes works, what is there is not touched, and what it prints is what is left to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from krm_otel.diagnostics.result import has_errors
from krm_otel.run import Source, run
from krm_otel.starters import CLIENTS, starter_files
from krm_otel.starters.place import Place
from tests.support.manifests import CLASS_AND_WORKLOAD
from tests.unit.cli.command import krm_otel

EXAMPLES = Path(__file__).parents[3] / "examples"
SAME = {
    "kustomize": ("krm-otel", EXAMPLES / "kustomize" / "component", {"otelconfig.yaml"}),
    "argocd": ("krm-otel", EXAMPLES / "argocd", {"repo-server-patch.yaml"}),
    "helm": ("plugin", EXAMPLES / "helm" / "plugin", set()),
}
"""Client → folder of its files that are an example's, too, but for some: the examples use the images."""
ON_PATH = str(Path(sys.executable).parent)


def left_to_do(folder: Path, client: str, path: str = ON_PATH) -> str:
    """What init prints at its end; the user is in the folder above."""
    folder.mkdir(exist_ok=True)
    done = krm_otel("init", folder.name, "--for", client, cwd=folder.parent, PATH=path)
    assert done.returncode == 0
    return done.stdout.decode().partition("Left to do:\n")[2]


@pytest.mark.parametrize("client", CLIENTS)
def test_it_writes_into_a_new_folder(tmp_path: Path, client: str) -> None:
    folder = tmp_path / "new"
    done = krm_otel("init", folder, "--for", client, PATH=ON_PATH)
    assert done.returncode == 0
    written = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}
    assert written == {str(path): text for path, text in starter_files(client, Place(folder=str(folder), name="new"))}
    manifests = [text for name, text in written.items() if not name.endswith(".krmignore")]
    assert all(isinstance(one, dict) for text in manifests for one in yaml.safe_load_all(text))
    assert "$" not in "".join(written.values())


@pytest.mark.parametrize("client", CLIENTS)
def test_existing_files_are_kept(tmp_path: Path, client: str) -> None:
    (first, _), *_ = starter_files(client, Place())
    target = tmp_path / first
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("mine\n")
    done = krm_otel("init", tmp_path, "--for", client)
    assert done.returncode == 0
    assert target.read_text() == "mine\n"
    assert f"{target} exists and stays as it is" in done.stdout.decode()
    again = krm_otel("init", tmp_path, "--for", client)
    assert b"wrote " not in again.stdout


@pytest.mark.parametrize("client", [client for client in CLIENTS if client != "argocd"])
def test_the_config_works_without_warnings(client: str) -> None:
    (config,) = [text for path, text in starter_files(client, Place()) if path.name == "otelconfig.yaml"]
    outcome = run([Source(CLASS_AND_WORKLOAD + b"---\n" + config.encode())], {})
    assert not has_errors(outcome.results)
    assert [result.code for result in outcome.results if result.severity == "warning"] == []
    assert "propagators: [w3c]" in config


@pytest.mark.parametrize("client", SAME)
def test_examples_show_the_same(client: str) -> None:
    folder, example, different = SAME[client]
    compared = 0
    for path, text in starter_files(client, Place()):
        if str(path.parent) == folder and path.suffix == ".yaml" and path.name not in different:
            shown = (example / path.name).read_text()
            lines = shown.splitlines(keepends=True)
            assert text == "".join(line for line in lines if not line.startswith("# yaml-language-server"))
            compared += 1
    assert compared


# ------------------------------------------------------------------------------------------------ what is left to do


def test_beside_manifests_one_command_is_left(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.yaml").write_bytes(CLASS_AND_WORKLOAD)
    assert left_to_do(tmp_path / "shop", "kpt") == "1. Run:\n     kpt fn render shop --allow-exec\n"
    assert left_to_do(tmp_path / "shop", "kustomize") == (
        "1. Run:\n     kustomize build --enable-alpha-plugins --enable-exec shop\n"
    )


@pytest.mark.parametrize("client", ["kpt", "kustomize", "flux"])
def test_an_empty_folder_needs_a_class(tmp_path: Path, client: str) -> None:
    text = left_to_do(tmp_path / "shop", client)
    assert text.startswith("1. Put a ClassRuntime with spec.observability.enabled: true, and its workloads, into shop")
    assert "\n2. Run" in text


@pytest.mark.parametrize(
    ("client", "file", "before", "after"),
    [
        ("kpt", "Kptfile", "kind: Kptfile\n", "kind: Kptfile\npipeline: {mutators: [{exec: krm-otel}]}\n"),
        ("kpt", "Kptfile", "kind: Kptfile\n", "kind: Kptfile\npipeline:\n  mutators:\n    - image: x.io/krm-otel:1\n"),
        ("kustomize", "kustomization.yaml", "resources: [a.yaml]\n", "components:\n- krm-otel\n"),
        ("kustomize", "kustomization.yml", "resources: [a.yaml]\n", "components: [../x, krm-otel]\n"),
        ("argocd", "Kustomization", "resources: [a.yaml]\n", "components:\n  - krm-otel/\n"),
    ],
)
def test_a_file_of_yours_is_extended_by_you(tmp_path: Path, client: str, file: str, before: str, after: str) -> None:
    """Until it has the function; and kustomize takes one kustomization only, so that no second one is written."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for text in (before, after):
        (folder / file).write_text(text)
        assert (f"In shop/{file}, add" in left_to_do(folder, client)) == (text == before)
    assert len([name.name for name in folder.iterdir() if name.name.lower().startswith("kust")]) <= 1


def test_a_kustomization_names_the_manifests(tmp_path: Path) -> None:
    """Not values, configs of krm-otel, or what another kustomization has."""
    folder = tmp_path / "My Shop"
    (folder / "more").mkdir(parents=True)
    (folder / "overlay").mkdir()
    for name in ("app.yaml", "more/a: b.yml", "overlay/app.yaml"):
        (folder / name).write_bytes(CLASS_AND_WORKLOAD)
    (folder / "overlay" / "kustomization.yaml").write_text("kind: Kustomization\napiVersion: x\n")
    (folder / "values.yaml").write_text("kindness: 1\n")
    (folder / "otel.yaml").write_text("apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {name: x}\n")
    assert "enable-exec 'My Shop'\n" in left_to_do(folder, "kustomize")
    found = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert found["resources"] == ["app.yaml", "more/a: b.yml"]


@pytest.mark.parametrize(("folder", "name"), [("On", "on"), ("2024", "2024"), ("My Shop!", "my-shop"), ("…", "app")])
def test_a_package_has_the_name_of_its_folder(tmp_path: Path, folder: str, name: str) -> None:
    left_to_do(tmp_path / folder, "kpt")
    assert yaml.safe_load((tmp_path / folder / "Kptfile").read_text())["metadata"]["name"] == name


def test_a_chart_is_found(tmp_path: Path) -> None:
    assert "with your chart instead of CHART" in left_to_do(tmp_path / "shop", "helm")
    (tmp_path / "shop" / "web").mkdir()
    (tmp_path / "shop" / "web" / "Chart.yaml").write_text("name: web\n")
    assert left_to_do(tmp_path / "shop", "helm").count("helm template shop shop/web --post-renderer krm-otel") == 2
    (tmp_path / "shop" / "Chart.yaml").write_text("name: shop\n")
    assert left_to_do(tmp_path / "shop", "helm").count("helm template shop shop --post-renderer krm-otel") == 2


def test_flux_finds_the_folder_from_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "apps" / "shop"
    folder.mkdir(parents=True)
    left_to_do(folder, "flux")
    text = (folder / "krm-otel" / "sync.yaml").read_text()
    assert yaml.safe_load(text)["spec"]["path"] == "./apps/shop/rendered"
    assert "krm-otel render apps/shop -c apps/shop/krm-otel/otelconfig.yaml -o apps/shop/rendered\n" in text


def test_a_command_that_is_not_on_path_is_put_there(tmp_path: Path) -> None:
    """The clients start krm-otel by its name."""
    text = left_to_do(tmp_path / "shop", "kpt", path="/usr/bin:/bin")
    assert text.startswith(f'1. Put krm-otel on your PATH:\n     export PATH={ON_PATH}:"$PATH"\n')
    assert "PATH" not in left_to_do(tmp_path / "shop", "kpt")


# --------------------------------------------------------------------------------------------------------- misuse


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = krm_otel("init", tmp_path / "file" / "below", "--for", "kpt")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("Error: cannot write")


def test_the_client_is_required() -> None:
    assert krm_otel("init").returncode == 2
