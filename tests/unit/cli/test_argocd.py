"""`krm-otel argocd` in folders as they are: links to nowhere, charts, files that nobody can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.cli.command import CLASS, WORKLOADS, installed, krm_otel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "class.yaml").write_bytes(CLASS)
    (tmp_path / "workloads.yaml").write_bytes(WORKLOADS)
    return tmp_path


def strange(folder: Path) -> None:
    (folder / "gone.yaml").symlink_to("nowhere")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "class.yaml").write_bytes(CLASS)


def test_discover_finds_classes_among_unreadable_files(folder: Path) -> None:
    strange(folder)
    done = krm_otel("argocd", "discover", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"class.yaml\n", b"")


@pytest.mark.parametrize("name", ["gone.yaml", "loop.yaml", "pipe.yaml"])
def test_generate_names_unreadable_files(folder: Path, name: str) -> None:
    strange(folder)
    for other in {"gone.yaml", "loop.yaml", "pipe.yaml"} - {name}:
        (folder / other).unlink()
    done = krm_otel("argocd", "generate", cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(f"Error: cannot read {name}: ".encode())


def test_generate_prints_nothing_where_a_file_would_be_left_out(folder: Path) -> None:
    """With pruning, the objects in it would be deleted."""
    (folder / "more.yaml").write_text("kind: ConfigMap\n\tdata: {}\n")
    done = krm_otel("argocd", "generate", cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"more.yaml cannot be read, and Argo CD would delete its objects" in done.stderr


def test_a_chart_is_left_to_helm(folder: Path) -> None:
    """Even where a template happens to be YAML."""
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n")
    assert krm_otel("argocd", "discover", cwd=folder).stdout == b""
    done = krm_otel("argocd", "generate", cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"helm template --post-renderer krm-otel" in done.stderr


@pytest.mark.slow
def test_a_named_pipe_is_read() -> None:
    done = installed("render", "/dev/stdin", stdin=CLASS + b"---\n" + WORKLOADS)
    assert done.returncode == 0
    assert b"OTEL_SERVICE_NAME" in done.stdout
