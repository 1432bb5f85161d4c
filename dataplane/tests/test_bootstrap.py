"""`configure()` in processes of its own: once, without the SDK, with an environment that is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from tests.processes import WITHOUT_SDK

OTLP = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp"}
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SCRIPT = """
import logging, sys
from oaas_dataplane import telemetry
{before}
with telemetry.configure() as found:
    assert telemetry.configure() is found
    from opentelemetry import propagate, trace
    print(found.enabled, type(trace.get_tracer_provider()).__module__)
    incoming = propagate.extract({{"traceparent": "{traceparent}", "b3": "{b3}"}})
    outgoing = {{}}
    for number in range({spans}):
        with trace.get_tracer("test").start_as_current_span("work", incoming) as span:
            propagate.inject(outgoing)
            logging.getLogger("shop").info("at work")
    print(outgoing)
"""
B3 = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"


def configured(environ: dict[str, str], before: str = "", spans: int = 1) -> tuple[list[str], list[dict[str, Any]]]:
    """What the process prints, and its log. It ends well, whatever the environment."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    text = SCRIPT.format(before=before, traceparent=TRACEPARENT, b3=B3, spans=spans)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), [json.loads(line) for line in done.stderr.splitlines()]


def warnings(log: list[dict[str, Any]]) -> list[str]:
    return [line["message"] for line in log if line["level"] != "INFO"]


def test_nothing_is_injected() -> None:
    """Nothing is exported, nothing is complained of, and spans are there for the log."""
    (enabled, *_), log = configured({})
    assert enabled == "True opentelemetry.sdk.trace"
    assert warnings(log) == []
    (line,) = log
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_disabled() -> None:
    (enabled, *_), log = configured({**OTLP, "OTEL_SDK_DISABLED": "true"})
    assert enabled.startswith("True ")
    assert warnings(log) == []


def test_another_sdk_was_first() -> None:
    """`opentelemetry-instrument`, say: there is no second one."""
    before = "from opentelemetry import trace\nfrom opentelemetry.sdk.trace import TracerProvider\n"
    before += "trace.set_tracer_provider(TracerProvider())"
    (enabled, *_), log = configured(OTLP, before)
    assert enabled == "False opentelemetry.sdk.trace"
    assert warnings(log) == []


def test_logs_of_another_sdk() -> None:
    """They go where they went: lines of JSON are written beside that."""
    before = "from opentelemetry import trace\nfrom opentelemetry.sdk.trace import TracerProvider\n"
    before += "trace.set_tracer_provider(TracerProvider())\n"
    before += (
        "from opentelemetry._logs import set_logger_provider\nfrom opentelemetry.sdk._logs import LoggerProvider\n"
    )
    before += "from opentelemetry.sdk._logs.export import ConsoleLogRecordExporter, SimpleLogRecordProcessor\n"
    before += "theirs = LoggerProvider()\nset_logger_provider(theirs)\n"
    before += "theirs.add_log_record_processor(SimpleLogRecordProcessor(ConsoleLogRecordExporter()))\n"
    before += (
        "from opentelemetry.instrumentation.logging import LoggingInstrumentor\nLoggingInstrumentor().instrument()\n"
    )
    out, log = configured(OTLP, before)
    assert [line["message"] for line in log] == ["at work"]
    assert [line for line in out if '"body": "at work"' in line]


@pytest.mark.parametrize(
    ("environ", "asked"),
    [({}, False), (dict.fromkeys(OTLP, ""), False), (dict.fromkeys(OTLP, "none"), False), (OTLP, True)],
)
def test_without_the_sdk(environ: dict[str, str], asked: bool) -> None:
    """Context is passed on as it came; one warning where telemetry is asked for."""
    (enabled, outgoing), log = configured(environ, WITHOUT_SDK)
    assert enabled == "False opentelemetry.trace"
    assert TRACEPARENT in outgoing
    expected = ["telemetry is off: the SDK is not installed: pip install 'oaas-dataplane[otel]'"]
    assert warnings(log) == (expected if asked else [])


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"OTEL_PROPAGATORS": "tracecontext, zipkin"}, "OTEL_PROPAGATORS names zipkin, which is not installed"),
        (
            {"OTEL_PROPAGATORS": "TraceContext,Jaeger"},
            "OTEL_PROPAGATORS names Jaeger, which is not installed: going on",
        ),
        ({"OTEL_PROPAGATORS": "zipkin"}, "OTEL_PROPAGATORS names zipkin, which is not installed: going on with none"),
        (
            {"OTEL_TRACES_EXPORTER": "zipkin"},
            "OTEL_TRACES_EXPORTER names zipkin, which is not installed: going on with",
        ),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "x"}, "telemetry is off: "),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "x"}, "telemetry is off: "),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_BSP_MAX_QUEUE_SIZE": "100"},
            "telemetry is not complete: max_export_batch_size",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TIMEOUT": "x"},
            "telemetry is not complete: could not convert",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1"},
            "telemetry is not complete: Invalid",
        ),
        (
            {"OTEL_PYTHON_TRACER_PROVIDER": "x"},
            "OTEL_PYTHON_TRACER_PROVIDER names x, which is not installed: going on with the default",
        ),
        ({"OTEL_PYTHON_CONTEXT": "x"}, "OTEL_PYTHON_CONTEXT names x, which is not installed"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "telemetry is off: "),
        ({"OTEL_TRACES_SAMPLER": "sometimes"}, "Using default sampler. Failed to initialize sampler, sometimes"),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10%"},
            "Could not convert TRACES_SAMPLER_ARG",
        ),
        *(
            ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": argument}, "Using default")
            for argument in ("1.5", "-0.1", "nan")
        ),
    ],
)
def test_wrong_environment(environ: dict[str, str], message: str) -> None:
    """One warning; the service works on."""
    _, log = configured(environ)
    (warning,) = warnings(log)
    assert warning.startswith(message)


def test_some_signals() -> None:
    """Where the SDK refuses the settings of one signal, those that it came to before work on to the end."""
    refused = {"OTEL_METRICS_EXPORTER": "console", "OTEL_METRIC_EXPORT_INTERVAL": "0", "OTEL_LOGS_EXPORTER": "console"}
    out, log = configured({"OTEL_TRACES_EXPORTER": "console", **refused})
    assert out[0] == "False opentelemetry.sdk.trace"
    assert '"name": "work",' in "".join(out)
    (warning,) = warnings(log)
    assert warning.startswith("telemetry is not complete: interval value 0.0 is invalid")


def test_empty_variables() -> None:
    """By the specification they are not there."""
    names = (
        *("SDK_DISABLED", "PROPAGATORS", "TRACES_SAMPLER", "TRACES_SAMPLER_ARG", "SERVICE_NAME", "RESOURCE_ATTRIBUTES"),
        *("METRICS_EXPORTER", "LOGS_EXPORTER", "METRIC_EXPORT_INTERVAL", "BSP_MAX_QUEUE_SIZE", "BSP_SCHEDULE_DELAY"),
        *(f"EXPORTER_OTLP_{part}" for part in ("ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION")),
    )
    out, log = configured({**{f"OTEL_{name}": "" for name in names}, "OTEL_TRACES_EXPORTER": "console"})
    assert '"name": "work",' in "".join(out)
    assert warnings(log) == []


@pytest.mark.parametrize(
    ("exporters", "spans", "missing"),
    [
        ("console", True, ""),
        ("Console", True, ""),
        (" console , ", True, ""),
        ("console,Console", True, ""),
        ("console,zipkin", True, "zipkin"),
        ("None", False, ""),
        ("none,console", False, ""),  # as with propagators
        ("zipkin,jaeger", False, "zipkin, jaeger"),
    ],
)
def test_lists_of_exporters(exporters: str, spans: bool, missing: str) -> None:
    """One that is not installed is left out with a warning; the other signals have theirs."""
    out, log = configured({"OTEL_TRACES_EXPORTER": exporters, "OTEL_METRICS_EXPORTER": "console"})
    assert "".join(out).count('"name": "work",') == spans
    assert [line for line in out if "otel.sdk.span.started" in line], "metrics go out all the same"
    rest = "console" if spans else "none"
    expected = f"OTEL_TRACES_EXPORTER names {missing}, which is not installed: going on with {rest}"
    assert warnings(log) == ([expected] if missing else [])


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_no_collector(protocol: str) -> None:
    """Three signals and many batches fail: one warning of that, one of what is lost at the end."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens there
        environ = {
            **OTLP,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{nobody.getsockname()[1]}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_BSP_SCHEDULE_DELAY": "10",
            "OTEL_BLRP_SCHEDULE_DELAY": "10",
            "OTEL_METRIC_EXPORT_INTERVAL": "100",
        }
        _, log = configured(environ, spans=3000)
    exporters = [line for line in log if line["logger"].startswith("opentelemetry.exporter.")]
    assert len(exporters) == 1
    assert len(warnings(log)) <= 3, "besides: a full queue, and what was not sent at the end"


@pytest.mark.parametrize("propagators", ["", ",", "tracecontext,,b3"])
def test_no_name_of_a_propagator(propagators: str) -> None:
    """An empty entry says nothing, and an empty variable is none."""
    (_, outgoing), log = configured({"OTEL_PROPAGATORS": propagators})
    assert "traceparent" in outgoing
    assert ("'b3'" in outgoing) == ("b3" in propagators)  # in quotes: ids have these letters, too
    assert warnings(log) == []


@pytest.mark.parametrize("propagators", ["tracecontext,baggage,b3", "b3", "b3multi"])
def test_propagators(propagators: str) -> None:
    """Those that the proposal names by default are installed with the extra."""
    (_, outgoing), log = configured({"OTEL_PROPAGATORS": propagators})
    assert ("traceparent" in outgoing) == ("tracecontext" in propagators)
    assert ("b3" in outgoing.lower()) == ("b3" in propagators)
    assert warnings(log) == []
