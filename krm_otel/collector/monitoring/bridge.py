"""Rules that make series under the names by which upstream's NFR analyzer asks (its `crm/src/nfr/analyzer.rs`).

It asks for `http_server_requests_seconds_bucket`, and on Knative for `activator_request_count` and
`activator_request_latencies_bucket`. Each rule makes one such counter out of the rates of ours, as its last value and
what came since:

    counter = last + (time() - timestamp(last)) * rate

It is no copy. A copy has the steps of what it copies: an SDK exports once a minute, and in the one minute over which
upstream takes a rate there is no such step, or one too many. It is one series for each bucket of a class, however many
routes and pods there are; and what starts again is dealt with before anything is added up.

Where somebody else has series of such a name for the class (Knative's activator before 1.19, Micrometer), a rule adds
nothing to them.
"""

from __future__ import annotations

from typing import Any, Final

from krm_otel.collector.monitoring.promql import Requests, matcher, selector
from krm_otel.names import GENERATOR

_WINDOW: Final = "5m"
"""Long enough for an SDK that exports once a minute."""
_MARK: Final = "generated_by"


def bridge(class_name: str, namespace: str, requests: Requests) -> list[dict[str, Any]]:
    """The rules of a class; `namespace` is empty where it is not known."""
    count, buckets = requests.rate("namespace", _WINDOW), requests.buckets("namespace", _WINDOW)
    plain, knative = ("oaas_owner", "namespace"), ("configuration_name", "namespace_name")
    return [
        _rule("http_server_requests_seconds_bucket", plain, class_name, namespace, buckets, "le"),
        _rule("activator_request_count", knative, class_name, namespace, count),
        _rule("activator_request_latencies_bucket", knative, class_name, namespace, buckets, "le"),
    ]


def _rule(
    record: str, labels: tuple[str, str], class_name: str, namespace: str, rate: str, *more: str
) -> dict[str, Any]:
    """One counter.

    Args:
        record: its name.
        labels: its labels for the class and the namespace.
        class_name: the class.
        namespace: empty where it is not known.
        rate: what it grows by in a second, by namespace and `more`.
        more: further labels.
    """
    owner, space = labels
    by = ", ".join((space, *more))
    if space != "namespace":
        rate = f'sum by ({by}) (label_replace({rate}, "{space}", "$1", "namespace", "(.*)"))'
    known = (matcher(owner, class_name), *([matcher(space, namespace)] if namespace else []))
    last = selector(record, *known, matcher(_MARK, GENERATOR))
    theirs = selector(record, *known, f'{_MARK}!="{GENERATOR}"')
    lines = (
        "(",
        f"  max by ({by}) ({last})",
        f"  + (time() - max by ({by}) (timestamp({last})))",
        f"  * {rate}",
        "  or",
        f"  0 * {rate}",
        ")",
        f"unless on ({space})",
        theirs,
    )
    return {"record": record, "expr": "\n".join(lines), "labels": {owner: class_name, _MARK: GENERATOR}}
