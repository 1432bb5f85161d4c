"""A guard on speed that does not depend on what else the machine does: instructions, counted by valgrind.

    make check-instructions     compare with bench/instructions.json; CI does
    make instructions           renew that file

A path is one run of the program over one input. Its count is exact: hashes have a fixed seed, modules are compiled
before, and a path has one core, so nothing is done in a second process. Counts depend on how Python and libyaml were
compiled, so they are compared as multiples of a yardstick (bench/yardstick.py), which is counted in the same session.
A path that needs more than LIMIT more than committed fails. One that needs less does not, but should be renewed: what
is gained is only held once it is committed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from bench import inputs, yardstick
from tools.build import ToolError
from tools.system import install_packages

COMMITTED: Final = Path(__file__).with_suffix(".json")
SCRIPT: Final = Path(sys.executable).with_name("krm-otel")

LIMIT: Final = 0.02
"""How much more a path may need than is committed."""
OTHER_BUILD: Final = 0.10
"""The same where the yardstick needs another count than it did then. Between CPython 3.11, 3.12 and 3.13 and two builds
of 3.11, counts differ by up to 40 %, and multiples of the yardstick by up to 9 %."""
GROWTH: Final = 1.05
"""How much more than one of the first 225 items a further one may need: time is linear."""

FEW, MANY = 225, 900
YARDSTICK: Final = "yardstick"
FIRST: Final = f"{FEW} items injected"
PATHS: Final = {
    "cold": "a package of one class and two workloads",
    "cold, no class": "a package of two workloads, nothing of ours",
    "injected": f"{MANY} items, a third of them injected",
    "again": "the same on its own output",
    "uninject": "the same taken out",
    FIRST: f"{FEW} items, a third of them injected",
}
"""Path → what it is."""

Counts = Mapping[str, float]
"""Path → millions of instructions, with those of the yardstick."""


@dataclass(frozen=True)
class Verdict:
    """A comparison: a table, what fails, and what should be renewed. Sentences, one for each path."""

    table: list[str]
    faults: list[str]
    gains: list[str]


def compare(now: Counts, committed: Counts) -> Verdict:
    """What has become of each path, in multiples of the yardstick."""
    scale = now[YARDSTICK] / committed[YARDSTICK]
    same_build = abs(scale - 1) <= LIMIT
    limit = LIMIT if same_build else OTHER_BUILD
    table = [f"{'':16}{'now':>10}{'committed':>11}{'change':>9}   million instructions"]
    faults, gains = [], []
    if not same_build:
        table.append(
            f"Another build of Python or libyaml: the yardstick needs {scale - 1:+.1%} here. {limit:.0%} may pass."
        )
    for path in PATHS:
        if path not in committed:
            faults.append(f"{path}: not committed")
            continue
        expected = committed[path] * scale
        change = now[path] / expected - 1
        table.append(f"{path:16}{now[path]:>10,.1f}{expected:>11,.1f}{change:>+9.1%}   {PATHS[path]}")
        if change > limit:
            faults.append(f"{path}: {change:.1%} more than committed, and {limit:.0%} is the limit")
        elif change < -limit:
            gains.append(f"{path}: {-change:.1%} less than committed")
    further = (now["injected"] - now[FIRST]) / (MANY - FEW)
    first = (now[FIRST] - now["cold"]) / FEW
    table.append(f"An item: {further:.2f} after {FEW}, {first:.2f} before.")
    if further > first * GROWTH:
        faults.append(f"growth: an item after {FEW} others needs {further / first:.2f} times one before")
    return Verdict(table, faults, gains)


def commands(folder: Path) -> dict[str, tuple[list[str], Path]]:
    """Path → command and input; each has run once, so that all modules are compiled."""
    few, many, injected, cold, nothing = (folder / f"{n}.yaml" for n in ("few", "many", "injected", "cold", "nothing"))
    for path, count in ((few, FEW), (many, MANY)):
        path.write_text("".join(inputs.resource_list(count)), encoding="utf-8")
    cold.write_text(inputs.quickstart(), encoding="utf-8")
    nothing.write_text(inputs.quickstart(ours=False), encoding="utf-8")
    function = [sys.executable, str(SCRIPT)]
    paths = {
        YARDSTICK: ([sys.executable, yardstick.__file__], nothing),
        "cold": (function, cold),
        "cold, no class": (function, nothing),
        "injected": (function, many),
        "again": (function, injected),
        "uninject": ([*function, "uninject", "-"], injected),
        FIRST: (function, few),
    }
    injected.write_bytes(_run(function, many))
    for command, source in paths.values():
        _run(command, source)
    return paths


def count() -> dict[str, float]:
    """The counts of all paths here, a core for each that runs."""
    cores: SimpleQueue[int] = SimpleQueue()
    for core in os.sched_getaffinity(0):
        cores.put(core)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(cores.qsize()) as pool:

        def one(path: tuple[list[str], Path]) -> float:
            core = cores.get()
            try:
                return instructions(*path, core)
            finally:
                cores.put(core)

        paths = commands(Path(name))
        return dict(zip(paths, pool.map(one, paths.values()), strict=True))


def instructions(command: list[str], source: Path, core: int) -> float:
    """Millions of instructions of a command and the processes that it forks, on one core."""
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    with tempfile.NamedTemporaryFile("r") as log:
        _run(["taskset", "--cpu-list", str(core), *tool, f"--log-file={log.name}", *command], source)
        found = re.findall(r"I +refs: +([\d,]+)", log.read())
    if not found:
        raise SystemExit(f"instructions: valgrind counted nothing of {' '.join(command)}")
    return round(sum(int(number.replace(",", "")) for number in found) / 1e6, 1)


def _run(command: list[str], source: Path) -> bytes:
    """The output of a command. Its environment is its own, so that variables of the caller do not count."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    with source.open("rb") as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True, check=False, env=env)
    if done.returncode:
        raise SystemExit(
            f"instructions: {' '.join(command)} failed ({done.returncode}):\n{done.stderr.decode()[-2000:]}"
        )
    return done.stdout


def report(verdict: Verdict) -> Iterator[str]:
    """The lines of a comparison."""
    yield from verdict.table
    for sentence in verdict.faults:
        yield f"instructions: {sentence}"
    if verdict.faults:
        yield "Make it cheaper; or, where it is worth that, `make instructions`, and say in the commit why."
    for sentence in verdict.gains:
        yield f"instructions: {sentence}: run `make instructions` to hold it"


def main() -> None:
    """Compares, or renews what is committed; exit code 1 where a path needs too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help=f"write {COMMITTED.name}")
    arguments = parser.parse_args()
    try:
        install_packages({"valgrind": "valgrind", "taskset": "util-linux"})
    except ToolError as error:
        raise SystemExit(f"instructions: {error}") from None
    now = count()
    committed = json.loads(COMMITTED.read_text(encoding="utf-8")) if COMMITTED.exists() else now
    verdict = compare(now, now if arguments.renew else committed)
    if arguments.renew:
        COMMITTED.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
    print(*report(verdict), sep="\n")
    raise SystemExit(bool(verdict.faults))


if __name__ == "__main__":
    main()
