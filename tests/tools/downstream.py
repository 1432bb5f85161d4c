"""A service behind another one: configured by the environment alone, as `application` is.

As many requests come in as it is told, each in a trace that was started upstream, where an SDK with a ratio decided by
the trace's ID. It prints how many of them that one sampled.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased


def main(requests: int, upstream: float) -> None:
    """Emits and exports everything before it returns."""
    configurator: Any = _OTelSDKConfigurator  # what `opentelemetry-instrument` calls; it has no types
    configurator().configure()
    tracer, gateway, sampled = trace.get_tracer("downstream"), TraceIdRatioBased(upstream), 0
    source = random.Random(4)
    for _ in range(requests):
        trace_id = source.getrandbits(128)
        kept = gateway.should_sample(None, trace_id, "request").decision is Decision.RECORD_AND_SAMPLE
        sampled += kept
        context = propagate.extract({"traceparent": f"00-{trace_id:032x}-{1:016x}-{kept:02x}"})
        with tracer.start_as_current_span("request", context=context):
            pass
    provider: Any = trace.get_tracer_provider()  # the API's type has no shutdown; what the SDK put there has
    provider.shutdown()
    sys.stdout.write(str(sampled))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
