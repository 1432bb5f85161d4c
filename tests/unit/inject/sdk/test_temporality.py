"""Containers whose SDK sends deltas to what takes none."""

from __future__ import annotations

import pytest

from tests.support.laws import assert_laws

STREAM = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec:
  telemetry: {{propagators: [w3c], metrics: {metrics}, env: {{{sdk}}}}}
  collector: {{mode: sidecar, exporters: {{traces: debug, metrics: prometheus-remote-write}}}}
  backends: {{prometheus-remote-write: {{type: prometheus-remote-write, endpoint: "http://p:9090"}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: sdk}}
data: {{OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {preference}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: cart}}
spec: {{observability: {{enabled: true}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, labels: {{oaas.io/owner: cart}}}}
spec: {{template: {{spec: {{containers: [{{name: function, image: add, {container}}}]}}}}}}
"""
NAME = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
IN_ENV = f"env: [{{name: {NAME}, value: %s}}]"
FROM_MAP = "envFrom: [{configMapRef: {name: sdk}}]"
BY_CONFIG = f"{NAME}: %s"


@pytest.mark.parametrize(
    ("container", "sdk", "preference", "metrics", "warned"),
    [
        (IN_ENV, "", "delta", "true", True),
        (IN_ENV, "", "Delta", "true", True),
        (IN_ENV, "", "lowmemory", "true", True),
        (IN_ENV, "", "cumulative", "true", False),
        (IN_ENV, "", "delta", "false", False),
        (FROM_MAP, "", "delta", "true", True),
        (FROM_MAP, "", "cumulative", "true", False),
        ("", BY_CONFIG, "delta", "true", True),
        ("", BY_CONFIG, "cumulative", "true", False),
        (f"env: [{{name: {NAME}, value: cumulative}}]", BY_CONFIG, "delta", "true", False),
    ],
)
def test_deltas_are_warned_of_wherever_they_are_asked_for(
    container: str, sdk: str, preference: str, metrics: str, warned: bool
) -> None:
    text = STREAM.format(
        container=container.replace("%s", preference),
        sdk=sdk.replace("%s", preference),
        preference=preference,
        metrics=metrics,
    )
    _, outcome = assert_laws(text.encode())
    assert outcome.exit_code == 0
    found = [result for result in outcome.results if result.code == "delta-to-prometheus"]
    assert [result.severity for result in found] == (["warning"] if warned else [])
