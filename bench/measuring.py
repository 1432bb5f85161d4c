"""Time, processor time and memory of processes that take turns, so that what slows the machine slows all of them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STEP = 0.005  # seconds between two looks at the memory of a process; of a short one, a twentieth of its age
MB = 1024 * 1024


class Failed(Exception):
    """A contender cannot run, or ended with an error."""


@dataclass(frozen=True)
class Contender:
    """A command to measure.

    Attributes:
        source: its standard input.
        items: how many items it reads.
        one_core: whether it may use one core only; by default it has all.
        before: what is done before each run, and not measured.
    """

    command: tuple[str | Path, ...]
    source: Path = Path(os.devnull)
    items: int = 0
    one_core: bool = False
    before: Callable[[], object] = field(default=lambda: None)

    def start(self) -> subprocess.Popen[bytes]:
        """The command as a process whose output nobody reads."""
        core = str(min(os.sched_getaffinity(0)))
        prefix = ["taskset", "--cpu-list", core] if self.one_core else []
        # If set, every process compiles its modules anew.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        words = [*prefix, *map(str, self.command)]
        with self.source.open("rb") as stdin:
            return subprocess.Popen(words, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)


@dataclass
class Row:
    """What was measured of a contender: seconds and processor seconds of each round, and peak memory in MB."""

    items: int = 0
    bytes: int = 0
    memory: float = 0.0
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def measure(contenders: Mapping[str, Contender], rounds: int, say: Callable[[str], None]) -> dict[str, Row]:
    """Memory in a first round, which also warms up, then times in the others; each round begins with another one."""
    rows = {name: Row(one.items, _size(one.source)) for name, one in contenders.items()}
    for name, contender in contenders.items():
        say(f"memory: {name}")
        contender.before()
        rows[name].memory = round(peak_memory(name, contender), 1)
    names = list(contenders)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            say(f"round {number + 1} of {rounds}: {name}")
            contenders[name].before()
            seconds, processor = timed(name, contenders[name])
            rows[name].seconds.append(round(seconds, 4))
            rows[name].processor.append(round(processor, 4))
    return rows


def timed(name: str, contender: Contender) -> tuple[float, float]:
    """Seconds and processor seconds of one run, with all processes that it waits for."""
    start = time.perf_counter()
    process = contender.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    _check(name, process, status)
    return seconds, usage.ru_utime + usage.ru_stime


def peak_memory(name: str, contender: Contender) -> float:
    """The peak memory of one run in MB, with all processes that it starts; what they share counts once.

    The kernel keeps the peak of single processes only, and starts it with the memory of the process that forked it:
    below that, and for several processes at once, memory is what is seen every few milliseconds.
    """
    start = time.perf_counter()
    process, seen = contender.start(), 0.0
    while True:
        seen = max(seen, _peak_of_one(process.pid), _memory_of_tree(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(min(STEP, (time.perf_counter() - start) / 20))
    _check(name, process, status)
    kept = _kept(usage)
    return kept if kept > max(seen, _kept(resource.getrusage(resource.RUSAGE_SELF))) else seen


def others_at_work(since: tuple[float, float, float]) -> float:
    """How many cores something else than this process and what it started has used on average since `marks()`."""
    when, machine, own = marks()
    elapsed = when - since[0]
    return max(0.0, (machine - since[1]) - (own - since[2])) / elapsed if elapsed else 0.0


def marks() -> tuple[float, float, float]:
    """The time, the processor seconds that the machine has used, and those of this process and what it started."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    ticks = os.sysconf("SC_CLK_TCK")
    return time.monotonic(), (user + nice + system + irq + softirq) / ticks, sum(os.times()[:4])


def _check(name: str, process: subprocess.Popen[bytes], status: int) -> None:
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{name}: exit code {process.returncode}")


def _kept(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (MB if sys.platform == "darwin" else 1024)


def _peak_of_one(pid: int) -> float:
    """The peak memory in MB of a process so far. One that has ended has none."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)


def _memory_of_tree(pid: int) -> float:
    """The memory in MB of a process and all below it. A process that ended meanwhile has none."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
    return own + sum(_memory_of_tree(int(child)) for child in children)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
