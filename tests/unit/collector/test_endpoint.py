"""Where SDKs find the collector."""

from __future__ import annotations

import pytest

from krm_otel.collector.endpoint import collector_endpoint
from krm_otel.config.settings import Endpoint
from tests.support.collector import class_and_settings


@pytest.mark.parametrize(
    ("block", "config", "url"),
    [
        ("", "", "http://127.0.0.1:4317"),
        ("telemetry: {protocol: http}", "", "http://127.0.0.1:4318"),
        ("collector: {mode: deployment}", "", "http://echo-otel-collector:4317"),
        ("collector: {mode: deployment}\ntelemetry: {protocol: http}", "", "http://echo-otel-collector:4318"),
        ("collector: {mode: deployment}", "svc", "http://echo-otel-collector.demo.svc:4317"),
        ("collector: {mode: deployment}", "fqdn", "http://echo-otel-collector.demo.svc.cluster.local:4317"),
        ("collector: {mode: sidecar}", "fqdn", "http://127.0.0.1:4317"),
    ],
)
def test_the_endpoint_follows_mode_protocol_and_host(block: str, config: str, url: str) -> None:
    oaas_class, settings = class_and_settings(block, f"collector: {{endpoint_host: {config}}}" if config else None)
    endpoint = collector_endpoint(oaas_class, settings)
    assert endpoint is not None and endpoint.value == Endpoint(url, settings.protocol.value)


def test_its_origin_is_that_of_the_mode() -> None:
    oaas_class, settings = class_and_settings("collector: {mode: deployment}")
    endpoint = collector_endpoint(oaas_class, settings)
    assert endpoint is not None and str(endpoint.origin) == "ClassRuntime spec.observability.collector.mode"
