"""The folder that most tests of the command start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.command import CLASS, WORKLOADS, written


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """The quickstart in a folder, as `apps/classruntime.yaml` and `apps/base/workloads.yaml`."""
    return written(tmp_path / "apps", {"classruntime.yaml": CLASS, "base/workloads.yaml": WORKLOADS})
