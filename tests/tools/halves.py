"""One of two services that have a part in the same traces: configured by the environment alone, as `application` is.

Half 0 calls, half 1 is called later and may fail. Neither is slow by itself: what is slow takes its time from the start
of the one to the end of the other, and what fails fails in half 1 alone. Times are made up, so that nothing has to be
waited for.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator

KINDS: Final = ("failing", "slow", *["plain"] * 18)
"""What traces are, in turn."""
SLOW_MS: Final = 300
"""A slow trace takes longer, any other one less, and so does each of the halves of a slow one."""
_START: Final = 1_700_000_000_000_000_000


def traces(count: int) -> Iterator[tuple[int, str]]:
    """Trace ids, the same in both halves, and what each trace is."""
    source = random.Random(4)
    for number in range(count):
        yield source.getrandbits(128), KINDS[number % len(KINDS)]


def main(half: int, count: int) -> None:
    """Emits and exports everything before it returns."""
    configurator: Any = _OTelSDKConfigurator  # what `opentelemetry-instrument` calls; it has no types
    configurator().configure()
    tracer = trace.get_tracer("halves")
    for trace_id, kind in traces(count):
        parent = trace.SpanContext(trace_id, 1, True, trace.TraceFlags(trace.TraceFlags.SAMPLED))
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        start = _START + half * (250_000_000 if kind == "slow" else 10_000_000)
        span = tracer.start_span(kind, context=context, start_time=start)
        if kind == "failing" and half == 1:
            span.set_status(trace.StatusCode.ERROR)
        span.end(end_time=start + 100_000_000)
    provider: Any = trace.get_tracer_provider()  # the API's type has no shutdown; what the SDK put there has
    provider.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
