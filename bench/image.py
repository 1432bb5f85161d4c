"""Cold start in the image of the function: measured inside one container, so that podman's own start does not count."""

from __future__ import annotations

import json
import subprocess
import sys

from bench import inputs
from bench.measuring import Failed, Row
from tools.containers.podman import environment, image

LOCKED = ("--network", "none", "--read-only", "--cap-drop", "all")
LOOP = """\
import json, os, resource, subprocess, sys, time
asked = json.load(sys.stdin)
rows = {name: [] for name in asked["commands"]}
for _ in range(asked["rounds"] + 1):
    for name, (command, text) in asked["commands"].items():
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, input=text.encode(), capture_output=True, check=True)
        seconds, after = time.perf_counter() - start, os.times()
        rows[name].append((seconds, after[2] + after[3] - before[2] - before[3]))
print(json.dumps({name: times[1:] for name, times in rows.items()}))
"""
"""Runs in the image's own Python. The first round warms up."""
CODE = """\
import hashlib, importlib.util, pathlib
root = pathlib.Path(importlib.util.find_spec("krm_otel").origin).parent
files = sorted(root.rglob("*.py"))
print(hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest())
"""
"""A digest of the code of krm-otel, here and there: an old image would have old times."""


def measure(rounds: int) -> dict[str, Row]:
    """The same runs as in the section `cold`.

    Raises:
        Failed: there is no image, or no podman.
    """
    python = "/opt/krm-otel/bin/python3"
    commands = {
        "python -c pass": ((python, "-c", "pass"), ""),
        "krm-otel, quickstart": (("krm-otel",), inputs.quickstart()),
        "krm-otel, no class": (("krm-otel",), inputs.quickstart(ours=False)),
    }
    asked = json.dumps({"rounds": rounds, "commands": commands})
    inside = ["podman", "run", "--rm", "--interactive", *LOCKED, "--entrypoint", python, image(), "-c"]
    if _run(*inside, CODE) != _run(sys.executable, "-c", CODE):
        raise Failed("the image has other code: run `make images`")
    rows: dict[str, list[tuple[float, float]]] = json.loads(_run(*inside, LOOP, stdin=asked))
    return {
        name: Row(seconds=[round(time, 4) for time, _ in times], processor=[round(spent, 4) for _, spent in times])
        for name, times in rows.items()
    }


def _run(*command: str, stdin: str = "") -> str:
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment())
    except FileNotFoundError:
        raise Failed("there is no podman") from None
    if done.returncode:
        raise Failed(f"`make images` makes the image: {done.stderr.strip()[-300:]}")
    return done.stdout
