"""A real Prometheus, and a load of known rate and durations that is written into it with times of its own.

The points of a load reach from the past into the future, as far as Prometheus takes them (ten minutes ahead): rules and
queries of now find a load that goes on, and nobody waits for one.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.support.otelcol import wait_until_healthy
from tests.tools.ports import FREE

T = TypeVar("T")
PATIENCE = 120.0
AHEAD = 540
"""Seconds into the future that a load reaches."""
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Those that the semantic conventions advise for `http.server.request.duration`."""


@dataclass(frozen=True)
class Prometheus:
    """One that is running."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def query(self, expr: str, at: float | None = None) -> list[dict[str, Any]]:
        """The result of an instant query: `metric` and `value` of each series."""
        found: list[dict[str, Any]] = self._get("query", query=expr, **({} if at is None else {"time": at}))["result"]
        return found

    def value(self, expr: str, at: float | None = None) -> float | None:
        """The value of the only series; None where there is none."""
        found = self.query(expr, at)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def rules(self) -> list[dict[str, Any]]:
        """What became of each rule."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def exemplars(self, expr: str) -> list[dict[str, Any]]:
        now = time.time()
        found: Any = self._get("query_exemplars", query=expr, start=now - 3600, end=now + AHEAD)
        return [one for series in found for one in series["exemplars"]]

    def write(self, load: dict[str, Any]) -> None:
        """OTLP, as JSON."""
        post(f"{self.url}/api/v1/otlp/v1/metrics", load)

    def _get(self, path: str, **query: Any) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
            return json.load(answer)["data"]


@contextmanager
def running(
    binary: Path, folder: Path, *, rules: str = "", scrape: Sequence[dict[str, Any]] = (), port: int = 0
) -> Iterator[Prometheus]:
    """A Prometheus that takes OTLP, remote write and exemplars, keeps points that come late, and evaluates and scrapes
    once a second."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = port or next(FREE), folder / "prometheus.log"
    (folder / "rules.yaml").write_text(rules or "groups: []\n", encoding="utf-8")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "storage": {"tsdb": {"out_of_order_time_window": "30m"}},
        "rule_files": ["rules.yaml"],
        "scrape_configs": list(scrape),
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        str(binary),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-otlp-receiver",
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://127.0.0.1:{port}/-/ready", log)
            yield Prometheus(port, log)
        finally:
            process.terminate()
            process.wait(60)


def eventually(ask: Callable[[], T], fits: Callable[[T], bool], patience: float = PATIENCE) -> T:
    """Asks until the answer fits."""
    deadline = time.monotonic() + patience
    while True:
        found = ask()
        if fits(found):
            return found
        assert time.monotonic() < deadline, f"this stayed the answer: {found}"
        time.sleep(0.2)  # between two questions; what is waited for is the answer


def post(url: str, data: dict[str, Any], *, refused: bool = False) -> None:
    """Sends JSON; `refused`: it may be that it is not taken."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(data).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
    except urllib.error.HTTPError as error:
        assert refused, error.read()


# --- loads --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Requests:
    """Requests that come evenly.

    Args:
        rate: of one second.
        seconds: how long each takes, in turn.
        status: of the answer.
        labels: attributes of the points.
        restarts: the process starts anew now and then, with counters at 0.
    """

    rate: float
    seconds: tuple[float, ...]
    status: int = 200
    labels: dict[str, str] = field(default_factory=dict)
    restarts: bool = False


def http_load(
    requests: Sequence[Requests],
    *,
    start: float,
    end: float,
    every: float,
    resource: dict[str, str],
    name: str = "http.server.request.duration",
    unit: str = "s",
) -> dict[str, Any]:
    """`http.server.request.duration` as an SDK exports it, a point each `every` seconds, as OTLP JSON."""
    points = [point for one in requests for point in _points(one, start, end, every)]
    metric = {"name": name, "unit": unit, "histogram": {"aggregationTemporality": 2, "dataPoints": points}}
    return as_otlp([metric], resource)


def as_otlp(metrics: Sequence[dict[str, Any]], resource: dict[str, str]) -> dict[str, Any]:
    scope = {"scope": {"name": "load"}, "metrics": list(metrics)}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": [scope]}]}


def attributes(pairs: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in pairs.items()
    ]


def counter(
    name: str, rate: float, labels: dict[str, str], *, start: float, end: float, every: float
) -> dict[str, Any]:
    """A counter that grows evenly."""
    values = {at: {"asDouble": rate * (at - start)} for at in steps(start, end, every)}
    return _sum(name, values, labels, start, grows=True)


def up_down_counter(
    name: str, level: int, labels: dict[str, str], *, start: float, end: float, every: float
) -> dict[str, Any]:
    """A counter that stays where it is."""
    values = {at: {"asInt": str(level)} for at in steps(start, end, every)}
    return _sum(name, values, labels, start, grows=False)


def _sum(
    name: str, values: dict[float, dict[str, Any]], labels: dict[str, str], start: float, *, grows: bool
) -> dict[str, Any]:
    """A sum with a point for each time, which has this value."""
    common = {"attributes": attributes(labels), "startTimeUnixNano": nanoseconds(start)}
    points = [{**common, "timeUnixNano": nanoseconds(at), **value} for at, value in values.items()]
    return {"name": name, "sum": {"aggregationTemporality": 2, "isMonotonic": grows, "dataPoints": points}}


def steps(start: float, end: float, every: float) -> list[float]:
    return [start + number * every for number in range(int((end - start) / every) + 1)]


def nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1000) * 1_000_000)


def _points(one: Requests, start: float, end: float, every: float) -> Iterator[dict[str, Any]]:
    pairs = attributes({"http.request.method": "GET", "http.response.status_code": one.status, **one.labels})
    began = start
    for number, at in enumerate(steps(start, end, every)):
        if one.restarts and number % 7 == 6:
            began = at - every  # what came in between is lost to nobody: it counts from here
        count = one.rate * (at - began)
        shares = [sum(_bucket(seconds) == index for seconds in one.seconds) for index in range(len(BOUNDS) + 1)]
        counts = [round(count * share / len(one.seconds)) for share in shares]
        yield {
            "attributes": pairs,
            "startTimeUnixNano": nanoseconds(began),
            "timeUnixNano": nanoseconds(at),
            "count": str(sum(counts)),
            "sum": sum(one.seconds) / len(one.seconds) * sum(counts),
            "bucketCounts": [str(number) for number in counts],
            "explicitBounds": list(BOUNDS),
        }


def _bucket(seconds: float) -> int:
    return next((index for index, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
