"""`--report` and KRM_OTEL_REPORT: results and actions as JSON, whatever the client hides."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tools.clients import Kpt, Kustomize, as_function, mutator, run, write_kptfile, write_kustomization
from tests.tools.function import DATA, FUNCTION

ACTIONS = [
    ("Deployment", "hello-fn-0", "injected"),
    ("Service", "hello-fn-1", "injected"),
    ("Deployment", "hello-odgm", "injected"),
    ("Deployment", "hello", "injected"),
    ("StatefulSet", "store", "injected"),
    ("Deployment", "bystander", "skipped"),
]
CONFIG = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": {}}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """With one thing to say: a rate that keeps most traces."""
    folder = tmp_path / "package"
    shutil.copytree(DATA / "upstream", folder)
    text = (folder / "class.yaml").read_text()
    (folder / "class.yaml").write_text(text.replace("sampling_rate: 0.05", "sampling_rate: 0.9"))
    return folder


def read(report: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def assert_complete(report: dict[str, Any], file: str | None) -> None:
    """One result, with all that belongs to it, and an action for every workload."""
    assert set(report) == {"results", "actions", "summary"}
    [result] = [one for one in report["results"] if one["severity"] != "info"]
    assert result["severity"] == "warning"
    assert "more than half of all traces" in result["message"]
    assert result["resourceRef"] == {"apiVersion": "oaas.io/v1alpha1", "kind": "ClassRuntime", "name": "hello"}
    assert result["field"]["path"] == "spec.observability.telemetry.sampling_rate"
    assert (result["field"]["currentValue"], result["field"]["proposedValue"]) == (0.9, 0.5)
    assert result.get("file", {}).get("path") == file
    assert [(a["kind"], a["name"], a["action"]) for a in report["actions"]] == ACTIONS
    assert report["actions"][-1]["reason"] == "no class"


def test_through_kpt_eval(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    """By the environment, which kpt hands on, or as an argument of the function."""
    kpt.eval(package, [FUNCTION], env={"KRM_OTEL_REPORT": str(tmp_path / "one.json")}).ok()
    assert_complete(read(tmp_path / "one.json"), "class.yaml")
    kpt.eval(package, [FUNCTION, "--report", tmp_path / "two.json"]).ok()
    second = read(tmp_path / "two.json")
    assert second["results"] == read(tmp_path / "one.json")["results"]
    assert {action["action"] for action in second["actions"]} == {"unchanged", "skipped"}


def test_through_kpt_render(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    write_kptfile(package, mutator([FUNCTION, "--report", tmp_path / "report.json"]))
    kpt.render(package).ok()
    assert_complete(read(tmp_path / "report.json"), "class.yaml")


def test_through_kustomize(kustomize: Kustomize, package: Path, tmp_path: Path) -> None:
    (package / "otel.yaml").write_text(as_function(CONFIG, [FUNCTION]))
    write_kustomization(package, resources=["class.yaml", "workloads.yaml"], transformers=["otel.yaml"])
    kustomize.build(package, env={"KRM_OTEL_REPORT": str(tmp_path / "report.json")}).ok()
    report = read(tmp_path / "report.json")
    # kustomize sorts by kind: the ClassRuntime is no longer first. It says nothing of files.
    report["actions"].sort(key=lambda action: [*(name for _, name, _ in ACTIONS)].index(action["name"]))
    assert_complete(report, None)


def test_directly_on_a_stream_and_on_a_folder(package: Path, tmp_path: Path) -> None:
    stream = b"---\n".join((package / name).read_bytes() for name in ("class.yaml", "workloads.yaml"))
    run([FUNCTION, "--report", tmp_path / "stream.json"], stdin=stream).ok()
    assert_complete(read(tmp_path / "stream.json"), None)
    run([FUNCTION, "render", package, "--report", tmp_path / "folder.json"]).ok()
    assert_complete(read(tmp_path / "folder.json"), str(package / "class.yaml"))


def test_of_a_run_that_fails(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    """Nothing was done, and the report says so."""
    (package / "class.yaml").write_text((package / "class.yaml").read_text().replace("sampling_rate", "sampling_rat"))
    report = tmp_path / "report.json"
    assert kpt.eval(package, [FUNCTION], env={"KRM_OTEL_REPORT": str(report)}).code == 1
    found = read(report)
    assert [result["severity"] for result in found["results"]] == ["error"]
    assert {action["action"] for action in found["actions"]} == {"skipped"}


def test_a_report_that_cannot_be_written_is_told(package: Path, tmp_path: Path) -> None:
    """The function's work is done all the same: standard output is complete, and the exit code is not 0."""
    stream = b"---\n".join((package / name).read_bytes() for name in ("class.yaml", "workloads.yaml"))
    answer = run([FUNCTION, "--report", tmp_path / "no" / "such" / "report.json"], stdin=stream)
    assert answer.code != 0
    assert "cannot write the report" in answer.stderr
    assert "Traceback" not in answer.stderr
