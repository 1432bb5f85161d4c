"""What `nfr_requirements` of a class says, recorded and as alerts.

Availability goes by how fast the budget of failures burns, over a long and a short window each, so that an alert comes
soon and ends soon (Google, SRE workbook, "Alerting on SLOs"). Long windows are sums over what is recorded every few
seconds: the rate over three days of every route's series would be read anew at each evaluation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from krm_otel.collector.config.labels import OWNER
from krm_otel.collector.monitoring.promql import Requests, selector
from krm_otel.config.settings import OaasClass

REQUESTS: Final = "oaas_class:requests:rate5m"
FAILED: Final = "oaas_class:failed_requests:rate5m"
LATENCY: Final = "oaas_class:request_duration_seconds:p95_5m"
AVAILABILITY: Final = "oaas_class:availability:share_1h"
_WINDOW: Final = "5m"
_BURNS: Final = (("5m", "1h", "14.4", "critical"), ("30m", "6h", "6", "critical"), ("6h", "3d", "1", "warning"))
"""Short window, long window, how many times faster than allowed the budget burns, and how bad that is."""


def required(oaas_class: OaasClass, requests: Requests) -> list[dict[str, Any]]:
    """The rules of a class that requires something."""
    wanted, name = oaas_class.requirements, oaas_class.name
    own = {OWNER: name}

    def recorded(record: str) -> str:
        return selector(record, *requests.matchers)

    def share_failed(window: str) -> str:
        return f"sum_over_time({recorded(FAILED)}[{window}]) / sum_over_time({recorded(REQUESTS)}[{window}])"

    made: list[dict[str, Any]] = []
    if wanted.min_throughput_rps is not None or wanted.availability_pct is not None:
        made.append({"record": REQUESTS, "expr": requests.rate("namespace", _WINDOW), "labels": own})
    if wanted.min_throughput_rps is not None:
        least = _text(wanted.min_throughput_rps)
        expr = f"{recorded(REQUESTS)} < {least}"
        text = f"Class {name} has {{{{ $value | humanize }}}} requests per second; it is to have {least}."
        made.append(_alert("OaasThroughputBelowRequirement", expr, "10m", "info", text))
    if wanted.max_latency_ms is not None:
        most = _text(wanted.max_latency_ms)
        quantile = requests.quantile("0.95", "namespace", _WINDOW)
        made.append({"record": LATENCY, "expr": quantile, "labels": own})
        text = f"95 % of the requests of class {name} take up to {{{{ $value | humanize }}}} ms; allowed are {most} ms."
        expr = f"1000 * {recorded(LATENCY)} > {most}"
        made.append(_alert("OaasLatencyAboveRequirement", expr, "5m", "warning", text))
    if wanted.availability_pct is not None:
        made.append({"record": FAILED, "expr": requests.failing("namespace", _WINDOW), "labels": own})
        made.append({"record": AVAILABILITY, "expr": f"1 - {share_failed('1h')}", "labels": own})
        least = _text(wanted.availability_pct)
        budget = 1 - Decimal(least) / 100
        for short, long, burn, severity in _BURNS:
            threshold = Decimal(burn) * budget
            if threshold >= 1:
                continue  # not even if every request fails
            over = f"> {_text(threshold)}"
            expr = f"{share_failed(short)} {over}\nand\n{share_failed(long)} {over}"
            text = (
                f"{{{{ $value | humanizePercentage }}}} of the requests of class {name} failed in {short}, and "
                f"too many for {long}; an availability of {least} % allows for {_text(budget * 100)} %."
            )
            made.append(_alert("OaasAvailabilityBelowRequirement", expr, "2m", severity, text))
    return made


def _alert(name: str, expr: str, lasting: str, severity: str, text: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expr,
        "for": lasting,
        "labels": {"severity": severity},
        "annotations": {"description": text},
    }


def _text(number: float | Decimal) -> str:
    """In decimal: 100 - 99.9 is 0.09999999999999432."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
