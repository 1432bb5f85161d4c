"""Endpoints: what is a good URL, which protocol goes with it, backends, headers, certificates and limits."""

from __future__ import annotations

import pytest

from krm_otel.config.settings import Endpoint, FileSource, Header, Origin, Tls
from tests.support.configuration import (
    BACKENDS,
    ENDPOINT,
    codes_and_paths,
    observability,
    otel_config,
    resolved,
    settings_of,
    valid_settings,
)

# URL, protocol configured or None; the endpoint used, its protocol, codes of what is said.
GOOD: list[tuple[str, str | None, str, str, list[str]]] = [
    ("http://collector:4317", None, "http://collector:4317", "grpc", []),
    ("http://collector:4317/", None, "http://collector:4317", "grpc", []),
    ("http://collector:4318", None, "http://collector:4318", "http", []),
    ("http://collector:4318", "http", "http://collector:4318", "http", []),
    ("http://collector:4318", "grpc", "http://collector:4318", "http", ["protocol-port"]),
    ("http://collector:4317", "http", "http://collector:4317", "grpc", ["protocol-port"]),
    ("http://collector:9999", None, "http://collector:9999", "grpc", ["protocol-assumed"]),
    ("http://collector:9999", "http", "http://collector:9999", "http", ["protocol-assumed"]),
    ("https://otlp.example.com", "http", "https://otlp.example.com", "http", ["protocol-assumed"]),
    ("https://collector:4317", None, "https://collector:4317", "grpc", []),
    ("http://collector:4318/", None, "http://collector:4318", "http", []),
    ("http://collector:4318/base/", None, "http://collector:4318/base", "http", []),
    ("http://x:8428/opentelemetry", "http", "http://x:8428/opentelemetry", "http", ["protocol-assumed"]),
    ("http://collector:9999/base", None, "http://collector:9999/base", "http", ["protocol-assumed"]),
    ("http://collector", None, "http://collector:4317", "grpc", ["protocol-assumed"]),
    ("http://collector", "grpc", "http://collector:4317", "grpc", ["protocol-assumed"]),
    ("http://collector", "http", "http://collector", "http", ["protocol-assumed"]),
    ("http://collector/base", None, "http://collector/base", "http", ["protocol-assumed"]),
    ("https://api.vendor.example", None, "https://api.vendor.example:443", "grpc", ["protocol-assumed"]),
    ("http://[fd00::1]", None, "http://[fd00::1]:4317", "grpc", ["protocol-assumed"]),
    ("http://$(HOST_IP)", None, "http://$(HOST_IP):4317", "grpc", ["protocol-assumed"]),
    ("http://$(HOST_IP):4318/base", None, "http://$(HOST_IP):4318/base", "http", []),
    ("http://10.0.0.1:4317", None, "http://10.0.0.1:4317", "grpc", []),
    ("http://[fd00::1]:4317", None, "http://[fd00::1]:4317", "grpc", []),
    ("http://Collector.ns.svc.cluster.local.:4317", None, "http://Collector.ns.svc.cluster.local.:4317", "grpc", []),
]


@pytest.mark.parametrize(("url", "protocol", "used", "spoken", "codes"), GOOD)
def test_the_port_decides_the_protocol(
    url: str, protocol: str | None, used: str, spoken: str, codes: list[str]
) -> None:
    """4317 is gRPC and 4318 HTTP, with a warning where another one is configured; other ports get an info."""
    telemetry = f"telemetry: {{protocol: {protocol}}}\n" if protocol else ""
    item = observability(f"enabled: true\n{telemetry}collector: {{endpoint: '{url}'}}")
    settings, results = settings_of(item)
    assert settings is not None
    assert settings.endpoint is not None
    assert settings.endpoint.value == Endpoint(used, "http" if spoken == "http" else "grpc")
    assert settings.endpoint.origin == Origin("ClassRuntime", "spec.observability.collector.endpoint")
    assert [r.code for r in results] == codes


@pytest.mark.parametrize(
    ("exporter", "signal", "protocol", "url", "spoken"),
    [
        ("http://x:4317", "traces", "grpc", "http://x:4317", "grpc"),
        ("http://x:4318", "traces", "grpc", "http://x:4318/v1/traces", "http"),
        ("http://x:4318/", "metrics", "grpc", "http://x:4318/v1/metrics", "http"),
        ("http://x:4318/own/path", "logs", "grpc", "http://x:4318/own/path", "http"),
        ("http://x:80", "logs", "http", "http://x:80/v1/logs", "http"),
        ("plain", "logs", "grpc", "http://plain:4317", "grpc"),
        ("base", "metrics", "grpc", "http://base:4318/otlp/v1/metrics", "http"),
        ("jaeger", "traces", "grpc", "http://jaeger:4317", "grpc"),
        ("http://x", "traces", "grpc", "http://x:4317", "grpc"),
        ("https://x", "logs", "grpc", "https://x:443", "grpc"),
        ("bare-port", "traces", "grpc", "http://bare:4317", "grpc"),
    ],
)
def test_exporters_are_urls_or_backends(exporter: str, signal: str, protocol: str, url: str, spoken: str) -> None:
    """SDKs use the URL of a signal as it is, so it is completed for HTTP; a backend's endpoint is a base."""
    item = observability(
        f"enabled: true\ntelemetry: {{logs: true}}\ncollector: {{exporters: {{{signal}: '{exporter}'}}}}"
    )
    backends = BACKENDS + "  bare-port: {endpoint: 'http://bare'}\n"
    config = otel_config(f"telemetry: {{protocol: {protocol}}}\ncollector: {{endpoint: '{ENDPOINT}'}}" + backends)
    settings = valid_settings(item, config)
    assert list(settings.exporters) == [signal]
    found = settings.exporters[signal]
    assert (found.value.url, found.value.protocol) == (url, spoken)
    assert found.origin == Origin("ClassRuntime", f"spec.observability.collector.exporters.{signal}")
    with_secrets = exporter == "base"
    assert found.value.headers == ((Header("X-Scope-OrgID", "s", "k"),) if with_secrets else ())
    assert found.value.tls == (Tls(ca=FileSource("ConfigMap", "c", "ca.crt")) if with_secrets else Tls())


@pytest.mark.parametrize(
    ("exporter", "signal", "code", "proposed"),
    [
        ("jaegr", "traces", "backend-unknown", "jaeger"),
        ("zzz", "traces", "backend-unknown", None),
        ("jaeger", "metrics", "backend-signal", None),
        ("loki", "logs", "backend-not-direct", None),
        ("bare", "traces", "backend-endpoint", None),
        ("http://x:4317/base", "traces", "endpoint-path", "http://x:4317"),
    ],
)
def test_unusable_exporters_are_errors(exporter: str, signal: str, code: str, proposed: str | None) -> None:
    """One error for each, and none for a missing endpoint on top."""
    block = f"enabled: true\ntelemetry: {{logs: true}}\ncollector: {{exporters: {{{signal}: '{exporter}'}}}}"
    config = otel_config(f"collector: {{endpoint: '{ENDPOINT}', mode: external}}" + BACKENDS)
    settings, results = settings_of(observability(block), config)
    assert settings is None
    path = f"spec.observability.collector.exporters.{signal}"
    assert [(r.code, r.field_path, r.proposed) for r in results if r.severity == "error"] == [(code, path, proposed)]


# Exporter of a signal; what is proposed, None: nothing is said.
SIGNAL_PATHS = [
    ("traces", "https://vendor.example/otlp", "https://vendor.example/otlp/v1/traces"),
    ("traces", "http://x:4318/own/", "http://x:4318/own/v1/traces"),
    ("metrics", "https://vendor.example/v1/traces", "https://vendor.example/v1/metrics"),
    ("metrics", "http://prometheus:9090/api/v1/otlp", "http://prometheus:9090/api/v1/otlp/v1/metrics"),
    ("logs", "http://loki:3100/otlp/v1/log", "http://loki:3100/otlp/v1/log/v1/logs"),
    ("traces", "http://x:4318/v1/traces", None),
    ("traces", "http://x:4318/v1/traces/", None),
    ("logs", "https://vendor.example/otlp/v1/logs", None),
    ("traces", "http://x:4318", None),
    ("traces", "http://x:4317", None),
    ("traces", "plain", None),
    ("metrics", "base", None),
]


@pytest.mark.parametrize("mode", ["external", "sidecar", "deployment"])
@pytest.mark.parametrize(("signal", "exporter", "proposed"), SIGNAL_PATHS)
def test_an_endpoint_of_a_signal_ends_in_its_path(signal: str, exporter: str, proposed: str | None, mode: str) -> None:
    """SDKs and collectors use it as it is, so that a vendor's base there is answered with 404."""
    exporters = dict.fromkeys(("traces", "metrics", "logs"), "http://x:4317") | {signal: exporter}
    written = ", ".join(f"{name}: '{value}'" for name, value in exporters.items())
    item = observability(f"enabled: true\ntelemetry: {{logs: true}}\ncollector: {{exporters: {{{written}}}}}")
    settings, results = settings_of(item, otel_config(f"collector: {{mode: {mode}}}" + BACKENDS))
    assert settings is not None
    found = [(r.code, r.severity, r.proposed) for r in results if r.code.startswith("endpoint-")]
    assert found == ([("endpoint-signal-path", "warning", proposed)] if proposed else [])


# What is written; what is proposed in place of it.
SPELLINGS = [
    ("$(HOST_IP):4317", "http://$(HOST_IP):4317"),
    ("http://${HOST_IP}:4317", "http://$(HOST_IP):4317"),
    ("http://$HOST_IP:4317", "http://$(HOST_IP):4317"),
    ("http://${env:HOST_IP}:4317", "http://$(HOST_IP):4317"),
    ("http://%{HOST_IP}:4317/base", "http://$(HOST_IP):4317/base"),
    ("http://$(HOST_IP):$(PORT)", "http://$(HOST_IP):4317"),
    ("http://[$(HOST_IP)]:4317", None),
    ("http://$(HOST_IP:4317", None),
    ("http://agent-$(NODE_NAME):4317", None),
    ("http://{{ .Values.host }}:4317", None),
]


@pytest.mark.parametrize(("written", "proposed"), SPELLINGS)
def test_a_variable_has_one_spelling(written: str, proposed: str | None) -> None:
    """The kubelet's; any other is an error that proposes it."""
    _, results = settings_of(observability(f"enabled: true\ncollector: {{endpoint: '{written}'}}"))
    assert [(r.code, r.severity, r.proposed) for r in results] == [("endpoint-invalid", "error", proposed)]


def test_headers_and_certificates_go_with_the_endpoint() -> None:
    """Those of the OTelConfig's collector, with their default keys."""
    config = otel_config(
        """
        collector:
          headers: {api-key: {secret: otlp, key: token}}
          tls: {ca: {secret: ca}, client: {secret: client}}
        """
    )
    settings = valid_settings(observability("enabled: true\ncollector: {endpoint: 'https://x:4317'}"), config)
    assert settings.endpoint is not None
    assert settings.endpoint.value.headers == (Header("api-key", "otlp", "token"),)
    assert settings.endpoint.value.tls == Tls(
        FileSource("Secret", "ca", "ca.crt"),
        FileSource("Secret", "client", "tls.crt"),
        FileSource("Secret", "client", "tls.key"),
    )


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("collector: {mode: external}", ["endpoint-missing"]),
        ("collector: {mode: external, exporters: {traces: 'http://x:4317'}}", ["endpoint-missing"]),
        ("collector: {mode: external, exporters: {traces: 'http://x:4317', metrics: 'http://x:4317'}}", []),
        ("telemetry: {metrics: false}\ncollector: {mode: external, exporters: {traces: 'http://x:4317'}}", []),
        ("telemetry: {traces: false, metrics: false}", []),
        ("{}", []),
        ("collector: {mode: sidecar}", []),
        ("collector: {mode: deployment}", []),
        ("collector: {mode: daemonset}", []),
        ("collector: {mode: daemonset, endpoint: 'http://x:4317'}", []),
        ("collector: {mode: sidecar, endpoint: 'http://x:4317'}", []),
    ],
)
def test_mode_external_needs_an_endpoint_for_every_signal(block: str, expected: list[str]) -> None:
    """`external` needs one for every signal that is on."""
    text = "enabled: true\n" + (block if block != "{}" else "")
    settings, results = settings_of(observability(text))
    path = "spec.observability.collector.endpoint"
    assert codes_and_paths(results) == [(code, path) for code in expected]
    assert (settings is None) is bool(expected)
    if expected:
        assert results[0].proposed == "http://collector:4317"
    off, results = settings_of(observability(text.replace("enabled: true", "enabled: false")))
    assert off is not None and results == []


@pytest.mark.parametrize("stage", ["collector", "both"])
def test_sampling_in_a_collector_needs_a_managed_one(stage: str) -> None:
    """The error has the path of the stage, and proposes sdk."""
    config = otel_config(f"collector: {{sampling_stage: {stage}, endpoint: '{ENDPOINT}'}}")
    _, results = resolved([observability("enabled: true"), observability("enabled: true", name="b")], config)
    assert {(r.code, r.field_path, r.proposed) for r in results} == {
        ("sampling-stage", "spec.collector.sampling_stage", "sdk")
    }
