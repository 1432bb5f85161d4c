"""The installed command, run as a user does, and the quickstart as its input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

QUICKSTART = Path(__file__).parents[3] / "examples" / "quickstart"
CLASS = (QUICKSTART / "classruntime.yaml").read_bytes()
WORKLOADS = (QUICKSTART / "workloads.yaml").read_bytes()
STREAM = CLASS + b"---\n" + WORKLOADS


def krm_otel(
    *args: str | Path, stdin: bytes = b"", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Runs the command without variables of krm-otel in its environment except `env`."""
    command = [str(Path(sys.executable).with_name("krm-otel")), *map(str, args)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPRC_", "KRM_OTEL_"))}
    return subprocess.run(
        command, input=stdin, capture_output=True, cwd=cwd, env={**kept, **env}, check=False, timeout=60
    )


def files(folder: Path) -> dict[str, bytes]:
    """The contents of all files below a folder, by their paths in it; without hidden ones, such as the ledger."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
