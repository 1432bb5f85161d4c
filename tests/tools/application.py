"""An application that configures its SDK from the environment alone, as auto-instrumentation does.

It starts as many root traces as it is told, counts something, logs something, prints the names of the headers that it
would send on, and ends.
"""

from __future__ import annotations

import os
import random
import sys
from typing import Any

from opentelemetry import _logs, metrics, propagate, trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator


def main(traces: int) -> None:
    """Emits and exports everything before it returns."""
    # The SDK draws IDs from here: with $SEED the same ones on every run, so that a measurement is no matter of luck.
    random.seed(os.environ.get("SEED"))
    configurator: Any = _OTelSDKConfigurator  # what `opentelemetry-instrument` calls; it has no types
    configurator().configure()
    tracer = trace.get_tracer("application")
    for _ in range(traces):
        with tracer.start_as_current_span("request"):
            pass
    metrics.get_meter("application").create_counter("requests").add(traces)
    _logs.get_logger("application").emit(_logs.LogRecord(body="done"))
    carrier: dict[str, str] = {}
    with tracer.start_as_current_span("outgoing"):
        propagate.inject(carrier)
    sys.stdout.write(" ".join(sorted(carrier)))
    # The API's types have no shutdown; what the SDK put there has.
    providers: list[Any] = [trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider()]
    for provider in providers:
        provider.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
