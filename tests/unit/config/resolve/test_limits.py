"""Limits of the OTelConfig for the authors of classes, and their patterns."""

from __future__ import annotations

import pytest

from krm_otel.config.resolve.limits import endpoint_matches, matches
from krm_otel.config.settings import Origin
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
        ("collector: {endpoint: 'http://a.obs.svc'}", "error", []),
        ("collector: {endpoint: 'https://a.obs.svc'}", "error", [("limit-endpoint", "collector.endpoint")]),
        (
            "telemetry: {protocol: http}\ncollector: {endpoint: 'http://a.obs.svc'}",
            "error",
            [("limit-endpoint", "collector.endpoint")],
        ),
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
