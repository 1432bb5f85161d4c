"""Lines of JSON with the ids of their span; what exporters complain of, once and then by number."""

from __future__ import annotations

import json
import logging
import sys

from oaas_dataplane.telemetry.logs import JsonFormatter, RateLimit
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


def record(name: str, message: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, (), None)


def test_ids(exporter: InMemorySpanExporter) -> None:
    del exporter
    assert "trace_id" not in json.loads(JsonFormatter().format(record("a", "b")))
    with trace.get_tracer("test").start_as_current_span("work") as span:
        entry = json.loads(JsonFormatter().format(record("shop", 'say "ä"\n')))
    context = span.get_span_context()
    assert entry["trace_id"] == f"{context.trace_id:032x}"
    assert entry["span_id"] == f"{context.span_id:016x}"
    assert (entry["level"], entry["logger"], entry["message"]) == ("WARNING", "shop", 'say "ä"\n')


def test_exception_is_one_line() -> None:
    try:
        raise ValueError("x")
    except ValueError:
        failed = logging.LogRecord("a", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    line = JsonFormatter().format(failed)
    assert "\n" not in line
    assert "ValueError: x" in json.loads(line)["exception"]


def test_rate_limit() -> None:
    now = [100.0]
    limit = RateLimit(lambda: now[0])
    name = "opentelemetry.exporter.otlp.proto.grpc.exporter"
    first, second, third = (record(name, f"no {i}") for i in range(3))
    assert limit.filter(first) and first.getMessage() == "no 0"
    assert not limit.filter(second)
    assert not limit.filter(record("opentelemetry.exporter.otlp.proto.http", "other signals are the same source"))
    assert limit.filter(record("opentelemetry.sdk.trace", "another source"))
    assert limit.filter(record("shop", "the application's own")) and limit.filter(record("shop", "again"))
    assert limit.filter(record(name, "not a complaint", logging.INFO))
    now[0] += 61
    assert limit.filter(third)
    assert third.getMessage() == "no 2 (and 2 more since the last such line)"
