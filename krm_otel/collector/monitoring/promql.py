"""What Prometheus is asked about a class: expressions, as pure functions. Rules and dashboards are made of them.

Series carry `oaas_owner` and `namespace` (`krm_otel.collector.config.labels`). Names are those that Prometheus makes
of OTel's by each of the three ways: `http.server.request.duration` → `http_server_request_duration_seconds`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from krm_otel.config.settings import Settings


def matcher(label: str, value: str) -> str:
    """`label="value"`, whatever stands in the value."""
    return f"{label}={json.dumps(value, ensure_ascii=False)}"


Source = Callable[..., "Requests"]
"""Matchers → the histogram that knows of requests."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The histogram of durations, in seconds, that says how many requests a class had, how long they took, and which
    of them failed; `matchers` are those of the class."""

    name: str
    failed: str
    matchers: tuple[str, ...]

    def rate(self, by: str, window: str, *more: str) -> str:
        """Requests per second. First the rates, then the sum: a process that starts again is then no drop."""
        return self._rate("count", by, window, *more)

    def failing(self, by: str, window: str) -> str:
        """Those of them that fail; 0 where none does, nothing where nobody asks."""
        return f"({self._rate('count', by, window, self.failed)} or 0 * {self.rate(by, window)})"

    def buckets(self, by: str, window: str) -> str:
        """Requests per second by the buckets of their duration."""
        return self._rate("bucket", f"{by}, le" if by else "le", window)

    def quantile(self, share: str, by: str, window: str) -> str:
        """A quantile of the duration, in seconds."""
        return f"histogram_quantile({share}, {self.buckets(by, window)})"

    def _rate(self, part: str, by: str, window: str, *more: str) -> str:
        return f"sum by ({by}) (rate({selector(f'{self.name}_{part}', *self.matchers, *more)}[{window}]))"


def selector(name: str, *matchers: str) -> str:
    """`name{a="b",c="d"}`."""
    return f"{name}{{{','.join(matchers)}}}"


def span_requests(*matchers: str) -> Requests:
    """What `span_metrics` makes of the spans in which a request is answered."""
    served = 'span_kind="SPAN_KIND_SERVER"'
    return Requests("traces_span_metrics_duration_seconds", 'status_code="STATUS_CODE_ERROR"', (*matchers, served))


def http_requests(*matchers: str) -> Requests:
    """Semantic conventions: `http.server.request.duration`, in seconds; a status from 500 on is the server's fault."""
    return Requests("http_server_request_duration_seconds", 'http_response_status_code=~"5.."', matchers)


def source(collecting: Settings | None) -> Source:
    """What knows of the requests of a class: its spans, where they are counted before any is dropped; else the metrics
    that functions record themselves. `collecting` are the settings of the collector that they send to, if it is known.
    """
    managed = collecting.collector if collecting else None
    counted = managed is not None and managed.span_metrics is not None
    if collecting and counted and (collecting.sampling_stage.value != "sdk" or collecting.sampling_rate.value == 1):
        return span_requests
    return http_requests
