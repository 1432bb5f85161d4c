"""What becomes of spans in a managed collector, as plain frozen data with the defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from krm_otel.config.settings.values import Sourced

BUCKETS: Final = (
    *("5ms", "10ms", "25ms", "50ms", "75ms", "100ms", "250ms", "500ms", "750ms"),
    *("1s", "2500ms", "5s", "7500ms", "10s"),
)
"""The bounds that the semantic conventions advise for `http.server.request.duration`."""


@dataclass(frozen=True, slots=True)
class SpanMetrics:
    """Metrics of spans: their further labels, the histogram's bounds, and how many series there may be."""

    dimensions: tuple[str, ...] = ()
    buckets: tuple[str, ...] = BUCKETS
    cardinality_limit: int = 1000
    interval: str = "15s"
    exemplars: bool = True


@dataclass(frozen=True, slots=True)
class TailSampling:
    """Which traces are kept once they are complete; limits of 0 are none, and hold for one collector."""

    errors: bool = True
    latency: Sourced[int] | None = None
    """What is slow, in milliseconds; None: nothing is."""
    decision_wait: str = "10s"
    num_traces: int = 20_000
    spans_per_second: int = 0
    bytes_per_second: int = 0
    total_spans_per_second: int = 0
    policies: tuple[dict[str, Any], ...] = ()
