"""Adaptive sampling: collectors hold a target of traces a second while the load swings by ten.

A collector as krm-otel renders it for a class, and traces of several spans that are sent at a low, a high and a low
rate again. What is compared are counts: those that were sent in the time that a phase took, and those that were kept.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.collector import class_and_settings
from tests.support.docs import table, text_of, ticked
from tests.support.otelcol import received
from tests.tools.backend import Collector, on_this_machine
from tests.tools.ports import FREE
from tests.tools.rendered import config_of
from tools.build import require

TARGET = 40
SPANS = 5
"""Spans of each trace."""
PHASES = {"low": 20, "high": 200, "low again": 20}
"""Phase → traces a second that are sent."""
SECONDS = 8
TICK = 0.1
"""Seconds between two requests."""
DECIDED = 3
"""Seconds after which the collector has decided about a phase: it waits for one, and decides each second. Traces of two
phases that it decides about together would share what it lets through."""
BURST = 2 * TARGET
"""What may pass at once after a quiet time, in traces: the bucket holds two seconds."""


@dataclass(frozen=True)
class Phase:
    """What was sent and kept in one phase, which took so many seconds."""

    seconds: float
    sent: int
    kept: int


def swing(http: int, collector: Collector, file: Path) -> dict[str, Phase]:
    """Sends all phases one after another; the collector has decided about all of it when it has stopped."""
    sent: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    collector.start()
    for phase, rate in PHASES.items():
        start = time.monotonic()
        while (now := time.monotonic() - start) < SECONDS:
            due = int(now * rate) - sent[phase]
            if due > 0:
                send(http, phase, sent[phase], due)
                sent[phase] += due
            time.sleep(TICK)  # the load itself: what is asserted are counts
        seconds[phase] = time.monotonic() - start
        time.sleep(DECIDED)
    collector.stop()  # it decides about what it holds
    kept = Counter(span["name"] for span in received(file.read_text()).spans() if not span.get("parentSpanId"))
    return {phase: Phase(seconds[phase], sent[phase], kept[phase]) for phase in PHASES}


def send(port: int, phase: str, first: int, count: int) -> None:
    """So many traces in one request."""
    # The processor remembers decisions by the right half of an id, so each phase has its own.
    place = list(PHASES).index(phase) + 1
    spans = [
        {
            "traceId": f"{place:016x}{place:08x}{number:08x}",
            "spanId": f"{number * SPANS + part + 1:016x}",
            **({"parentSpanId": f"{number * SPANS + 1:016x}"} if part else {}),
            "name": phase,
            "startTimeUnixNano": str(time.time_ns()),
            "endTimeUnixNano": str(time.time_ns() + 1000),
        }
        for number in range(first, first + count)
        for part in range(SPANS)
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    url, headers = f"http://127.0.0.1:{port}/v1/traces", {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        assert answer.status == 200


@pytest.fixture(scope="module")
def phases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Phase]:
    """One run of all phases."""
    folder = tmp_path_factory.mktemp("swing")
    ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
    file = folder / "kept.jsonl"
    config: dict[str, Any] = on_this_machine(ports)
    config["exporters"] = {"file": {"path": str(file)}}
    config["service"]["pipelines"] = {"traces": {"exporters": ["file"]}}
    tail = {"decision_wait": "1s", "target": {"traces_per_second": TARGET, "spans_per_trace": SPANS}}
    spec = {"batch": {"timeout": "100ms"}, "tail_sampling": tail, "config": config}
    oaas_class, settings = class_and_settings(
        "telemetry: {metrics: false}\ncollector: {mode: deployment, exporters: {traces: debug}}",
        f"collector: {json.dumps(spec)}",
    )
    env = {"MY_POD_IP": "127.0.0.1"}
    text = config_of(oaas_class, settings)
    collector = Collector(require("otelcol"), folder, "collector", text, ports["health"], env)
    try:
        return swing(ports["http"], collector, file)
    finally:
        collector.end()


def test_everything_is_kept_below_the_target(phases: dict[str, Phase]) -> None:
    for name in ("low", "low again"):
        assert phases[name].kept == phases[name].sent > 0


def test_the_target_is_held_while_ten_times_as_much_comes(phases: dict[str, Phase]) -> None:
    """Not more than the target and what may pass at once, not less than nine tenths of the target."""
    high = phases["high"]
    wanted = TARGET * high.seconds
    assert high.sent > 4 * wanted, "the load does not swing"
    assert 0.9 * wanted <= high.kept <= wanted + BURST


def test_the_documented_figures_are_of_these_phases() -> None:
    """Each as it is measured above, within its bounds."""
    found = table(text_of("sampling.md"), "adaptive")
    assert [(ticked(phase), int(rate)) for phase, rate, *_ in found] == list(PHASES.items())
    for phase, rate, sent, kept, per_second in found:
        assert abs(int(sent) - int(rate) * SECONDS) <= int(rate)
        if ticked(phase) == "high":
            assert 0.9 * TARGET * SECONDS <= int(kept) <= TARGET * SECONDS + BURST + TARGET
        else:
            assert kept == sent
        assert abs(float(per_second) - int(kept) / SECONDS) < 1
