"""What telemetry costs a request, with the reference data plane: latency and processor time, as ratios.

    make bench-telemetry
    .venv/bin/python -m bench.telemetry --rounds 9 --turns 20

The same requests go through gateway → function → ODGM (12 spans each) in four platforms of four processes, which all
run at once: one whose SDK is off, one with an SDK and nothing injected, and two with what krm-otel renders, at a rate
of 0.1 and of 1.0, traces and metrics, sent to one collector with the generated config. One client, one request after
the other; the platforms take turns, of few requests each, so that a busy machine slows all of them. Of every round
there is a median, a 99th percentile and a processor time; the table has of each the best round. Nothing here fails
because of a time.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.tools.backend import Collector, on_this_machine
from tests.tools.dataplane import INVOKE, Fleet, Rendered, fleet, rendered
from tests.tools.ports import FREE
from tools.build import require

RATES = {"off": None, "nothing injected": None, "rate 0.1": 0.1, "rate 1.0": 1.0}
BASE = "off"
REQUESTS = 20
"""Of one turn."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """Of one platform, a number for each round: milliseconds."""

    median: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, times: list[float], processor: float) -> None:
        self.median.append(statistics.median(times))
        self.slowest.append(statistics.quantiles(times, n=100)[98])
        self.processor.append(processor)

    def best(self) -> tuple[float, float, float]:
        return min(self.median), min(self.slowest), min(self.processor)


def manifests(ports: dict[str, int], name: str) -> Rendered:
    spec: dict[str, Any] = {
        "telemetry": {"propagators": ["w3c"]},
        "collector": {"mode": "deployment", "config": on_this_machine(ports)},
    }
    user = {"OTEL_SDK_DISABLED": "true"} if name == "off" else {}
    return rendered(spec, RATES[name], user)


@contextmanager
def platforms(folder: Path) -> Iterator[dict[str, Fleet]]:
    """All of them, ready; and their collector."""
    ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
    made = {name: manifests(ports, name) for name in RATES}
    given = made["rate 1.0"]
    collector = Collector(require("otelcol"), folder, "collector", given.config, ports["health"], given.env)
    with ExitStack() as stack:
        stack.callback(collector.end)
        collector.start()
        found = {}
        for number, (name, one) in enumerate(made.items()):
            found[name] = stack.enter_context(fleet(folder / str(number), one, f"127.0.0.1:{ports['grpc']}"))
            found[name].load(50)
        yield found


def send(services: Fleet, requests: int) -> list[float]:
    """Milliseconds of every request."""
    times = []
    with httpx.Client(base_url=f"http://127.0.0.1:{services.ports['gateway']}", timeout=60) as client:
        client.post(INVOKE, json={"items": 1}).raise_for_status()  # the connection
        for _ in range(requests):
            start = time.perf_counter()
            client.post(INVOKE, json={"items": 1}).raise_for_status()
            times.append((time.perf_counter() - start) * 1000)
    return times


def processor(services: Fleet) -> float:
    """Milliseconds that the services' processes have run so far."""
    total = 0
    for service in services.platform.services.values():
        fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * 1000 / TICKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=10, help="of each platform in a round")
    given = parser.parse_args()
    measured = {name: Measured() for name in RATES}
    with tempfile.TemporaryDirectory() as folder, platforms(Path(folder)) as found:
        for _ in range(given.rounds):
            before = {name: processor(services) for name, services in found.items()}
            times: dict[str, list[float]] = {name: [] for name in found}
            for turn in range(given.turns):
                names = list(found)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    times[name] += send(found[name], REQUESTS)
            for name, services in found.items():
                spent = processor(services) - before[name]
                measured[name].add(times[name], spent / (given.turns * (REQUESTS + 1)))
    base = measured[BASE].best()
    print(f"{given.rounds} rounds of {given.turns * REQUESTS} requests each, best round of each figure;", end=" ")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| | median | ratio | p99 | ratio | processor time | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, one in measured.items():
        cells = [f"{value:.1f} ms | {value / reference:.2f}" for value, reference in zip(one.best(), base, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
