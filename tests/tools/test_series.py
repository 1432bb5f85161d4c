"""Metrics that krm-otel warns of, in a real Prometheus: what is counted twice, and what becomes of deltas."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.tools import prometheus
from tests.tools.package import Package, collecting, package
from tests.tools.prometheus import Prometheus, as_otlp, counter, eventually, post
from tests.tools.test_prometheus import DURATIONS, answers
from tests.tools.test_victoria import ask, database
from tools.build import require

COUNT = "http_server_request_duration_seconds_count"
WAYS = {"prometheus": "prometheus", "prometheus-remote-write": "prometheus-remote-write"}
RESOURCE = {"service.name": "echo-function", "service.instance.id": "shop.echo-5d9c.function"}
DELTA = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}


def sending(way: str | list[str], url: str = "") -> Package:
    """A class whose collector sends metrics on these ways."""
    ways = [way] if isinstance(way, str) else way
    backends = {name: {"type": name, **({"endpoint": url} if url else {})} for name in ways}
    spec: dict[str, Any] = {"backends": backends, "monitors": {}}
    return package(spec, {"traces": "debug", "metrics": way, "logs": "debug"}, mode="deployment")


def report(made: Package, total: float) -> None:
    """What an SDK reports of a counter, cumulative, to this replica."""
    now = time.time()
    metric = counter("requests", total / 60, {}, start=now - 60, end=now, every=60)
    post(f"http://{made.address('http')}/v1/metrics", as_otlp([metric], RESOURCE))


def total(server: Prometheus) -> float | None:
    return server.value("sum(requests_total)")


def test_two_replicas_that_are_scraped_count_twice(tmp_path: Path) -> None:
    """An SDK that reports to one replica, and to the other one later, is in both: 10, then 20, makes 30."""
    first, second = sending("prometheus-scrape"), sending("prometheus-scrape")
    scrape = [
        {**job, "job_name": f"{number}-{job['job_name']}", "static_configs": [_pod(job["static_configs"][0], number)]}
        for number, made in enumerate((first, second))
        for job in made.scraped()
    ]
    with ExitStack() as stack:
        stack.enter_context(collecting(first, tmp_path / "first"))
        stack.enter_context(collecting(second, tmp_path / "second"))
        server = stack.enter_context(prometheus.running(require("prometheus"), tmp_path, scrape=scrape))
        report(first, 10)
        assert eventually(lambda: total(server), bool) == pytest.approx(10)
        report(second, 20)
        assert eventually(lambda: total(server), lambda found: found != 10) == pytest.approx(30)


def _pod(targets: dict[str, Any], number: int) -> dict[str, Any]:
    return {**targets, "labels": {**targets["labels"], "pod": f"echo-otel-collector-{number}"}}


@pytest.mark.parametrize("way", WAYS)
def test_two_replicas_that_send_count_once(way: str, tmp_path: Path) -> None:
    """What the warning proposes: the same two reports make 20."""
    with ExitStack() as stack:
        server = stack.enter_context(prometheus.running(require("prometheus"), tmp_path))
        first, second = sending(way, server.url), sending(way, server.url)
        stack.enter_context(collecting(first, tmp_path / "first"))
        stack.enter_context(collecting(second, tmp_path / "second"))
        report(first, 10)
        assert eventually(lambda: total(server), bool) == pytest.approx(10)
        report(second, 20)
        assert eventually(lambda: total(server), lambda found: found != 10) == pytest.approx(20)


def test_two_ways_to_one_prometheus_count_twice(tmp_path: Path) -> None:
    with prometheus.running(require("prometheus"), tmp_path) as server:
        made = sending(list(WAYS), server.url)
        with collecting(made, tmp_path):
            answers(made)
            series = eventually(lambda: server.query(COUNT), lambda found: len(found) == 2)
            assert [float(one["value"][1]) for one in series] == [len(DURATIONS)] * 2


@pytest.mark.parametrize("way", WAYS)
def test_a_prometheus_drops_deltas(way: str, tmp_path: Path) -> None:
    """The cumulative ones of a second process arrive, those of the first never do."""
    with prometheus.running(require("prometheus"), tmp_path) as server:
        made = sending(way, server.url)
        with collecting(made, tmp_path):
            answers(made, DELTA)
            answers(made, {"OTEL_SERVICE_NAME": "cumulative"})
            series = eventually(lambda: server.query(COUNT), bool)
            assert [one["metric"]["service_name"] for one in series] == ["cumulative"]


def test_victoriametrics_drops_deltas(tmp_path: Path) -> None:
    flags = ("-opentelemetry.usePrometheusNaming", "-search.latencyOffset=0s", "-search.disableCache")
    with database("victoria-metrics", tmp_path, *flags) as url:
        made = sending("victoriametrics", url)
        with collecting(made, tmp_path):
            answers(made, DELTA)
            answers(made, {"OTEL_SERVICE_NAME": "cumulative"})
            query = f'{{__name__="{COUNT}"}}'
            text = eventually(lambda: ask(f"{url}/api/v1/query", query=query), lambda found: "cumulative" in found)
            assert "echo-function" not in text


def test_a_collector_adds_deltas_up_for_its_scraper(tmp_path: Path) -> None:
    """Anew for one that does not begin where the one before ended: of two processes only the last one counts."""
    made = sending("prometheus-scrape")
    with (
        collecting(made, tmp_path),
        prometheus.running(require("prometheus"), tmp_path, scrape=made.scraped()) as server,
    ):
        answers(made, DELTA)
        assert eventually(lambda: server.value(COUNT), bool) == len(DURATIONS)
        answers(made, DELTA)
        answers(made, {"OTEL_SERVICE_NAME": "cumulative"})
        eventually(lambda: server.query(COUNT), lambda found: len(found) == 2)
        assert server.value(f'{COUNT}{{service_name="echo-function"}}') == len(DURATIONS)
