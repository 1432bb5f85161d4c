"""PromQL expressions about the requests of a class, as pure functions. Rules and dashboards consist of them.

Series have the labels `oaas_owner` and `namespace` (`krm_otel.collector.config.metric_attributes`). Names are those
that Prometheus derives from OpenTelemetry's by scrape, remote write and OTLP alike: `http.server.request.duration` →
`http_server_request_duration_seconds`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from krm_otel.config.settings import Settings
from krm_otel.dataclass import dataclass


def matcher(label: str, value: str) -> str:
    """`label="value"`, with the value quoted."""
    return f"{label}={json.dumps(value, ensure_ascii=False)}"


def selector(name: str, *matchers: str) -> str:
    """`name{a="b",c="d"}`."""
    return f"{name}{{{','.join(matchers)}}}"


RequestHistogram = Callable[..., "Requests"]
"""Matchers → the requests that a histogram counts."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a class, as a histogram counts them: how many, how long they took, and which failed.

    Args:
        name: the histogram's, of durations in seconds.
        failed: the matcher of requests that failed.
        matchers: those of the class.
    """

    name: str
    failed: str
    matchers: tuple[str, ...]

    def rate(self, by: str, window: str) -> str:
        """Requests per second. Rates are summed, not counters: then a process that restarts makes no drop."""
        return self._rate("count", by, window)

    def failing(self, by: str, window: str) -> str:
        """Requests per second that fail; 0 where none fails, no value without requests."""
        return f"({self._rate('count', by, window, self.failed)} or 0 * {self.rate(by, window)})"

    def buckets(self, by: str, window: str) -> str:
        """Requests per second by the buckets of their duration."""
        return self._rate("bucket", f"{by}, le", window)

    def quantile(self, share: str, by: str, window: str) -> str:
        """A quantile of the duration, in seconds."""
        return f"histogram_quantile({share}, {self.buckets(by, window)})"

    def _rate(self, part: str, by: str, window: str, *matchers: str) -> str:
        return f"sum by ({by}) (rate({selector(f'{self.name}_{part}', *self.matchers, *matchers)}[{window}]))"


def span_requests(*matchers: str) -> Requests:
    """What `span_metrics` counts: the spans of servers."""
    server = 'span_kind="SPAN_KIND_SERVER"'
    return Requests("traces_span_metrics_duration_seconds", 'status_code="STATUS_CODE_ERROR"', (*matchers, server))


def http_requests(*matchers: str) -> Requests:
    """Semantic conventions: `http.server.request.duration`, in seconds; a status from 500 on is the server's fault."""
    return Requests("http_server_request_duration_seconds", 'http_response_status_code=~"5.."', matchers)


def request_histogram(settings: Settings | None) -> RequestHistogram:
    """The histogram of a class's requests.

    It counts spans where the collector does so and no SDK drops any before. Otherwise it is the metric that functions
    record themselves.

    Args:
        settings: of the collector that the class sends to; None where they are not known.
    """
    if settings is None or settings.collector is None or settings.collector.span_metrics is None:
        return http_requests
    all_spans = settings.sampling_stage.value != "sdk" or settings.sampling_rate.value == 1
    return span_requests if all_spans else http_requests
