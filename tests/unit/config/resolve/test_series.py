"""Metrics that would be wrong: series that a Prometheus has twice, and deltas that it does not take."""

from __future__ import annotations

import pytest

from tests.support.configuration import observability, otel_config, settings_of

BACKENDS = """
backends:
  inside: {type: prometheus, endpoint: "http://prometheus.monitoring:9090"}
  written: {type: prometheus-remote-write, endpoint: "http://prometheus.monitoring:9090"}
  other: {type: prometheus-remote-write, endpoint: "http://prometheus.other:9090"}
  outside: {type: prometheus-remote-write, endpoint: "https://prometheus.vendor.example/api/v1/write"}
  pushed: {type: prometheus-remote-write, endpoint: "http://mimir.monitoring:8080/api/v1/push"}
  kept: {type: mimir, endpoint: "http://mimir.monitoring:8080"}
  victoria: {type: victoriametrics, endpoint: "http://victoria.monitoring:8428"}
  scraped: {type: prometheus-scrape}
  plain: {type: otlp, endpoint: "http://gateway.monitoring:4317"}
"""
REPLICAS, WAYS = "replicas: each keeps the series", "counts everything twice"
SCRAPED = "network_policy: {enabled: false}, exporters: {traces: debug, metrics: prometheus-scrape}"


@pytest.mark.parametrize(
    ("collector", "says"),
    [
        (f"mode: deployment, {SCRAPED}", []),
        (f"mode: deployment, replicas: 2, {SCRAPED}", [REPLICAS]),
        (f"mode: deployment, autoscaling: {{max_replicas: 3}}, {SCRAPED}", [REPLICAS]),
        (f"mode: deployment, autoscaling: {{min_replicas: 1, max_replicas: 1}}, {SCRAPED}", []),
        (f"mode: deployment, replicas: 2, {SCRAPED.replace('prometheus-scrape', 'scraped')}", [REPLICAS]),
        (f"mode: sidecar, {SCRAPED}", []),
        (f"mode: daemonset, daemonset: {{manage: true}}, {SCRAPED}", []),
        (f"mode: deployment, tail_sampling: {{}}, gateway: {{replicas: 3}}, {SCRAPED}", []),
        ("mode: deployment, replicas: 2, exporters: {traces: debug, metrics: inside}", []),
        ("mode: deployment, replicas: 2, exporters: {traces: debug, metrics: written}", []),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, inside]}", [WAYS]),
        ("mode: sidecar, exporters: {traces: debug, metrics: [inside, scraped]}", [WAYS]),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, written]}", [WAYS]),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, 'http://p:9090/api/v1/otlp/v1/metrics']}",
         [WAYS]),
        ("mode: sidecar, exporters: {traces: debug, metrics: [inside, written]}", [WAYS]),
        ("mode: sidecar, exporters: {traces: debug, metrics: [inside, other]}", []),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, outside]}", []),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, pushed]}", []),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, kept]}", []),
        ("mode: sidecar, exporters: {traces: debug, metrics: [kept, pushed]}", [WAYS]),
        ("mode: sidecar, exporters: {traces: debug, metrics: [scraped, plain, debug]}", []),
    ],
)  # fmt: skip
def test_a_series_that_a_prometheus_has_twice(collector: str, says: list[str]) -> None:
    _, results = settings_of(observability("enabled: true"), otel_config(f"collector: {{{collector}}}" + BACKENDS))
    assert [result.message for result in results if result.severity == "error"] == []
    found = [(result.severity, result.message) for result in results if result.code == "series-twice"]
    assert [severity for severity, _ in found] == ["warning"] * len(says)
    for (_, message), text in zip(found, says, strict=True):
        assert text in message


CONVERTS = (
    "config: {processors: {deltatocumulative: }, service: {pipelines: {metrics: {processors: [deltatocumulative]}}}}"
)
OWN = "config: {{exporters: {{{0}: {{}}}}, service: {{pipelines: {{metrics/own: {{exporters: [{0}]}}}}}}}}"


@pytest.mark.parametrize(
    ("collector", "deltas"),
    [
        ("mode: deployment, exporters: {metrics: inside}", "dropped"),
        ("mode: sidecar, exporters: {metrics: written}", "dropped"),
        ("mode: sidecar, exporters: {metrics: [debug, kept]}", "dropped"),
        ("mode: sidecar, exporters: {metrics: victoria}", "dropped"),
        ("mode: sidecar, exporters: {metrics: [scraped, outside]}", "dropped"),
        ("mode: sidecar, exporters: {metrics: 'http://p:9090/api/v1/otlp/v1/metrics'}", "dropped"),
        ("mode: daemonset, daemonset: {manage: false}, exporters: {metrics: inside}", "dropped"),
        ("mode: external, exporters: {traces: plain, metrics: 'http://p:9090/api/v1/otlp/v1/metrics'}", "dropped"),
        ("mode: external, endpoint: 'http://v:8428/opentelemetry', exporters: {}", "dropped"),
        ("mode: sidecar, exporters: {metrics: scraped}", "added up"),
        ("mode: daemonset, daemonset: {manage: true}, exporters: {metrics: scraped}", "added up"),
        (f"mode: sidecar, exporters: {{metrics: debug}}, {OWN.format('prometheus/own')}", "added up"),
        (f"mode: sidecar, exporters: {{metrics: debug}}, {OWN.format('prometheusremotewrite')}", "dropped"),
        (f"mode: sidecar, exporters: {{metrics: inside}}, {CONVERTS}", "kept"),
        ("mode: sidecar, exporters: {metrics: plain}", "kept"),
        ("mode: sidecar, exporters: {metrics: 'https://vendor.example/api/v2/otlp/v1/metrics'}", "kept"),
        ("mode: sidecar, exporters: {traces: plain}", "kept"),
        ("mode: external, endpoint: 'http://gateway:4317'", "kept"),
    ],
)
def test_what_becomes_of_deltas(collector: str, deltas: str) -> None:
    """What stores series drops them; a vendor that wants them, or that nobody knows, gets them."""
    settings, results = settings_of(
        observability("enabled: true"),
        otel_config(f"collector: {{network_policy: {{enabled: false}}, {collector}}}" + BACKENDS),
    )
    assert settings is not None, [result.message for result in results]
    assert settings.deltas == deltas
