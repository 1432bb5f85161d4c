"""Pods with a sidecar that both a PodMonitor and annotations have fetched."""

from __future__ import annotations

import pytest

from tests.support.laws import assert_laws

STREAM = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec:
  telemetry: {{propagators: [w3c]}}
  collector:
    mode: {mode}
    network_policy: {{enabled: false}}
    exporters: {{traces: debug, metrics: prometheus-scrape}}
  {monitors}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: cart}}
spec: {{observability: {{enabled: true}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, labels: {{oaas.io/owner: cart}}}}
spec:
  template:
    metadata: {{annotations: {{{annotations}}}}}
    spec: {{containers: [{{name: function, image: add}}]}}
"""
SCRAPE = 'prometheus.io/scrape: "true"'


@pytest.mark.parametrize(
    ("mode", "monitors", "annotations", "fix"),
    [
        ("sidecar", "monitors: {}", SCRAPE, "write prometheus.io/port with a port of the function"),
        ("sidecar", "monitors: {}", f'{SCRAPE}, prometheus.io/port: "8889"', "leave it out"),
        ("sidecar", "monitors: {}", f'{SCRAPE}, prometheus.io/port: "8888"', "leave it out"),
        ("sidecar", "monitors: {}", f'{SCRAPE}, prometheus.io/port: "8080"', ""),
        ("sidecar", "monitors: {}", 'prometheus.io/scrape: "false"', ""),
        ("sidecar", "monitors: {enabled: false}", SCRAPE, ""),
        ("sidecar", "", SCRAPE, ""),
        ("deployment", "monitors: {}", SCRAPE, ""),
    ],
)
def test_a_sidecar_that_is_fetched_twice(mode: str, monitors: str, annotations: str, fix: str) -> None:
    text = STREAM.format(mode=mode, monitors=monitors, annotations=annotations)
    _, outcome = assert_laws(text.encode())
    found = [result for result in outcome.results if result.code == "series-twice"]
    assert [result.severity for result in found] == (["warning"] if fix else [])
    assert all(fix in result.message for result in found)
