"""Results of a measurement as a file in bench/results, with the machine, the versions and the date.

Pages are written from these files (bench/page.py), so a figure in the documentation is one that was measured.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools.build import TOOLS
from tools.system import run_quietly

RESULTS = Path(__file__).parent / "results"


def write(name: str, content: dict[str, Any]) -> None:
    """Keeps the results of one measurement."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(content, indent=1)
    # One line for each list of numbers: a diff shows which rows have changed.
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def read(name: str) -> dict[str, Any] | None:
    """The results of a section; None where nothing was measured yet."""
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def facts(*tools: str) -> dict[str, Any]:
    """Date, machine and versions: of Python, and of packages and of tools of tools/build.py by their names."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    cores = len(os.sched_getaffinity(0))
    versions = {name: TOOLS[name].version.removeprefix("v") if name in TOOLS else version(name) for name in tools}
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{_processor()}, {cores} cores, {memory:.0f} GB, Linux {platform.release().partition('-')[0]}",
        "versions": {"Python": platform.python_version(), **versions},
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def go_version() -> str:
    """The version of Go that builds the peers."""
    return run_quietly("go", "env", "GOVERSION").strip().removeprefix("go")
