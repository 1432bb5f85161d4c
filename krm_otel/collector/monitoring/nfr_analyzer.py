"""Rules that record series under the names that upstream's NFR analyzer queries (its `crm/src/nfr/analyzer.rs`).

It queries `http_server_requests_seconds_bucket`, and on Knative `activator_request_count` and
`activator_request_latencies_bucket`. Each rule records one such counter from our rates, as its last value and the
increase since then:

    counter = last + (time() - timestamp(last)) * rate

It is not a copy. A copy would have the steps of the original: an SDK exports once a minute, and in the one minute over
which upstream takes a rate there would be no step, or one too many. The counter is one series for each bucket of a
class, however many routes and pods there are, and restarts are handled before anything is summed.

Where something else records series of such a name for the class (Knative's activator before 1.19, Micrometer), a rule
adds nothing to them.
"""

from __future__ import annotations

from typing import Any, Final

from krm_otel.collector.config.metric_attributes import OWNER
from krm_otel.collector.monitoring.promql import Requests, matcher, selector
from krm_otel.names import GENERATOR

_WINDOW: Final = "5m"
"""Long enough for an SDK that exports once a minute."""
_MARK: Final = "generated_by"


def analyzer_rules(class_name: str, namespace: str, requests: Requests) -> list[dict[str, Any]]:
    """The rules of a class; `namespace` is empty where it is not known."""
    count, buckets = requests.rate("namespace", _WINDOW), requests.buckets("namespace", _WINDOW)
    plain = {OWNER: class_name, "namespace": namespace}
    knative = {"configuration_name": class_name, "namespace_name": namespace}
    return [
        _counter("http_server_requests_seconds_bucket", plain, buckets, "le"),
        _counter("activator_request_count", knative, count),
        _counter("activator_request_latencies_bucket", knative, buckets, "le"),
    ]


def _counter(name: str, labels: dict[str, str], rate: str, *dimensions: str) -> dict[str, Any]:
    """A rule that records one counter.

    Args:
        name: the counter's.
        labels: its label for the class and its label for the namespace, with their values.
        rate: its increase per second, by `namespace` and `dimensions`.
        dimensions: further labels.
    """
    (owner, class_name), (space, namespace) = labels.items()
    by = ", ".join((space, *dimensions))
    if space != "namespace":
        rate = f'sum by ({by}) (label_replace({rate}, "{space}", "$1", "namespace", "(.*)"))'
    matchers = (matcher(owner, class_name), *([matcher(space, namespace)] if namespace else []))
    last = selector(name, *matchers, matcher(_MARK, GENERATOR))
    foreign = selector(name, *matchers, f'{_MARK}!="{GENERATOR}"')
    lines = (
        "(",
        f"  max by ({by}) ({last})",
        f"  + (time() - max by ({by}) (timestamp({last})))",
        f"  * {rate}",
        "  or",
        f"  0 * {rate}",
        ")",
        f"unless on ({space})",
        foreign,
    )
    return {"record": name, "expr": "\n".join(lines), "labels": {owner: class_name, _MARK: GENERATOR}}
