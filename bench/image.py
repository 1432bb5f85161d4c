"""Cold start in the image of the function: measured inside one container, so that podman's own start does not count."""

from __future__ import annotations

import json

from bench import inputs
from bench.measuring import Row
from tools.containers.podman import build_function, image, podman

LOCKED = ("--network", "none", "--read-only", "--cap-drop", "all")
LOOP = """\
import json, os, subprocess, sys, time
asked = json.load(sys.stdin)
rows = {name: [] for name in asked["commands"]}
for _ in range(asked["rounds"] + 1):
    for name, (command, text) in asked["commands"].items():
        stdin = os.memfd_create("input")
        os.write(stdin, text.encode())
        os.lseek(stdin, 0, os.SEEK_SET)
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, process.returncode, usage = os.wait4(process.pid, 0)
        rows[name].append((time.perf_counter() - start, usage.ru_utime + usage.ru_stime))
        os.close(stdin)
        assert process.returncode == 0, name
print(json.dumps({name: times[1:] for name, times in rows.items()}))
"""
"""Runs in the image's own Python. The first round warms up."""


def measure(rounds: int) -> dict[str, Row]:
    """The same runs as in the section `cold`, in the image of this checkout.

    Raises:
        ToolError: it cannot be built or run.
    """
    python = "/opt/krm-otel/bin/python3"
    commands = {
        "python -c pass": ((python, "-c", "pass"), ""),
        "krm-otel, quickstart": (("krm-otel",), inputs.quickstart()),
        "krm-otel, no class": (("krm-otel",), inputs.quickstart(ours=False)),
    }
    asked = json.dumps({"rounds": rounds, "commands": commands})
    build_function()
    words = ("run", "--rm", "--interactive", *LOCKED, "--entrypoint", python, image(), "-c", LOOP)
    rows: dict[str, list[tuple[float, float]]] = json.loads(podman(*words, stdin=asked))
    return {
        name: Row(seconds=[round(time, 4) for time, _ in times], processor=[round(spent, 4) for _, spent in times])
        for name, times in rows.items()
    }
