"""The hooks of this repository in the real pre-commit, which installs krm-otel from a checkout of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.manifests import CLASS_AND_WORKLOAD
from tests.tools.clients import Answer, run
from tests.tools.function import injected, manifests
from tests.tools.repository import checkout, commit_all

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")


@pytest.fixture(scope="module")
def krm_otel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout, beside which pre-commit keeps what it installs."""
    return checkout(tmp_path_factory.mktemp("hooks") / "krm-otel")


@pytest.fixture
def user(krm_otel: Path, tmp_path: Path) -> Path:
    """A repository with a class, whose commits the hooks check."""
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "app.yaml").write_bytes(CLASS_AND_WORKLOAD)
    rev = run(["git", "rev-parse", "HEAD"], cwd=krm_otel).ok().stdout.decode().strip()
    hooks = [{"id": "krm-otel-validate"}, {"id": "krm-otel-render", "args": ["apps", "-o", "apps"]}]
    config = {"repos": [{"repo": str(krm_otel), "rev": rev, "hooks": hooks}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    commit_all(tmp_path)
    return tmp_path


def hook(name: str, user: Path, krm_otel: Path) -> Answer:
    env = {"PRE_COMMIT_HOME": str(krm_otel.parent / "cache"), "PATH": f"/usr/bin{os.pathsep}/bin"}
    return run([PRE_COMMIT, "run", name, "--all-files", "--verbose"], cwd=user, env={**os.environ, **env})


def test_validate(user: Path, krm_otel: Path) -> None:
    """Warnings pass, and errors do not."""
    done = hook("krm-otel-validate", user, krm_otel).ok()
    assert b"exporter-missing" in done.stdout
    (user / "apps" / "app.yaml").write_bytes(CLASS_AND_WORKLOAD.replace(b"enabled: true", b"enabled: maybe"))
    done = hook("krm-otel-validate", user, krm_otel)
    assert done.code == 1
    assert b"apps/app.yaml" in done.stdout


def test_render(user: Path, krm_otel: Path) -> None:
    """It fails where it changed something, and passes once that is committed."""
    done = hook("krm-otel-render", user, krm_otel)
    assert done.code == 1
    assert b"files were modified by this hook" in done.stdout
    assert injected(manifests((user / "apps" / "app.yaml").read_bytes())) == {"Deployment/echo": ["function"]}
    commit_all(user)
    hook("krm-otel-render", user, krm_otel).ok()
    assert run(["git", "status", "--porcelain"], cwd=user).ok().stdout == b""
