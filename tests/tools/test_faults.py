"""What services do when telemetry cannot go where it should: they answer, and what is lost is counted.

Real services, real collectors, and what krm-otel rendered for both; a fault is a collector that is stopped, an address
where nobody is, a limit that is too small, or a `gate` that is shut. Nothing here asks how long something took.
docs/faults.md tells users the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from oaas_dataplane.telemetry.logs import QUIET_SECONDS

from dataplane.tests.processes import until
from tests.tools.backend import Backend, Collector, backend, on_this_machine, to_backend
from tests.tools.counted import Sdk, collector_spans, sdks, total
from tests.tools.dataplane import Fleet, Rendered, fleet, rendered
from tests.tools.gate import gate
from tests.tools.ports import FREE

TRACES_ONLY = {"propagators": ["w3c"], "metrics": False}
SPANS = 12  # of one request, by all four services


@pytest.fixture
def end(otelcol: Path, tmp_path: Path) -> Iterator[Backend]:
    """Where spans and the SDKs' own metrics arrive."""
    with backend(otelcol, tmp_path) as found:
        yield found


def behind(
    endpoint: str, end: Backend, protocol: str = "grpc", rate: float = 1.0, user: Mapping[str, str] | None = None
) -> Rendered:
    """Services that send their spans to this address."""
    spec = {"telemetry": {**TRACES_ONLY, "protocol": protocol}, "collector": {"endpoint": endpoint}}
    return rendered(spec, rate, to_backend(end, **(user or {})))


@contextmanager
def collected(
    otelcol: Path, folder: Path, end: Backend, target: int, protocol: str = "grpc", **more: Any
) -> Iterator[tuple[Fleet, Collector, int]]:
    """Services with the collector that is generated for their class, which sends to `target`; both run. The number is
    the port of the collector's own metrics.

    Args:
        more: settings of the collector.
    """
    ports = {name: next(FREE) for name in ("grpc", "http", "health", "metrics")}
    spec = {
        "telemetry": {**TRACES_ONLY, "protocol": protocol},
        "collector": {
            "mode": "deployment",
            "exporters": {"traces": "end"},
            "batch": {"send_batch_size": 24, "timeout": "200ms"},
            **more,
            "config": {**on_this_machine(ports), **more.get("config", {})},
        },
        "backends": {"end": {"type": "otlp", "endpoint": f"http://127.0.0.1:{target}"}},
    }
    made = rendered(spec, user=to_backend(end))
    collector = Collector(otelcol, folder, "collector", made.config, ports["health"], made.env)
    try:
        collector.start()
        with fleet(folder / "services", made, f"127.0.0.1:{ports[protocol]}") as services:
            yield services, collector, ports["metrics"]
    finally:
        collector.end()


def unharmed(services: Fleet) -> None:
    """Every request was answered, every service runs, and none says more of telemetry than it may."""
    assert [answer for answer in services.answers if answer[1] not in (200, 204)] == []
    for name, service in services.platform.services.items():
        assert service.process.poll() is None, f"{name} has ended: {service.log}"


def quiet(services: Fleet) -> list[str]:
    """What the services say of telemetry: a line of each source and minute, no traceback, and nothing else is wrong."""
    said = []
    for service in services.platform.services.values():
        told: dict[str, float] = {}
        for line in service.log:
            assert "exception" not in line, line
            if line["level"] not in ("WARNING", "ERROR"):
                continue
            if line["logger"] == "oaas_dataplane.zenoh.session":
                continue  # the router was not there yet when this service started
            assert line["logger"].startswith(("opentelemetry.", "oaas_dataplane.telemetry")), line
            source, at = ".".join(line["logger"].split(".")[:2]), datetime.fromisoformat(line["timestamp"]).timestamp()
            assert at - told.get(source, 0.0) > QUIET_SECONDS - 1, line
            told[source] = at
            said.append(line["message"])
    return said


def stop(services: Fleet) -> None:
    unharmed(services)
    assert services.stop() == [0, 0, 0, 0]


def books(services: Fleet, end: Backend) -> Sdk:
    """The last word of the SDKs, whose services have stopped. All that they have made is in it."""
    end.collector.stop()  # its file is complete then
    found = sdks(end.received())
    assert sorted(found) == ["shop-function", "shop-gateway", "shop-odgm", "shop-router"]
    everything = total(found.values())
    assert everything.started == services.made
    assert everything.started == everything.full + everything.handed + everything.queued
    assert everything.handed == everything.exported + everything.failed + everything.inflight
    return everything


def arrived(end: Backend, traces: list[str], spans: int = SPANS) -> bool | None:
    """Whether these traces have come in whole."""
    there = Counter(trace for trace, _ in end.spans())
    return all(there[trace] == spans for trace in traces) or None


# --- no fault at all ---


def test_the_end_of_a_service(tmp_path: Path, end: Backend) -> None:
    """What is queued then goes out, and the metrics that come last count it as sent."""
    patient = {"OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"}
    with fleet(tmp_path / "services", behind(f"http://127.0.0.1:{end.ports['grpc']}", end, user=patient)) as services:
        services.load(20)
        assert end.spans() == set()
        stop(services)
        found = books(services, end)
    assert found.exported == services.made == len(end.spans())
    assert quiet(services) == []


# --- the collector goes and comes back ---


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_collector_that_was_away(protocol: str, otelcol: Path, tmp_path: Path, end: Backend) -> None:
    """Spans arrive again after it without a restart of any service; those that were given up are counted."""
    with collected(otelcol, tmp_path, end, end.ports[protocol], protocol) as (services, collector, _):
        before = services.load(5)
        until(lambda: arrived(end, before[1:]), lambda: "the first traces do not arrive")
        collector.stop()

        services.load(20)
        # They try again for some seconds, and give up then.
        until(lambda: total(sdks(end.received()).values()).failed or None, lambda: "nothing was given up")
        unharmed(services)
        collector.start()

        after = services.load(20)
        until(lambda: arrived(end, after), lambda: "nothing arrives after the collector came back")
        stop(services)
        collector.stop()
        found = books(services, end)
    assert found.failed > 0
    assert services.made - len(end.spans()) == found.lost
    assert quiet(services), "somebody has to say so"


# --- nobody is there ---


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-collector.invalid"])
def test_a_wrong_endpoint(protocol: str, host: str, tmp_path: Path, end: Backend) -> None:
    """Nothing arrives, nothing stands still, and all of it is counted; a line or two say what is wrong."""
    port = next(FREE)
    with fleet(tmp_path / "services", behind(f"http://{host}:{port}", end, protocol)) as services:
        services.load(40, clients=4)
        stop(services)
        found = books(services, end)
    assert end.spans() == set()
    assert found.exported == 0
    assert found.lost == services.made
    assert any(host in message for message in quiet(services)), "the line names the address"


def test_sampling_does_not_mind(tmp_path: Path, end: Backend) -> None:
    """Where nobody takes spans the rate holds all the same: half of the traces are made, those that their ids say."""
    made = behind(f"http://127.0.0.1:{next(FREE)}", end, rate=0.5)
    with fleet(tmp_path / "services", made) as services:
        services.load(40)
        stop(services)
        found = books(services, end)
    assert 0 < found.started < 40 * 12
    assert found.lost == found.started


# --- it does not keep up ---


def test_a_slow_backend(otelcol: Path, tmp_path: Path, end: Backend) -> None:
    """The collector keeps what its queue holds, drops and counts the rest; services do not notice."""
    soon = {"exporters": {"otlp_grpc/end": {"retry_on_failure": {"initial_interval": "200ms", "max_interval": "1s"}}}}
    with (
        gate(end.ports["grpc"]) as slow,
        collected(otelcol, tmp_path, end, slow.port, queue={"size": 2}, config=soon) as (services, collector, metrics),
    ):
        before = services.load(5)
        until(lambda: arrived(end, before[1:]), lambda: "the first traces do not arrive")
        slow.shut()

        def overflows() -> bool | None:
            services.load(10)
            return collector_spans(metrics)["exporter_enqueue_failed"] > 0 or None

        until(overflows, lambda: f"the queue does not overflow: {collector_spans(metrics)}")
        unharmed(services)
        slow.open()
        after: list[str] = []

        def recovers() -> bool | None:
            after.extend(services.load(10))  # the first may still meet a full queue
            there = Counter(trace for trace, _ in end.spans())
            return any(there[trace] == SPANS for trace in after) or None

        until(recovers, lambda: "nothing arrives after the backend has come to itself")
        stop(services)

        def settled() -> bool | None:
            counts = collector_spans(metrics)
            done = ("exporter_sent", "exporter_enqueue_failed", "exporter_send_failed")
            return counts["receiver_accepted"] == sum(counts[one] for one in done) or None

        until(settled, lambda: f"the collector does not come to an end: {collector_spans(metrics)}")
        counts = collector_spans(metrics)
        collector.stop()
        found = books(services, end)
    assert found.lost == 0
    assert counts["receiver_accepted"] == services.made
    assert services.made - len(end.spans()) == counts["exporter_enqueue_failed"] + counts["exporter_send_failed"] > 0
    assert quiet(services) == []


def test_a_slow_collector(tmp_path: Path, end: Backend) -> None:
    """The SDK's queue is bounded: what does not fit is dropped and counted, what fits arrives later."""
    small = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16"}
    with gate(end.ports["grpc"]) as slow:
        patient = {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "120"}
        made = behind(f"http://127.0.0.1:{slow.port}", end, user=small | patient)
        with fleet(tmp_path / "services", made) as services:
            before = services.load(5)
            until(lambda: arrived(end, before[1:]), lambda: "the first traces do not arrive")
            slow.shut()
            # One client: the SDK counts without a lock, so that with several it may be wrong by a few.
            services.load(60)
            unharmed(services)
            slow.open()
            until(lambda: _idle(end), lambda: "what was queued is not sent")
            after = services.load(5)
            until(lambda: arrived(end, after), lambda: "nothing arrives after the collector has come to itself")
            stop(services)
            found = books(services, end)
    full = {name: counts.full for name, counts in sdks(end.received()).items() if name != "shop-router"}
    assert all(full.values()), f"every service has made more than its queue takes: {full}"
    assert found.lost == found.full
    assert services.made - len(end.spans()) == found.full
    assert any("Queue full" in message for message in quiet(services))


def _idle(end: Backend) -> bool | None:
    found = total(sdks(end.received()).values())
    return ((found.queued, found.inflight) == (0, 0) and found.full > 0) or None


def test_a_collector_without_memory(otelcol: Path, tmp_path: Path, end: Backend) -> None:
    """Its memory_limiter refuses everything. It does not end, services answer, and their SDKs count what is lost."""
    limit = {"processors": {"memory_limiter": {"limit_mib": 1, "spike_limit_mib": 0}}}
    with collected(otelcol, tmp_path, end, end.ports["grpc"], config=limit) as (services, collector, metrics):
        # It looks at its memory once a second, and takes everything before the first time.
        log = collector.folder / f"{collector.name}.log"
        until(lambda: "Refusing data" in log.read_text() or None, lambda: "it does not look at its memory")
        services.load(40, clients=4)
        until(lambda: collector_spans(metrics)["receiver_refused"] or None, lambda: "nothing is refused")
        stop(services)
        counts = collector_spans(metrics)
        assert collector.runs()
        collector.stop()
        found = books(services, end)
    assert counts["receiver_accepted"] == 0
    assert end.spans() == set()
    assert found.exported == 0
    assert found.lost == services.made
    assert quiet(services), "somebody has to say so"


# --- ten times as much ---


def test_ten_times_the_load(otelcol: Path, tmp_path: Path, end: Backend) -> None:
    """With the SDK's own limits and the generated config: nothing is lost on the way, or it is counted."""
    with collected(otelcol, tmp_path, end, end.ports["grpc"]) as (services, collector, metrics):
        services.load(20, clients=2)
        unharmed(services)
        services.load(200, clients=20)
        stop(services)
        counts = collector_spans(metrics)
        collector.stop()
        found = books(services, end)
    assert counts["receiver_accepted"] == found.exported
    assert counts["receiver_refused"] == counts["exporter_enqueue_failed"] == 0
    assert services.made - len(end.spans()) == found.lost
    assert quiet(services) == []
