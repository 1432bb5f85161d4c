"""The command, run as a user does, and the quickstart as its input."""

from __future__ import annotations

import gc
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from krm_otel.cli.main import command

QUICKSTART = Path(__file__).parents[3] / "examples" / "quickstart"
CLASS = (QUICKSTART / "classruntime.yaml").read_bytes()
WORKLOADS = (QUICKSTART / "workloads.yaml").read_bytes()
STREAM = CLASS + b"---\n" + WORKLOADS
PROGRAM = str(Path(sys.executable).with_name("krm-otel"))


def krm_otel(
    *args: str | Path, stdin: bytes = b"", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Runs the console script in this process, with streams in memory; `installed` says how its environment is.

    A process takes a quarter of a second to start. `test_main` holds that both give the same.
    """
    handler = signal.getsignal(signal.SIGTERM)
    stdout, stderr = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment(env).keys():
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.chdir(cwd or Path.cwd())
        patch.setattr(sys, "argv", [PROGRAM, *map(str, args)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        patch.setattr(sys, "stdout", io.TextIOWrapper(stdout, "utf-8", write_through=True))
        patch.setattr(sys, "stderr", io.TextIOWrapper(stderr, "utf-8", "backslashreplace", write_through=True))
        try:
            with pytest.raises(SystemExit) as stopped:
                command()
        finally:
            signal.signal(signal.SIGTERM, handler)
            gc.enable()
        # What is written is kept by `stdout` and `stderr`: a wrapper closes its stream when it goes.
        done = subprocess.CompletedProcess(sys.argv, exit_code(stopped.value), stdout.getvalue(), stderr.getvalue())
    return done


def exit_code(stopped: SystemExit) -> int:
    """What the interpreter makes of it, for those that krm-otel has."""
    assert stopped.code is None or isinstance(stopped.code, int)
    return stopped.code or 0


def installed(
    *args: str | Path, stdin: bytes = b"", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Runs the installed command without variables of krm-otel in its environment except `env`."""
    return subprocess.run(
        [PROGRAM, *map(str, args)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(env),
        check=False,
        timeout=60,
    )


def environment(env: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPRC_", "KRM_OTEL_"))}
    return {**kept, **env}


def written(folder: Path, contents: dict[str, bytes]) -> Path:
    """Writes files below a folder, by their paths in it, and returns the folder."""
    for name, data in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """The contents of all files below a folder, by their paths in it; without hidden ones, such as the ledger."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
