"""What became of spans, by the books of those who had them: SDKs and collectors."""

from __future__ import annotations

import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.otelcol import Received, attributes


@dataclass(frozen=True)
class Sdk:
    """Spans of one process, by the metrics that its SDK makes of itself (semantic conventions, `otel.sdk.*`).

    Attributes:
        started: sampled ones.
        full: did not fit into the queue.
        handed: left the queue for the exporter.
        exported, failed: what the exporter came to with them.
        queued, inflight: had not got there when the metrics were read.
    """

    started: int = 0
    full: int = 0
    handed: int = 0
    exported: int = 0
    failed: int = 0
    queued: int = 0
    inflight: int = 0

    @property
    def lost(self) -> int:
        """Where these are the last metrics of the process."""
        return self.full + self.failed + self.queued + self.inflight

    def __add__(self, other: Sdk) -> Sdk:
        return Sdk(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


def sdks(received: Received) -> dict[str, Sdk]:
    """Of each service: its newest metrics. They are cumulative."""
    newest: dict[str, dict[tuple[str, bool], int]] = {}
    for resource in received.metrics:
        found: Counter[tuple[str, bool]] = Counter()
        for scope in resource["scopeMetrics"]:
            for metric in scope["metrics"]:
                if metric["name"].startswith("otel.sdk."):
                    for point in metric.get("sum", {}).get("dataPoints", ()):
                        found[metric["name"], _counts_against(point)] += int(point["asInt"])
        newest.setdefault(attributes(resource)["service.name"], {}).update(found)
    return {service: _sdk(found) for service, found in newest.items()}


def _counts_against(point: Mapping[str, Any]) -> bool:
    """Whether the point counts what was not sampled, or went wrong."""
    known = {pair["key"]: pair["value"].get("stringValue") for pair in point.get("attributes", ())}
    return "error.type" in known or known.get("otel.span.sampling_result") == "DROP"


def _sdk(found: Mapping[tuple[str, bool], int]) -> Sdk:
    def of(name: str, against: bool = False) -> int:
        return found.get((f"otel.sdk.{name}", against), 0)

    return Sdk(
        started=of("span.started"),
        full=of("processor.span.processed", True),
        handed=of("processor.span.processed"),
        exported=of("exporter.span.exported"),
        failed=of("exporter.span.exported", True),
        queued=of("processor.span.queue.size"),
        inflight=of("exporter.span.inflight"),
    )


def total(found: Iterable[Sdk]) -> Sdk:
    return sum(found, Sdk())


def collector_spans(port: int) -> Counter[str]:
    """Of a collector's own metrics those that count spans, such as `receiver_accepted`; all receivers and exporters
    together."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: Counter[str] = Counter()
    for line in text.splitlines():
        name = line.partition("{")[0].removesuffix("_total").removeprefix("otelcol_")
        if name.endswith("_spans") and not line.startswith("#"):
            found[name.removesuffix("_spans")] += int(float(line.rpartition(" ")[2]))
    return found
