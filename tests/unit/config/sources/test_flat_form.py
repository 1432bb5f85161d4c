"""The flat form: the keys of a ConfigMap and the variables of the environment."""

from __future__ import annotations

import pytest

from krm_otel.config.settings import Origin
from tests.support.configuration import (
    ENDPOINT,
    codes_and_paths,
    config_map,
    observability,
    resolved,
    valid_settings,
)

FLAT = {
    "enabled": "yes",
    "endpoint": ENDPOINT,
    "sampling_rate": "0.05",
    "collector_image": "c:1",
    "mode": "external",
    "propagators": "w3c, xray",
    "traces": "1",
    "metrics": "False",
    "logs": "on",
    "exporter_traces": "http://jaeger:4318",
    "exporter_metrics": "http://mimir:4318/otlp/v1/metrics",
    "exporter_logs": "http://loki:3100/otlp/v1/logs",
    "resource_attributes": "team=core, note=a%2Cb",
    "protocol": "http",
}


@pytest.mark.parametrize("form", ["environment", "ConfigMap", "quoted ConfigMap"])
def test_the_flat_form_sets_every_setting(form: str) -> None:
    """The environment and the ConfigMap have the same keys; values in the ConfigMap may be unquoted."""
    quote = '"' if form.startswith("quoted") else ""
    data = "\n".join(f"{key}: {quote}{value}{quote}" for key, value in FLAT.items())
    config = None if form == "environment" else config_map(data)
    environ = {f"OPRC_CRM_OTEL_{k.upper()}": v for k, v in FLAT.items()} if form == "environment" else {}
    settings = valid_settings(observability("{}"), config, environ)

    def origin(key: str) -> Origin:
        if form == "environment":
            return Origin("environment", f"OPRC_CRM_OTEL_{key.upper()}")
        return Origin("OTelConfig", f"data.{key}")

    found = {
        "enabled": settings.enabled,
        "sampling_rate": settings.sampling_rate,
        "collector_image": settings.image,
        "mode": settings.mode,
        "propagators": settings.propagators,
        "traces": settings.traces,
        "metrics": settings.metrics,
        "logs": settings.logs,
        "protocol": settings.protocol,
        "endpoint": settings.endpoint,
        "exporter_traces": settings.exporters["traces"],
        "exporter_logs": settings.exporters["logs"],
        "resource_attributes": settings.resource_attributes["team"],
    }
    for key, value in found.items():
        assert value is not None
        assert value.origin == origin(key), key
    assert settings.sampling_rate.value == 0.05
    assert settings.propagators.value == ("tracecontext", "baggage", "xray")
    assert (settings.traces.value, settings.metrics.value, settings.logs.value) == (True, False, True)
    assert {key: value.value for key, value in settings.resource_attributes.items()} == {"team": "core", "note": "a,b"}
    assert "metrics" not in settings.exporters


@pytest.mark.parametrize(
    ("key", "value", "code", "proposed"),
    [
        ("enabled", "maybe", "wrong-type", None),
        ("sampling_rate", "ten", "wrong-type", None),
        ("sampling_rate", "10%", "wrong-type", 0.1),
        ("sampling_rate", "nan", "wrong-type", None),
        ("mode", "Sidecar", "unknown-value", "sidecar"),
        ("propagators", "w3c,tracecontext", "unknown-value", "w3c"),
        ("propagators", "w3c,none", "propagators-none", ["w3c"]),
        ("endpoint", "collector:4317", "endpoint-invalid", "http://collector:4317"),
        ("resource_attributes", "team", "attribute-pair", None),
        ("resource_attributes", "a=%ff", "attribute-pair", None),
        ("resource_attributes", "a b=c", "attribute-key", "a_b"),
        ("protocol", "http/protobuf", "unknown-value", "http"),
    ],
)
def test_bad_values_of_the_flat_form_name_the_key_or_the_variable(
    key: str, value: str, code: str, proposed: object
) -> None:
    """The same error in both, with the name that the user wrote."""
    variable = f"OPRC_CRM_OTEL_{key.upper()}"
    (result,) = resolved([], None, {variable: value})[1]
    assert (result.severity, result.code, result.field_path, result.proposed) == ("error", code, variable, proposed)
    assert result.message.startswith(variable)
    assert result.ref.kind == ""
    (result,) = resolved([], config_map(f'{key}: "{value}"'))[1]
    assert (result.severity, result.code, result.field_path, result.proposed) == (
        "error",
        code,
        f"data.{key}",
        proposed,
    )
    assert result.ref.kind == "ConfigMap"


@pytest.mark.parametrize(
    ("data", "code", "path", "proposed"),
    [
        ("samplingRate: 0.1", "unknown-field", "data.samplingRate", "sampling_rate"),
        ("OPRC_CRM_OTEL_MODE: external", "unknown-field", "data.OPRC_CRM_OTEL_MODE", "mode"),
        ("OPRC_CRM_FEATURES_OTEL: on", "unknown-field", "data.OPRC_CRM_FEATURES_OTEL", "features_otel"),
        ("zzz: 1", "unknown-field", "data.zzz", None),
        ("propagators: [w3c]", "wrong-type", "data.propagators", None),
        ("traces: on\ntraces: off", "duplicate-key", "data.traces", None),
    ],
)
def test_the_flat_configmap_is_strict_about_its_keys(data: str, code: str, path: str, proposed: str | None) -> None:
    """Unknown keys get the nearest right one, lists are refused."""
    (result,) = resolved([], config_map(data))[1]
    assert (result.severity, result.code, result.field_path, result.proposed) == ("error", code, path, proposed)


def test_a_bad_feature_flag_names_its_variable() -> None:
    """The switch is checked like the rest, and a class is not judged by an environment that is wrong."""
    configuration, results = resolved([observability("enabled: true")], None, {"OPRC_CRM_FEATURES_OTEL": "maybe"})
    assert codes_and_paths(results) == [("wrong-type", "OPRC_CRM_FEATURES_OTEL")]
    assert configuration.switched_off is None
    assert configuration.classes[0].settings is None


def test_an_unknown_variable_gets_a_warning_with_the_nearest() -> None:
    """It is not read; variables of others are none of our business."""
    environ = {"OPRC_CRM_OTEL_SAMPLE_RATE": "1", "OPRC_CRM_HTTP_PORT": "1", "OTEL_TRACES_EXPORTER": "x"}
    (result,) = resolved([], None, environ)[1]
    assert (result.severity, result.code) == ("warning", "unknown-variable")
    assert result.proposed == "OPRC_CRM_OTEL_SAMPLING_RATE"


def test_empty_means_unset_and_bytes_that_are_no_text_are_an_error() -> None:
    """An empty variable or key is as good as none; invalid UTF-8 cannot go into a manifest."""
    environ = {"OPRC_CRM_OTEL_MODE": "", "OPRC_CRM_OTEL_ENDPOINT": " "}
    assert resolved([], config_map('mode: ""\ntraces: null'), environ)[1] == []
    assert codes_and_paths(resolved([], None, {"OPRC_CRM_OTEL_COLLECTOR_IMAGE": "a\udcff"})[1]) == [
        ("not-utf8", "OPRC_CRM_OTEL_COLLECTOR_IMAGE")
    ]
