"""`telemetry.env`: names and values as OpenTelemetry's specification has them."""

from __future__ import annotations

import opentelemetry.environment_variables as api
import pytest
from opentelemetry.sdk import environment_variables as sdk

from krm_otel.config.types.finding import Faulty, Finding
from krm_otel.config.types.sdk_variables import RESERVED, is_known, sdk_variable_name, value_finding
from krm_otel.diagnostics.rules import sdk_variables as rules


def finding(name: str) -> Finding | None:
    """What is wrong with a name; None where nothing is."""
    try:
        assert sdk_variable_name(name) == name
    except Faulty as faulty:
        (found,) = faulty.findings
        return found
    return None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OTEL_METRICS_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_INTERVAL"),
        ("OTEL_METRIC_EXPORT_INTERVAL_MILLIS", "OTEL_METRIC_EXPORT_INTERVAL"),
        ("OTEL_BSP_SCHEDULE_DELAY_MILLIS", "OTEL_BSP_SCHEDULE_DELAY"),
        ("otel_log_level", "OTEL_LOG_LEVEL"),
        ("OTEL_LOGS_LEVEL", "OTEL_LOG_LEVEL"),
        (
            "OTEL_EXPORTER_OTLP_METRIC_TEMPORALITY_PREFERENCE",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
        ),
        ("OTEL_SERVICENAME", None),
        ("DATABASE_URL", None),
        ("OTEL_a-b", None),
        ("NODE_OPTIONS", None),
    ],
)
def test_a_wrong_name_is_an_error(name: str, meant: str | None) -> None:
    """With the right name, where it is clear; where a setting decides that one, with the setting."""
    found = finding(name)
    assert found is not None
    assert (found.rule, found.proposed) == (rules.SDK_VARIABLE_NAME, meant)
    if name == "OTEL_SERVICENAME":
        assert found.fix == "write telemetry.service_name"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("OTEL_JAVAAGENT_LOGGING", True),
        ("OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED", True),
        ("OTEL_SEMCONV_STABILITY_OPT_IN", True),
        ("OTEL_NODE_RESOURCE_DETECTORS", True),
        ("SPLUNK_PROFILER_ENABLED", True),
        ("ELASTIC_OTEL_HOST_METRICS_DISABLED", True),
        ("OTEL_ENTITIES", False),
    ],
)
def test_other_names_are_taken(name: str, known: bool) -> None:
    """What is not in the specification may be of a language; what nobody is known to have gets a warning."""
    assert finding(name) is None
    assert is_known(name) is known


def test_the_python_sdk_has_no_variable_that_is_unknown() -> None:
    """Every variable that its packages name is taken without a word, or decided by a setting."""
    named = {name for module in (api, sdk) for name in dir(module) if name.startswith("OTEL_")}
    assert len(named) > 50
    assert [name for name in sorted(named) if name not in RESERVED and not is_known(name)] == []
    faults = [found for name in named if (found := finding(name))]
    assert {found.rule for found in faults} == {rules.SDK_VARIABLE_RESERVED}


@pytest.mark.parametrize(
    ("name", "value", "proposed"),
    [
        ("OTEL_METRIC_EXPORT_INTERVAL", "15000", None),
        ("OTEL_METRIC_EXPORT_INTERVAL", "", None),
        ("OTEL_METRIC_EXPORT_INTERVAL", "15s", "15000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1m30s", "90000"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0.5ms", "error"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1", "error"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "error"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4k", "error"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "0", None),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2.5", None),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s", "error"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", None),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gz", "gzip"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "True", None),
        ("OTEL_EXPORTER_OTLP_INSECURE", "yes", "error"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "DELTA", None),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "deltas", "delta"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "tracebased", "trace_based"),
        ("OTEL_LOG_LEVEL", "anything", None),
        ("OTEL_PYTHON_LOG_LEVEL", "anything", None),
    ],
)
def test_values_have_the_type_of_the_specification(name: str, value: str, proposed: str | None) -> None:
    """`proposed`: None where the value is right, "error" where it is wrong and no other one is clear."""
    found = value_finding(name, value)
    assert (found.proposed or "error" if found else None) == proposed
