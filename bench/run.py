"""Time and memory of krm-otel on a large ResourceList, compared with other ways to process it.

    make bench                      10,000 items
    .venv/bin/python -m bench.run --items 100000 --rounds 3

bench/inputs.py generates the input. Each contender is a separate process that reads the same bytes on standard
input. They take turns, so a busy machine slows all of them. The table shows medians, the ratio to krm-otel, and peak
memory.
Nothing here fails because of a time: a measurement is no test.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.inputs import resource_list

ROOT = Path(__file__).parents[1]
SCRIPT = Path(sys.executable).with_name("krm-otel")
LOAD_AND_DUMP = (
    "import sys, yaml; "
    "yaml.dump(yaml.load(sys.stdin.buffer, yaml.CSafeLoader), sys.stdout, yaml.CSafeDumper, sort_keys=False)"
)


def measure(command: list[str], source: Path) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MB of one process."""
    with source.open("rb") as stdin:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command)[:80]} failed with {process.returncode}")
    return seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def contenders(folder: Path, items: int) -> dict[str, tuple[list[str], Path]]:
    """Name → command and input."""
    disabled, enabled, injected = (folder / f"{name}.yaml" for name in ("disabled", "enabled", "injected"))
    for path in (enabled, disabled):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(resource_list(items, enabled=path is enabled))
    with enabled.open("rb") as stdin, injected.open("wb") as stdout:
        subprocess.run([SCRIPT], stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, check=True)
    function = [str(SCRIPT)]
    return {
        "krm-otel, every Deployment injected": (function, enabled),
        "krm-otel, again on its own output": (function, injected),
        "krm-otel, class not enabled": (function, disabled),
        "krm-otel uninject": ([*function, "uninject", "-"], injected),
        "PyYAML (C) load and dump, nothing done": ([sys.executable, "-c", LOAD_AND_DUMP], enabled),
        "cat": (["cat"], enabled),
    }


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000, help="items in the ResourceList (10000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender runs (5)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        runs = contenders(Path(name), arguments.items)
        measurements: dict[str, list[tuple[float, float]]] = {title: [] for title in runs}
        for number in range(arguments.rounds):
            for title, (command, source) in runs.items():
                if sys.stderr.isatty():
                    print(
                        f"\r\x1b[Kround {number + 1}/{arguments.rounds}: {title}", end="", file=sys.stderr, flush=True
                    )
                measurements[title].append(measure(command, source))
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        size = runs["cat"][1].stat().st_size
    base = statistics.median(seconds for seconds, _ in next(iter(measurements.values())))
    print(f"{arguments.items:,} items, {size / 1e6:.1f} MB; medians of {arguments.rounds} rounds;", end=" ")
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs ({platform.machine()})\n")
    print("| | seconds | ratio | peak memory |")
    print("|---|---:|---:|---:|")
    for title, values in measurements.items():
        seconds = statistics.median(value for value, _ in values)
        memory = max(value for _, value in values)
        print(f"| {title} | {seconds:.2f} | {seconds / base:.2f} | {memory:.0f} MB |")


if __name__ == "__main__":
    main()
