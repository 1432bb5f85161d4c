"""The commands over manifests: streams, files, exit codes, report."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.cli.command import CLASS, STREAM, files, krm_otel


def test_function_writes_the_stream_and_names_every_workload() -> None:
    """Without a subcommand standard input is the input; standard error has a line for each workload."""
    done = krm_otel(stdin=STREAM)
    assert done.returncode == 0
    assert b"OTEL_EXPORTER_OTLP_ENDPOINT" in done.stdout
    assert done.stderr.decode().splitlines() == [
        "Deployment/hello-class injected in shop",
        "Deployment/hello-class-odgm injected in shop",
        "krm-otel: 1 class; 2 workloads injected",
    ]
    back = krm_otel("uninject", "-", stdin=done.stdout)
    assert (back.returncode, back.stdout) == (0, STREAM)


def test_environment_is_read() -> None:
    """OPRC_CRM_* reaches the function."""
    done = krm_otel(stdin=STREAM, OPRC_CRM_FEATURES_OTEL="false")
    assert (done.returncode, done.stdout) == (0, STREAM)
    assert b"skipped (switched off by environment OPRC_CRM_FEATURES_OTEL)" in done.stderr


def test_unreadable_input_gives_no_output() -> None:
    """Blank output with a reason and exit 1: kpt then writes nothing."""
    done = krm_otel(stdin=b"a: [\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"<stdin>:2:1: error[unreadable-input] the input is not YAML or JSON" in done.stderr
    assert b"Traceback" not in done.stderr


def test_render_in_place_and_back(apps: Path) -> None:
    """`-o` the same folder changes only files with workloads; uninject gives every byte back."""
    before = files(apps)
    assert krm_otel("render", apps, "-o", apps).returncode == 0
    after = files(apps)
    assert {name for name in before if before[name] != after[name]} == {"base/workloads.yaml"}
    assert after.keys() == before.keys()
    again = krm_otel("render", apps, "-o", apps)
    assert files(apps) == after
    assert b"unchanged" in again.stderr
    assert krm_otel("uninject", apps, "-o", apps).returncode == 0
    assert files(apps) == before


def test_render_into_another_folder(apps: Path, tmp_path: Path) -> None:
    """Files land at their places below the folder, the source stays."""
    before = files(apps)
    out = tmp_path / "out"
    assert krm_otel("render", apps, "-o", out).returncode == 0
    assert files(apps) == before
    assert files(out).keys() == before.keys()


def test_render_to_standard_output_is_one_stream(apps: Path) -> None:
    """The default: a stream that the function reads as unchanged."""
    stream = krm_otel("render", apps).stdout
    again = krm_otel(stdin=stream)
    assert again.stdout == stream
    assert again.stderr.decode().splitlines() == [
        "Deployment/hello-class unchanged in shop",
        "Deployment/hello-class-odgm unchanged in shop",
        "krm-otel: 1 class; 2 workloads unchanged",
    ]


def test_errors_write_no_file(apps: Path) -> None:
    """One faulty block: exit 1 and not a byte on disk."""
    (apps / "classruntime.yaml").write_bytes(CLASS.replace(b"sampling_rate: 0.05", b"sampling_rat: 0.05"))
    before = files(apps)
    done = krm_otel("render", apps, "-o", apps)
    assert done.returncode == 1
    assert files(apps) == before
    assert b"sampling_rat" in done.stderr
    assert str(apps / "classruntime.yaml").encode() in done.stderr


def test_diff_exit_codes(apps: Path) -> None:
    """1 with differences, 0 without, 2 with errors; no colour where there is no terminal."""
    done = krm_otel("diff", apps)
    assert done.returncode == 1
    assert done.stdout.startswith(b"--- a/")
    assert b"\x1b[" not in done.stdout
    assert b"\x1b[38;5;28m+" in krm_otel("diff", apps, "--color", "always").stdout
    krm_otel("render", apps, "-o", apps)
    same = krm_otel("diff", apps)
    assert (same.returncode, same.stdout) == (0, b"")
    (apps / "classruntime.yaml").write_bytes(CLASS.replace(b"http://", b"ftp://"))
    assert krm_otel("diff", apps).returncode == 2


@pytest.mark.slow
def test_diff_is_a_patch(apps: Path) -> None:
    """`git apply` does what render does in place: files that change, come and go."""
    block = b"    collector: {mode: deployment, exporters: {traces: 'http://x:4317', metrics: 'http://x:4317'}}\n"
    with_collector = CLASS.replace(CLASS[CLASS.index(b"    collector:") :], block)
    for text in (with_collector, CLASS.rstrip()):
        (apps / "classruntime.yaml").write_bytes(text)
        patch = krm_otel("diff", "apps", cwd=apps.parent).stdout
        before = files(apps)
        assert krm_otel("render", apps, "-o", apps).returncode == 0
        wanted = files(apps)
        for name, data in before.items():
            (apps / name).write_bytes(data)
        for name in wanted.keys() - before.keys():
            (apps / name).unlink()
        subprocess.run(["git", "apply", "-"], cwd=apps.parent, input=patch, check=True)
        assert files(apps) == wanted
        assert ("hello-class-otel.yaml" in wanted) == (text is with_collector)


def test_validate_prints_results_only(apps: Path) -> None:
    """Every fault with what to write instead; exit 1."""
    (apps / "classruntime.yaml").write_bytes(CLASS.replace(b"traces: true", b"trace: true"))
    done = krm_otel("validate", apps)
    assert done.returncode == 1
    assert b"spec.observability.telemetry.trace" in done.stdout
    assert b"classruntime.yaml:15:7: error[unknown-field] ClassRuntime shop/hello-class: spec" in done.stdout
    assert b"is not a known field: write traces" in done.stdout
    found = json.loads(krm_otel("validate", apps, "--format", "json").stdout)
    assert found[0]["field"] == {
        "path": "spec.observability.telemetry.trace",
        "currentValue": "trace",
        "proposedValue": "traces",
    }


def test_function_config_file(apps: Path, tmp_path: Path) -> None:
    """`-c` gives the settings for all classes."""
    config = tmp_path / "otel.yaml"
    config.write_text("apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nspec: {enabled: false}\n")
    done = krm_otel("render", apps, "-c", config)
    assert done.returncode == 0
    assert b"OTEL_" not in done.stdout.replace(b"OTelConfig", b"")


@pytest.mark.parametrize("how", ["option", "environment", "before"])
def test_report_has_results_and_actions(apps: Path, tmp_path: Path, how: str) -> None:
    """The report carries what Helm and kustomize swallow."""
    report = tmp_path / "report.json"
    if how == "option":
        krm_otel("render", apps, "--report", report)
    elif how == "environment":
        krm_otel("render", apps, KRM_OTEL_REPORT=str(report))
    else:
        krm_otel("--report", report, stdin=STREAM)
    data = json.loads(report.read_text())
    assert [action["action"] for action in data["actions"]] == ["injected", "injected"]
    assert [result["tags"]["code"] for result in data["results"]] == ["telemetry-configured"]


def test_two_files_with_one_path_are_refused(apps: Path, tmp_path: Path) -> None:
    """Nothing is overwritten by chance."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "classruntime.yaml").write_bytes(b"kind: ConfigMap\n")
    done = krm_otel("render", apps, other, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert b"two files would be written to" in done.stderr


@pytest.mark.parametrize("command", ["render", "diff", "uninject", "validate"])
def test_exit_codes_of_faults(apps: Path, command: str) -> None:
    """2 is for what krm-otel cannot do: a path that is not there, a wrong command line."""
    missing = krm_otel(command, "no-such-folder")
    assert missing.returncode == 2
    assert missing.stderr.decode() == "Error: cannot read no-such-folder: No such file or directory\n"
    without = krm_otel(command, apps, "-c", "no-such-file")
    assert without.returncode == missing.returncode
    assert without.stderr.decode() == "Error: cannot read no-such-file: No such file or directory\n"
    for arguments in (f"- {apps}", f"{apps} --no-such-option"):
        assert krm_otel(command, *arguments.split()).returncode == 2
    if command in ("render", "uninject"):
        assert krm_otel(command, "-", "-o", apps, stdin=STREAM).returncode == 2
