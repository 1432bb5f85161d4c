"""The golden cases: where they are, and what their files hold."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1] / "cases"
CASES = sorted(path.parent for path in ROOT.rglob("input.*"))


def read_environ(path: Path) -> dict[str, str]:
    """The environment of a case, from its file `env`."""
    return dict(line.split("=", 1) for line in read(path).splitlines() if line)


def read(path: Path) -> str:
    """A file's text with its line ends as they are; empty where there is none."""
    return path.read_bytes().decode() if path.exists() else ""
