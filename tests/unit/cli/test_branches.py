"""Rendered manifests in Git: how long a diff is, and branches that are merged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.cli.command import files, krm_otel

pytestmark = pytest.mark.slow  # most tests start git

CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata:
  name: shop
spec:
  observability:
    enabled: true
    telemetry:
      sampling_rate: 0.1

      propagators: [w3c]

      resource_attributes:
        team: core

    collector:
      mode: sidecar
      exporters: {traces: "http://tempo.observability:4317", metrics: "http://mimir.observability:4317"}
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    oaas.io/owner: shop
spec:
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: function
          image: ghcr.io/acme/{name}:1.0.0
"""
NAMES = ("cart", "checkout", "search", "stock", "users")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A class with five workloads and a sidecar in each, rendered in place and committed."""
    (tmp_path / "class.yaml").write_text(CLASS)
    for name in NAMES:
        (tmp_path / f"{name}.yaml").write_text(WORKLOAD.format(name=name))
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.email", "test@example.com")
    git(tmp_path, "config", "user.name", "test")
    git(tmp_path, "config", "core.autocrlf", "false")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout.decode()


def commit(folder: Path) -> str:
    """Renders in place and commits; returns what krm-otel said."""
    done = krm_otel("render", ".", "-o", ".", cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "render")
    return done.stderr.decode()


def change(folder: Path, branch: str, old: str, new: str) -> None:
    """A branch of main that changes the class."""
    git(folder, "checkout", "-q", "-b", branch, "main")
    text = (folder / "class.yaml").read_text()
    assert old in text
    (folder / "class.yaml").write_text(text.replace(old, new))
    commit(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("propagators: [w3c]", "propagators: [w3c, b3]"),
        ("team: core", "team: core\n        tier: backend"),
        ("team: core\n", "team: core\n\n      logs: true\n      service_name: shop\n"),
    ],
    ids=["propagators", "attributes", "logs-and-name"],
)
def test_branches_that_change_other_settings_merge(repository: Path, old: str, new: str) -> None:
    """The merge is what a render of the merged class is, and nothing in it counts as edited by hand."""
    change(repository, "rate", "sampling_rate: 0.1", "sampling_rate: 0.2")
    change(repository, "other", old, new)
    git(repository, "merge", "-q", "--no-edit", "rate")
    merged = files(repository)
    said = commit_nothing(repository)
    assert files(repository) == merged, "the merge is what a render gives"
    assert "5 workloads unchanged" in said and "by hand" not in said
    assert all(b'"0.2"' in merged[f"{name}.yaml"] for name in NAMES)


def commit_nothing(folder: Path) -> str:
    return krm_otel("-v", "render", ".", "-o", ".", cwd=folder).stderr.decode()


def test_branches_that_add_workloads_merge(repository: Path) -> None:
    for name in ("orders", "mail"):
        git(repository, "checkout", "-q", "-b", name, "main")
        (repository / f"{name}.yaml").write_text(WORKLOAD.format(name=name))
        commit(repository)
    git(repository, "merge", "-q", "--no-edit", "orders")
    assert "7 workloads unchanged" in commit_nothing(repository)


def test_the_diff_is_short(tmp_path: Path) -> None:
    """What five workloads with a sidecar each add: it was 615 lines, and each record a line of 820 characters."""
    (tmp_path / "class.yaml").write_text(CLASS)
    for name in NAMES:
        (tmp_path / f"{name}.yaml").write_text(WORKLOAD.format(name=name))
    diff = krm_otel("diff", ".", cwd=tmp_path).stdout.decode().splitlines()
    added = [line[1:] for line in diff if line.startswith("+") and not line.startswith("+++")]
    records = [line for line in added if line.startswith("      ") and line.lstrip()[:1] in '{",[}']
    assert len(records) > 20, "they are found"
    assert len(added) <= 580
    assert max(map(len, records)) <= 161
