"""Whatever stands in a block, there are results and no exception."""

from __future__ import annotations

import pytest

from tests.support.configuration import class_runtime, config_map, observability, otel_config, resolved

ODD = [
    "1",
    "[]",
    "''",
    "[[[]]]",
    "{}",
    "{? {a: b} : c, ? [x] : y}",
    "9" * 390,
    "9" * 5000,
    ".inf",
    "1e999",
    "0x1F",
    "2001-01-01",
    "!!binary aGk=",
    "!custom {a: b}",
    "*nowhere",
    "=",
    "{<<: 1}",
    "{<<: [1, {a: b}], <<: {c: d}}",
    '"\\U0001F600 \\u2028 \\x07"',
    "[" * 400 + "]" * 400,
    "[" * 900 + "]" * 900,
    "{a: " * 900 + "1" + "}" * 900,
]
FIELDS = [
    "enabled",
    "telemetry",
    "telemetry.sampling_rate",
    "telemetry.propagators",
    "telemetry.resource_attributes",
    "telemetry.resource_attributes.k",
    "collector",
    "collector.endpoint",
    "collector.exporters",
    "collector.exporters.traces",
    "collector.headers",
    "collector.headers.h",
    "collector.tls.ca",
    "classes",
    "classes.echo",
    "backends.b.endpoint",
    "platform.components.gw.match_labels",
    "limits.images",
    "kinds",
    "knative",
]


@pytest.mark.parametrize("odd", ODD, ids=lambda text: text[:20])
def test_odd_values_in_any_field_are_results(odd: str) -> None:
    """Blocks, the OTelConfig and the flat form take every shape without a traceback."""
    for field in FIELDS:
        block = odd
        for step in reversed(field.split(".")):
            block = f"{{{step}: {block}}}"
        resolved([class_runtime(f"observability: {block}")])
        resolved([class_runtime(f"telemetry: {block}")])
        resolved([observability("enabled: true")], otel_config(block))
    for key in ("sampling_rate", "propagators", "endpoint", "resource_attributes", "mode"):
        resolved([], config_map(f"{key}: {odd}"))
    resolved([], f"apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {odd}\nspec: {odd}\n")
    resolved([f"apiVersion: oaas.io/v1\nkind: ClassRuntime\nmetadata: {odd}\nspec: {odd}\n"])


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "a=b," * 20_000, ",", "=", "%", "\n", "\x00", "\ud800", "://@", "[::1"]
)
def test_odd_texts_in_the_environment_are_results(text: str) -> None:
    """Also long ones, in no time."""
    for name in (
        "ENDPOINT",
        "SAMPLING_RATE",
        "MODE",
        "PROPAGATORS",
        "TRACES",
        "EXPORTER_LOGS",
        "RESOURCE_ATTRIBUTES",
        text,
    ):
        resolved([], None, {f"OPRC_CRM_OTEL_{name}": text})
