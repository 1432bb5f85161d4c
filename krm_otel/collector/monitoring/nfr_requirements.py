"""Rules that record and alert on the `nfr_requirements` of a class.

The alerts on availability depend on how fast the budget of failures burns, over a long and a short window each, so that
an alert starts soon and ends soon (Google, SRE workbook, "Alerting on SLOs"). Long windows are sums over what is
recorded every few seconds: a rate over three days would read every route's series again at each evaluation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from krm_otel.collector.config.metric_attributes import OWNER
from krm_otel.collector.monitoring.promql import Requests, selector
from krm_otel.config.settings import OaasClass

REQUESTS: Final = "oaas_class:requests:rate5m"
FAILED: Final = "oaas_class:failed_requests:rate5m"
LATENCY: Final = "oaas_class:request_duration_seconds:p95_5m"
AVAILABILITY: Final = "oaas_class:availability:share_1h"
_WINDOW: Final = "5m"
_BURNS: Final = (("5m", "1h", "14.4", "critical"), ("30m", "6h", "6", "critical"), ("6h", "3d", "1", "warning"))
"""Short window, long window, how many times faster than allowed the budget burns, and the severity."""


def requirement_rules(oaas_class: OaasClass, requests: Requests) -> list[dict[str, Any]]:
    """The rules of a class with requirements."""
    required, name = oaas_class.requirements, oaas_class.name

    def record(series: str, expr: str) -> dict[str, Any]:
        return {"record": series, "expr": expr, "labels": {OWNER: name}}

    def recorded(series: str) -> str:
        return selector(series, *requests.matchers)

    rules: list[dict[str, Any]] = []
    if required.min_throughput_rps is not None or required.availability_pct is not None:
        rules.append(record(REQUESTS, requests.rate("namespace", _WINDOW)))
    if required.min_throughput_rps is not None:
        least = _number(required.min_throughput_rps)
        text = f"Class {name} has {{{{ $value | humanize }}}} requests per second; it is to have {least}."
        expr = f"{recorded(REQUESTS)} < {least}"
        rules.append(_alert("OaasThroughputBelowRequirement", expr, "10m", "info", text))
    if required.max_latency_ms is not None:
        most = _number(required.max_latency_ms)
        rules.append(record(LATENCY, requests.quantile("0.95", "namespace", _WINDOW)))
        text = f"95 % of the requests of class {name} take up to {{{{ $value | humanize }}}} ms; allowed are {most} ms."
        expr = f"1000 * {recorded(LATENCY)} > {most}"
        rules.append(_alert("OaasLatencyAboveRequirement", expr, "5m", "warning", text))
    if required.availability_pct is not None:

        def failed_share(window: str) -> str:
            return f"sum_over_time({recorded(FAILED)}[{window}]) / sum_over_time({recorded(REQUESTS)}[{window}])"

        rules.append(record(FAILED, requests.failing("namespace", _WINDOW)))
        rules.append(record(AVAILABILITY, f"1 - {failed_share('1h')}"))
        least = _number(required.availability_pct)
        budget = 1 - Decimal(least) / 100
        for short, long, burn, severity in _BURNS:
            threshold = Decimal(burn) * budget
            if threshold >= 1:
                continue  # a share of failures cannot exceed it
            over = f"> {_number(threshold)}"
            expr = f"{failed_share(short)} {over}\nand\n{failed_share(long)} {over}"
            text = (
                f"{{{{ $value | humanizePercentage }}}} of the requests of class {name} failed in {short}, and "
                f"too many for {long}; an availability of {least} % allows for {_number(budget * 100)} %."
            )
            rules.append(_alert("OaasAvailabilityBelowRequirement", expr, "2m", severity, text))
    return rules


def _alert(name: str, expr: str, duration: str, severity: str, text: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expr,
        "for": duration,
        "labels": {"severity": severity},
        "annotations": {"description": text},
    }


def _number(number: float | Decimal) -> str:
    """A number without an exponent. In decimal: 100 - 99.9 is 0.09999999999999432."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
