"""A function that answers HTTP requests: configured by the environment alone, as `application` is.

For each duration (in ms) that it is told it records `http.server.request.duration` and a line of log, within a span, as
instrumentations do, and prints the trace id. All is exported before it ends.
"""

from __future__ import annotations

import sys
from typing import Any

from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator

from tests.tools.prometheus import BOUNDS


def main(durations: list[float]) -> None:
    configurator: Any = _OTelSDKConfigurator  # what `opentelemetry-instrument` calls; it has no types
    configurator().configure()
    histogram = metrics.get_meter("web").create_histogram(
        "http.server.request.duration", unit="s", explicit_bucket_boundaries_advisory=list(BOUNDS)
    )
    tracer = trace.get_tracer("web")
    told: dict[str, str | int] = {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/greet",
    }
    for duration in durations:
        with tracer.start_as_current_span("GET /greet", kind=trace.SpanKind.SERVER, attributes=told) as span:
            histogram.record(duration / 1000, told)
            _logs.get_logger("web").emit(_logs.LogRecord(body=f"answered after {duration:g} ms"))
            sys.stdout.write(f"{span.get_span_context().trace_id:032x}\n")
    providers: list[Any] = [trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider()]
    for provider in providers:
        provider.shutdown()


if __name__ == "__main__":
    main([float(one) for one in sys.argv[1:]])
