"""Endpoints: what is a good URL, which protocol goes with it, backends, headers, certificates and limits."""

from __future__ import annotations

import pytest

from krm_otel.config.resolve.limits import endpoint_matches, matches
from krm_otel.config.settings import Endpoint, FileSource, Origin, SecretHeader, Tls
from krm_otel.config.types.endpoint import redact, redact_endpoint
from tests.support.configuration import (
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
    ("text", "shown"),
    [
        ("http://a:b@c/d", "http://***@c/d"),
        ("http://a:b/x@c", "http://***@c"),
        ("http://c/d?k=v#f", "http://c/d?***"),
        ("http://c/d#f", "http://c/d#***"),
        ("someone@example.com", "someone@example.com"),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    """Userinfo, query and fragment go; a text that is no URL stays, unless an endpoint belongs there."""
    assert redact(text) == shown
    assert redact_endpoint("a:b@c") == "***@c"


BACKENDS = """
backends:
  plain: {endpoint: "http://plain:4317"}
  base: {type: otlp, endpoint: "http://base:4318/otlp/", headers: {X-Scope-OrgID: {secret: s, key: k}},
    tls: {ca: {config_map: c}}}
  jaeger: {type: jaeger, endpoint: "http://jaeger:4317"}
  loki: {type: loki, endpoint: "http://loki:3100"}
  bare: {}
"""


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
    ],
)
def test_exporters_are_urls_or_backends(exporter: str, signal: str, protocol: str, url: str, spoken: str) -> None:
    """SDKs use the URL of a signal as it is, so it is completed for HTTP; a backend's endpoint is a base."""
    item = observability(
        f"enabled: true\ntelemetry: {{logs: true}}\ncollector: {{exporters: {{{signal}: '{exporter}'}}}}"
    )
    config = otel_config(f"telemetry: {{protocol: {protocol}}}\ncollector: {{endpoint: '{ENDPOINT}'}}" + BACKENDS)
    settings = valid_settings(item, config)
    assert list(settings.exporters) == [signal]
    found = settings.exporters[signal]
    assert (found.value.url, found.value.protocol) == (url, spoken)
    assert found.origin == Origin("ClassRuntime", f"spec.observability.collector.exporters.{signal}")
    with_secrets = exporter == "base"
    assert found.value.headers == ((SecretHeader("X-Scope-OrgID", "s", "k"),) if with_secrets else ())
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
    assert settings.endpoint.value.headers == (SecretHeader("api-key", "otlp", "token"),)
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


LIMITS = """
limits:
  sampling_rate: 0.2
  images: ["ghcr.io/acme/*"]
  endpoints: ["http://*.obs.svc:4317"]
  backends: [plain]
"""


@pytest.mark.parametrize(
    ("block", "severity", "expected"),
    [
        ("telemetry: {sampling_rate: 0.2}", "warning", []),
        ("telemetry: {sampling_rate: 0.3}", "warning", [("limit-sampling-rate", "telemetry.sampling_rate")]),
        ("collector: {image: ghcr.io/acme/a/b:1}", "error", []),
        ("collector: {image: docker.io/acme/a}", "error", [("limit-image", "collector.image")]),
        ("collector: {endpoint: 'http://a.obs.svc:4317'}", "error", []),
        ("collector: {endpoint: 'http://evil.com:4317'}", "error", [("limit-endpoint", "collector.endpoint")]),
        ("collector: {exporters: {traces: plain}}", "error", []),
        ("collector: {exporters: {traces: base}}", "error", [("limit-backend", "collector.exporters.traces")]),
        (
            "collector: {exporters: {traces: 'http://x:4317'}}",
            "error",
            [("limit-endpoint", "collector.exporters.traces")],
        ),
    ],
)
def test_limits_bind_the_authors_of_classes(block: str, severity: str, expected: list[tuple[str, str]]) -> None:
    """A rate is clamped with a warning; images, endpoints and backends that are not allowed are errors."""
    config = otel_config(f"collector: {{endpoint: '{ENDPOINT}'}}" + BACKENDS + LIMITS)
    settings, results = settings_of(observability(f"enabled: true\n{block}"), config)
    assert codes_and_paths(results, severity) == [(code, f"spec.observability.{path}") for code, path in expected]
    if expected and severity == "warning":
        assert settings is not None
        assert settings.sampling_rate.value == 0.2
        assert settings.sampling_rate.origin == Origin("OTelConfig", "spec.limits.sampling_rate")


def test_limits_do_not_bind_the_otelconfig() -> None:
    """What the cluster's owner says is not limited, in `classes` neither."""
    config = otel_config(
        f"""
        telemetry: {{sampling_rate: 0.4}}
        collector: {{endpoint: "{ENDPOINT}", image: other}}
        classes: {{echo: {{collector: {{exporters: {{traces: base}}}}}}}}
        """
        + "\n".join("        " + line for line in (BACKENDS + LIMITS).splitlines())
    )
    settings = valid_settings(observability("enabled: true"), config)
    assert settings.sampling_rate.value == 0.4
    assert settings.image is not None and settings.image.value == "other"


@pytest.mark.parametrize(
    ("url", "pattern", "fits"),
    [
        ("http://a.svc:4317", "*", True),
        ("http://a.svc:4317", "http://*.svc:4317", True),
        ("http://evil.com:4318/a.svc:4317", "http://*.svc:4317", False),
        ("https://a.svc:4317", "http://*.svc:4317", False),
        ("https://a.svc:4317", "*.svc:*", True),
        ("http://a:4318/base", "http://a:4318", False),
        ("http://a:4318/base/x", "http://a:4318/*", True),
        ("http://a:4318", "http://a:4318/", True),
        ("http://[fd00::1]:4317", "http://[fd00::?]:4317", True),
    ],
)
def test_patterns_for_endpoints_are_matched_part_by_part(url: str, pattern: str, fits: bool) -> None:
    """A host cannot hide in a path."""
    assert endpoint_matches(url, pattern) is fits


def test_a_high_limit_causes_no_warning() -> None:
    """A limit of 1.0 allows every rate, and is nothing to warn of."""
    assert resolved([], otel_config("limits: {sampling_rate: 1.0}"))[1] == []
    assert [r.code for r in resolved([], otel_config("limits: {sampling_rate: 2}"))[1]] == ["sampling-rate-clamped"]


def test_patterns_know_two_wildcards() -> None:
    """`*` and `?`; brackets and dots match themselves."""
    assert matches("ghcr.io/a/b:1", "ghcr.io/*")
    assert not matches("ghcrxio/a", "ghcr.io/*")
    assert matches("a[1]", "a[?]")
    assert matches("", "***")


def test_a_pattern_with_many_stars_takes_no_longer() -> None:
    """Stars that could match everywhere are not tried in every combination."""
    assert not matches("a" * 200, "*a" * 50 + "b")
    assert matches("a" * 200 + "b", "*a" * 50 + "b")
