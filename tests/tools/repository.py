"""This repository as someone else gets it: a git repository of its own with the same files."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.tools.clients import run

ROOT = Path(__file__).parents[2]
COMMIT = ("git", "-c", "user.name=e2e", "-c", "user.email=e2e@localhost", "commit", "--quiet", "--no-verify")


def checkout(folder: Path) -> Path:
    """Copies what git knows or would add into a new folder, and commits it; one broken file stands for all tests."""
    folder.mkdir(parents=True)
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT).ok().stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "tests").mkdir()
    (folder / "tests" / "broken.yaml").write_text("items: [\n")
    commit_all(folder)
    return folder


def commit_all(folder: Path) -> str:
    """Commits all files of a folder, which becomes a git repository; the commit's hash."""
    run(["git", "init", "--quiet", "--initial-branch=main", "."], cwd=folder).ok()
    run(["git", "add", "--all"], cwd=folder).ok()
    run([*COMMIT, "-m", "all"], cwd=folder).ok()
    return run(["git", "rev-parse", "HEAD"], cwd=folder).ok().stdout.decode().strip()
