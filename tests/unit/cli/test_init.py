"""`krm-otel init`: what it writes works, and what is there is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from krm_otel.diagnostics.result import has_errors
from krm_otel.run import Source, run
from krm_otel.starters import NEXT_STEPS, starter_files
from tests.support.manifests import CLASS_AND_WORKLOAD
from tests.unit.cli.command import krm_otel

pytestmark = pytest.mark.slow  # each test starts the installed command

EXAMPLES = Path(__file__).parents[3] / "examples"
SAME = {
    "kustomize": ("krm-otel", EXAMPLES / "kustomize" / "component"),
    "argocd": ("", EXAMPLES / "argocd"),
    "helm": ("plugin", EXAMPLES / "helm" / "plugin"),
}
"""Client → folder of its files that are an example's, too."""


@pytest.mark.parametrize("client", NEXT_STEPS)
def test_it_writes_into_a_new_folder_and_prints_the_next_steps(tmp_path: Path, client: str) -> None:
    folder = tmp_path / "new"
    done = krm_otel("init", folder, "--for", client)
    assert done.returncode == 0
    written = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}
    assert written == {str(path): text for path, text in starter_files(client)}
    assert all(isinstance(one, dict) for text in written.values() for one in yaml.safe_load_all(text))
    assert "@VERSION@" not in "".join(written.values())
    assert all(step in done.stdout.decode() for step in NEXT_STEPS[client])


@pytest.mark.parametrize("client", NEXT_STEPS)
def test_existing_files_are_kept(tmp_path: Path, client: str) -> None:
    (first, _), *_ = starter_files(client)
    target = tmp_path / first
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("mine\n")
    done = krm_otel("init", tmp_path, "--for", client)
    assert done.returncode == 0
    assert target.read_text() == "mine\n"
    assert f"{target} exists and stays as it is" in done.stdout.decode()
    again = krm_otel("init", tmp_path, "--for", client)
    assert b"wrote " not in again.stdout


@pytest.mark.parametrize("client", ["kpt", "kustomize", "helm"])
def test_the_config_works_without_warnings(client: str) -> None:
    (config,) = [text for path, text in starter_files(client) if path.name == "otelconfig.yaml"]
    outcome = run([Source(CLASS_AND_WORKLOAD + b"---\n" + config.encode())], {})
    assert not has_errors(outcome.results)
    assert [result.code for result in outcome.results if result.severity == "warning"] == []
    assert "propagators: [w3c]" in config


@pytest.mark.parametrize("client", SAME)
def test_examples_show_the_same(client: str) -> None:
    folder, example = SAME[client]
    compared = 0
    for path, text in starter_files(client):
        if str(path.parent) == (folder or "."):
            shown = (example / path.name).read_text()
            lines = shown.splitlines(keepends=True)
            assert text == "".join(line for line in lines if not line.startswith("# yaml-language-server"))
            compared += 1
    assert compared


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = krm_otel("init", tmp_path / "file" / "below", "--for", "kpt")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("Error: cannot write")


def test_the_client_is_required() -> None:
    assert krm_otel("init").returncode == 2
