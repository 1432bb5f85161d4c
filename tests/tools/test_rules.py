"""Rendered rules in a real Prometheus, over loads of known rate, durations and failures.

SDKs that export once a minute are the hard case: upstream takes rates over one minute.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.configuration import otel_config
from tests.tools import prometheus
from tests.tools.function import FUNCTION
from tests.tools.prometheus import AHEAD, Prometheus, Requests, counter, eventually, http_load
from tools.build import require

CONFIG = "telemetry: {{propagators: [w3c]}}\nrules: {{format: {format}, interval: 1s, requirements: true}}\n"
CLASS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: {name}, namespace: shop}}
spec:
  nfr_requirements: {{{required}}}
  observability: {{enabled: true, collector: {{endpoint: "http://collector:4317"}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop, labels: {{oaas.io/owner: {name}}}}}
spec: {{template: {{spec: {{containers: [{{name: function, image: acme/f}}]}}}}}}
"""
STRICT = "max_latency_ms: 400, min_throughput_rps: 200, availability_pct: 99"
EASY = "max_latency_ms: 600, min_throughput_rps: 50, availability_pct: 90"
CLASSES = {"echo": STRICT, "easy": EASY, "knative": "", "idle": STRICT}

SECONDS = tuple((number + 0.5) / 1000 for number in range(500))
"""Durations up to half a second, evenly: what a quantile of them is, is known, and no bucket says it wrongly."""
RATE = 100.0
"""Requests per second: 70 of one route and 28 of another in a process that starts again and again, and 2 that fail."""
BEGAN = 900
"""Seconds ago."""


def rendered(kind: str) -> list[dict[str, Any]]:
    """The rule files of all classes, as Prometheus gets them."""
    text = "---".join(
        [otel_config(CONFIG.format(format=kind)), *(CLASS.format(name=n, required=r) for n, r in CLASSES.items())]
    )
    done = subprocess.run([FUNCTION], input=text.encode(), capture_output=True, check=True)
    found = [one for one in yaml.safe_load_all(done.stdout) if one["metadata"]["name"].endswith("-otel-rules")]
    assert len(found) == len(CLASSES)
    return [one["spec"] if "spec" in one else yaml.safe_load(one["data"]["rules.yaml"]) for one in found]


def owned(name: str, **labels: str) -> dict[str, str]:
    return {"oaas_owner": name, "namespace": "shop", **labels}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus with the rules of all classes and their loads, after a minute of evaluations."""
    groups = [group for one in rendered("config_map") for group in one["groups"]]
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus.running(require("prometheus"), folder, rules=yaml.safe_dump({"groups": groups})) as server:
        now = time.time()
        times: Any = {"start": now - BEGAN, "end": now + AHEAD, "every": 60.0}
        resource = {"service.name": "load"}
        # Knative's own activator, before 1.19; as a gauge it keeps its name by OTLP, which counters do not.
        labels = {"namespace_name": "shop", "configuration_name": "knative", "revision_name": "knative-00001"}
        theirs = counter("activator.request.count", 7, labels, **times)
        server.write(prometheus.as_otlp([{"name": theirs["name"], "gauge": theirs["sum"]}], resource))
        for name in ("echo", "easy", "knative"):
            load = [
                Requests(0.7 * RATE, SECONDS, labels=owned(name, route="/a")),
                Requests(0.28 * RATE, SECONDS, labels=owned(name, route="/b"), restarts=True),
                Requests(0.02 * RATE, SECONDS, status=500, labels=owned(name, route="/a")),
            ]
            server.write(http_load(load, **times, resource=resource))
        elsewhere = {"oaas_owner": "echo", "namespace": "other"}
        server.write(http_load([Requests(33, (3.0,), labels=elsewhere)], **times, resource=resource))
        enough = 'count_over_time(activator_request_count{configuration_name="echo"}[1m])'
        eventually(lambda: server.value(enough), lambda count: (count or 0) >= 57)
        yield server


def near(value: float) -> Any:
    return pytest.approx(value, rel=0.05)


def test_prometheus_takes_every_rule(loaded: Prometheus) -> None:
    found = loaded.rules()
    assert {(rule["health"], rule.get("lastError")) for rule in found} == {("ok", None)}
    assert len(found) > 20


def test_both_formats_say_the_same() -> None:
    assert rendered("config_map") == rendered("prometheus_rule")


def test_the_analyzers_queries_return_the_true_values(loaded: Prometheus) -> None:
    """Upstream's own texts, from its source; another namespace's class of the same name does not count."""
    assert loaded.value(
        '1000 * histogram_quantile(0.99, sum(rate(http_server_requests_seconds_bucket{oaas_owner="echo",'
        'namespace="shop"}[5m])) by (le))'
    ) == near(1000 * quantile(0.99))
    # A rule grows by one interval each time: in a minute in which a busy machine has left some out, by less.
    count = 'sum(rate(activator_request_count{namespace_name="shop", configuration_name="echo"}[1m]))'
    assert eventually(lambda: loaded.value(count), lambda found: found == near(RATE)) == near(RATE)
    assert loaded.value(
        '1000 * max(histogram_quantile(0.99, sum(rate(activator_request_latencies_bucket{namespace_name="shop", '
        'configuration_name="echo"}[1m])) by (revision_name, le)))'
    ) == near(1000 * quantile(0.99))


def test_there_are_no_more_series_than_buckets(loaded: Prometheus) -> None:
    """However many routes and processes there are."""
    for record in ("http_server_requests_seconds_bucket", "activator_request_latencies_bucket"):
        count = loaded.value(f'count({record}{{oaas_owner="echo"}} or {record}{{configuration_name="echo"}})')
        assert count == len(prometheus.BOUNDS) + 1


def test_series_of_somebody_else_are_not_counted_twice(loaded: Prometheus) -> None:
    """Knative's activator has counted 7 a second, and the function 100."""
    assert loaded.query('http_server_requests_seconds_bucket{oaas_owner="knative"}')
    own = 'namespace_name="shop", configuration_name="knative"'
    assert loaded.value(f"sum(rate(activator_request_count{{{own}}}[5m]))") == near(7)


def test_requirements_are_recorded_as_they_are(loaded: Prometheus) -> None:
    own = '{oaas_owner="echo",namespace="shop"}'
    assert loaded.value(f"oaas_class:requests:rate5m{own}") == near(RATE)
    assert loaded.value(f"oaas_class:failed_requests:rate5m{own}") == near(0.02 * RATE)
    assert loaded.value(f"oaas_class:request_duration_seconds:p95_5m{own}") == near(quantile(0.95))
    assert loaded.value(f"1 - oaas_class:availability:share_1h{own}") == near(0.02)


def test_alerts_fire_where_a_requirement_is_not_met_and_nowhere_else(loaded: Prometheus) -> None:
    found = {(one["metric"]["oaas_owner"], one["metric"]["alertname"]) for one in loaded.query("ALERTS")}
    assert found == {
        ("echo", "OaasThroughputBelowRequirement"),
        ("echo", "OaasLatencyAboveRequirement"),
        ("echo", "OaasAvailabilityBelowRequirement"),
    }


def test_what_an_alert_says_is_true(loaded: Prometheus) -> None:
    said = {alert["annotations"]["description"] for rule in loaded.rules() for alert in rule.get("alerts", ())}
    assert "95 % of the requests of class echo take up to 475 ms; allowed are 400 ms." in said
    assert "Class echo has 100 requests per second; it is to have 200." in said
    assert any(text.startswith("2% of the requests of class echo failed in 6h") for text in said), said


def quantile(share: float) -> float:
    """Of all durations."""
    return share * (SECONDS[-1] + SECONDS[0])
