"""The cost of telemetry for a request of the reference data plane: latency and processor time, as ratios.

    make bench-telemetry
    .venv/bin/python -m bench.telemetry --rounds 9 --turns 20
    .venv/bin/python -m bench.telemetry --only faults

The same requests go through gateway → function → ODGM (12 spans each) in several platforms of four processes, which all
run at once. Some have their SDK switched off. The others have what krm-otel renders for traces and metrics, each with
its own collector with the generated config. The first table is without faults. In the second one each platform has a
fault during all measured requests.

A client sends one request after the other. The platforms take turns of a few requests, so a busy machine slows all of
them. A round results in a median, a 99th percentile and a processor time; the table shows the best round of each.
A failed request ends the run, and so does a fault without any sign of it. Nothing here fails because of a time.
docs/performance.md and docs/faults.md are written from the results.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench import record
from tests.tools.backend import Collector, on_this_machine
from tests.tools.counted import collector_spans
from tests.tools.dataplane import INVOKE, Fleet, fleet, rendered
from tests.tools.gate import gate
from tests.tools.ports import FREE
from tools.build import require

TURN = {1: 20, 10: 50}
"""Number of clients at once → requests of all clients together in one turn."""
TICKS = os.sysconf("SC_CLK_TCK")
OFF = {"OTEL_SDK_DISABLED": "true"}
OFF_ROW = "`OTEL_SDK_DISABLED=true`"


@dataclass(frozen=True)
class Row:
    """A platform.

    Attributes:
        rate: the sampling rate; None: krm-otel injects nothing.
        user: environment variables of the user.
        fault: one of the faults that `start` causes; empty: none.
        clients: how many clients send at once.
        base: the row to compare with; empty: this row is a base itself.
    """

    rate: float | None = 1.0
    user: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    clients: int = 1
    base: str = OFF_ROW


TABLES = {
    "well": {
        OFF_ROW: Row(None, OFF, base=""),
        "an SDK, nothing injected": Row(None),
        "injected, `sampling_rate: 0.1`": Row(0.1),
        "injected, `sampling_rate: 1.0`": Row(),
    },
    "faults": {
        OFF_ROW: Row(None, OFF, base=""),
        "no fault": Row(),
        "the collector is stopped": Row(fault="stopped"),
        "the endpoint is wrong: no such host": Row(fault="wrong"),
        "the collector takes data and never answers": Row(fault="silent"),
        "the backend never answers, the collector's queue is full": Row(fault="slow"),
        "the collector is at its memory limit": Row(fault="memory"),
        f"ten clients at once, {OFF_ROW}": Row(None, OFF, clients=10, base=""),
        "ten clients at once, no fault": Row(clients=10, base=f"ten clients at once, {OFF_ROW}"),
    },
}


@dataclass
class Measurements:
    """The milliseconds of one platform, one number for each round."""

    median: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add_round(self, times: list[float], processor: float) -> None:
        self.median.append(statistics.median(times))
        self.slowest.append(statistics.quantiles(times, n=100)[98])
        self.processor.append(processor)

    def best(self) -> tuple[float, float, float]:
        return min(self.median), min(self.slowest), min(self.processor)


@dataclass(frozen=True)
class Platform:
    """A running platform.

    Attributes:
        shows_fault: whether the fault has left a sign; without a fault, whether there is no sign of one.
    """

    services: Fleet
    clients: int
    shows_fault: Callable[[], bool]


def start(stack: ExitStack, folder: Path, row: Row) -> Platform:
    """Starts a platform and its collector, causes the fault, and warms the platform up."""
    ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
    collector: dict[str, Any] = {"mode": "deployment", "config": on_this_machine(ports)}
    spec: dict[str, Any] = {"telemetry": {"propagators": ["w3c"]}, "collector": collector}
    address = f"127.0.0.1:{ports['grpc']}"
    if row.fault == "wrong":
        spec["collector"], address = {"endpoint": "http://no-such-collector.invalid:4317"}, ""
    elif row.fault == "silent":
        closed = stack.enter_context(gate(ports["grpc"]))
        closed.shut()
        address = f"127.0.0.1:{closed.port}"
    elif row.fault == "slow":
        closed = stack.enter_context(gate(ports["health"]))  # it lets nothing through, so any port will do
        closed.shut()
        spec["backends"] = {"end": {"type": "otlp", "endpoint": f"http://127.0.0.1:{closed.port}"}}
        collector |= {"exporters": {"traces": "end"}, "queue": {"size": 2}, "batch": {"timeout": "200ms"}}
    elif row.fault == "memory":
        collector["config"]["processors"] = {"memory_limiter": {"limit_mib": 1, "spike_limit_mib": 0}}
    manifests = rendered(spec, row.rate, row.user)
    folder.mkdir()
    process = Collector(require("otelcol"), folder, "collector", manifests.config, ports["health"], manifests.env)
    if manifests.config:
        stack.callback(process.end)
        process.start()
    services = stack.enter_context(fleet(folder / "services", manifests, address if manifests.config else ""))
    services.load(50)
    if row.fault == "stopped":
        process.stop()

    def logs_export_errors() -> bool:
        logs = (line for service in services.platform.services.values() for line in service.log)
        return any(line["logger"].startswith("opentelemetry.exporter.") for line in logs)

    def queue_is_full() -> bool:
        return collector_spans(ports["metrics"])["exporter_enqueue_failed"] > 0

    signs = {"": lambda: not logs_export_errors(), "slow": queue_is_full}
    return Platform(services, row.clients, signs.get(row.fault, logs_export_errors))


@contextmanager
def platforms(rows: Mapping[str, Row]) -> Iterator[dict[str, Platform]]:
    """All platforms of a table, running at once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield {name: start(stack, folder / str(number), row) for number, (name, row) in enumerate(rows.items())}


def send_turn(platform: Platform) -> list[float]:
    """Sends the requests of one turn and returns the milliseconds of each; raises if one fails."""

    def client(requests: int) -> list[float]:
        times = []
        with httpx.Client(base_url=f"http://127.0.0.1:{platform.services.ports['gateway']}", timeout=60) as http:
            http.post(INVOKE, json={"items": 1}).raise_for_status()  # opens the connection
            for _ in range(requests):
                start = time.perf_counter()
                http.post(INVOKE, json={"items": 1}).raise_for_status()
                times.append((time.perf_counter() - start) * 1000)
        return times

    share = TURN[platform.clients] // platform.clients
    with ThreadPoolExecutor(platform.clients) as pool:
        return [time for times in pool.map(client, [share] * platform.clients) for time in times]


def processor(services: Fleet) -> float:
    """The milliseconds of processor time that the services have used."""
    total = 0
    for service in services.platform.services.values():
        fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * 1000 / TICKS


def measure(rows: Mapping[str, Row], rounds: int, turns: int) -> dict[str, Measurements]:
    """Measures all platforms of a table.

    Args:
        rounds: how many numbers each platform gets.
        turns: how often each platform has its turn in a round.
    """
    measurements = {name: Measurements() for name in rows}
    with platforms(rows) as running:
        for _ in range(rounds):
            before = {name: processor(platform.services) for name, platform in running.items()}
            times: dict[str, list[float]] = {name: [] for name in running}
            for turn in range(turns):
                names = list(running)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    times[name] += send_turn(running[name])
            for name, platform in running.items():
                spent = processor(platform.services) - before[name]
                requests = turns * (TURN[platform.clients] + platform.clients)
                measurements[name].add_round(times[name], spent / requests)
        for name, platform in running.items():
            if not platform.shows_fault():
                raise SystemExit(f"{name}: no sign of the fault")
    return measurements


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=10, help="turns of each platform in a round")
    parser.add_argument("--only", choices=TABLES, help="measure one table only")
    arguments = parser.parse_args()
    tables = (record.read("telemetry") or {"tables": {}})["tables"]
    for table in [arguments.only] if arguments.only else TABLES:
        rows = TABLES[table]
        load = os.getloadavg()[0]
        measurements = measure(rows, arguments.rounds, arguments.turns)
        tables[table] = {
            "rounds": arguments.rounds,
            "requests": sorted({arguments.turns * TURN[row.clients] for row in rows.values()}),
            "load": round(load, 1),
            "rows": {
                name: {"base": row.base, "best": [round(value, 1) for value in measurements[name].best()]}
                for name, row in rows.items()
            },
        }
        record.write("telemetry", record.facts("opentelemetry-sdk", "otelcol") | {"tables": tables})
    subprocess.run([sys.executable, "-m", "tools.docs"], cwd=record.RESULTS.parents[1], check=True)


if __name__ == "__main__":
    main()
