"""What telemetry costs a request, with the reference data plane: latency and processor time, as ratios.

    make bench-telemetry
    .venv/bin/python -m bench.telemetry --rounds 9 --turns 20
    .venv/bin/python -m bench.telemetry --only faults

The same requests go through gateway → function → ODGM (12 spans each) in several platforms of four processes, which all
run at once: those whose SDK is off, and those with what krm-otel renders, traces and metrics, each with a collector of
its own with the generated config. First all is well; then each has a fault, from before the first request that is
measured until after the last. One client, one request after the other; the platforms take turns, of few requests each,
so that a busy machine slows all of them. Of every round there is a median, a 99th percentile and a processor time; the
table has of each the best round. A request without a good answer ends it, as does a fault that shows nowhere; nothing
here fails because of a time.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.tools.backend import Collector, on_this_machine
from tests.tools.counted import collector_spans
from tests.tools.dataplane import INVOKE, Fleet, fleet, rendered
from tests.tools.gate import gate
from tests.tools.ports import FREE
from tools.build import require

TURN = {1: 20, 10: 50}
"""Clients at once → requests of one turn, of all of them together."""
TICKS = os.sysconf("SC_CLK_TCK")
OFF = {"OTEL_SDK_DISABLED": "true"}


@dataclass(frozen=True)
class Row:
    """A platform.

    Attributes:
        rate: of sampling; None: nothing is injected.
        fault: one of those that `start` makes.
        base: the row that it is compared with; empty: it is one itself.
    """

    rate: float | None = 1.0
    user: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    clients: int = 1
    base: str = "off"


TABLES = {
    "well": {
        "off": Row(None, OFF, base=""),
        "an SDK, nothing injected": Row(None),
        "rate 0.1": Row(0.1),
        "rate 1.0": Row(),
    },
    "faults": {
        "off": Row(None, OFF, base=""),
        "no fault": Row(),
        "collector stopped": Row(fault="stopped"),
        "wrong endpoint": Row(fault="wrong"),
        "collector does not answer": Row(fault="silent"),
        "backend does not answer, queue full": Row(fault="slow"),
        "collector at its memory limit": Row(fault="memory"),
        "off, 10 clients": Row(None, OFF, clients=10, base=""),
        "no fault, 10 clients": Row(clients=10, base="off, 10 clients"),
    },
}


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


@dataclass(frozen=True)
class Running:
    """Attributes:
    fault: whether what is wrong shows somewhere.
    """

    services: Fleet
    clients: int
    fault: Callable[[], bool]


def start(stack: ExitStack, folder: Path, row: Row) -> Running:
    """A platform that is ready and warm, and its collector; what is to be wrong is wrong."""
    ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
    collector: dict[str, Any] = {"mode": "deployment", "config": on_this_machine(ports)}
    spec: dict[str, Any] = {"telemetry": {"propagators": ["w3c"]}, "collector": collector}
    address = f"127.0.0.1:{ports['grpc']}"
    if row.fault == "wrong":
        spec["collector"], address = {"endpoint": "http://no-such-collector.invalid:4317"}, ""
    elif row.fault == "silent":
        before = stack.enter_context(gate(ports["grpc"]))
        before.shut()
        address = f"127.0.0.1:{before.port}"
    elif row.fault == "slow":
        before = stack.enter_context(gate(ports["health"]))  # nothing gets there
        before.shut()
        spec["backends"] = {"end": {"type": "otlp", "endpoint": f"http://127.0.0.1:{before.port}"}}
        collector |= {"exporters": {"traces": "end"}, "queue": {"size": 2}, "batch": {"timeout": "200ms"}}
    elif row.fault == "memory":
        collector["config"]["processors"] = {"memory_limiter": {"limit_mib": 1, "spike_limit_mib": 0}}
    made = rendered(spec, row.rate, row.user)
    folder.mkdir()
    own = Collector(require("otelcol"), folder, "collector", made.config, ports["health"], made.env)
    if made.config:
        stack.callback(own.end)
        own.start()
    services = stack.enter_context(fleet(folder / "services", made, address if made.config else ""))
    services.load(50)
    if row.fault == "stopped":
        own.stop()

    def complained() -> bool:
        logs = (line for service in services.platform.services.values() for line in service.log)
        return any(line["logger"].startswith("opentelemetry.exporter.") for line in logs)

    def overflows() -> bool:
        return collector_spans(ports["metrics"])["exporter_enqueue_failed"] > 0

    shows = {"": lambda: not complained(), "slow": overflows}
    return Running(services, row.clients, shows.get(row.fault, complained))


@contextmanager
def platforms(rows: Mapping[str, Row]) -> Iterator[dict[str, Running]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield {name: start(stack, folder / str(number), row) for number, (name, row) in enumerate(rows.items())}


def send(one: Running) -> list[float]:
    """A turn: milliseconds of every request. Each was answered well."""

    def client(requests: int) -> list[float]:
        times = []
        with httpx.Client(base_url=f"http://127.0.0.1:{one.services.ports['gateway']}", timeout=60) as http:
            http.post(INVOKE, json={"items": 1}).raise_for_status()  # the connection
            for _ in range(requests):
                start = time.perf_counter()
                http.post(INVOKE, json={"items": 1}).raise_for_status()
                times.append((time.perf_counter() - start) * 1000)
        return times

    share = TURN[one.clients] // one.clients
    with ThreadPoolExecutor(one.clients) as pool:
        return [time for times in pool.map(client, [share] * one.clients) for time in times]


def processor(services: Fleet) -> float:
    """Milliseconds that the services' processes have run so far."""
    total = 0
    for service in services.platform.services.values():
        fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * 1000 / TICKS


def measure(rows: Mapping[str, Row], rounds: int, turns: int) -> dict[str, Measured]:
    measured = {name: Measured() for name in rows}
    with platforms(rows) as found:
        for _ in range(rounds):
            before = {name: processor(one.services) for name, one in found.items()}
            times: dict[str, list[float]] = {name: [] for name in found}
            for turn in range(turns):
                names = list(found)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    times[name] += send(found[name])
            for name, one in found.items():
                spent = processor(one.services) - before[name]
                measured[name].add(times[name], spent / (turns * (TURN[one.clients] + one.clients)))
        for name, one in found.items():
            if not one.fault():
                raise SystemExit(f"{name}: there was no such fault")
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=10, help="of each platform in a round")
    parser.add_argument("--only", choices=TABLES, help="one table")
    given = parser.parse_args()
    for table in [given.only] if given.only else TABLES:
        rows = TABLES[table]
        measured = measure(rows, given.rounds, given.turns)
        requests = " or ".join(str(given.turns * TURN[number]) for number in sorted({r.clients for r in rows.values()}))
        print(f"{given.rounds} rounds of {requests} requests each, best round of each figure;", end=" ")
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        print("| | median | ratio | p99 | ratio | processor time | ratio |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for name, row in rows.items():
            figures = zip(measured[name].best(), measured[row.base or name].best(), strict=True)
            print(f"| {name} | {' | '.join(f'{value:.1f} ms | {value / base:.2f}' for value, base in figures)} |")
        print(flush=True)


if __name__ == "__main__":
    main()
