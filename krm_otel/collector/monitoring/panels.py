"""What the dashboard of a class shows: rows, panels and their queries, as tables. `grafana` makes a dashboard of them.

Names of the object store's metrics are upstream's (`oprc-odgm/src/metrics.rs`), those of the collector its own (0.158).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from krm_otel.collector.config.labels import OWNER
from krm_otel.collector.config.telemetry import SECOND, TIER
from krm_otel.collector.monitoring.promql import Source, matcher, selector

WINDOW: Final = "$__rate_interval"
"""Grafana's: as long as a point of the graph, and four times the interval of its data source at least."""
_SPACE: Final = 'namespace=~"$namespace"'
_FUNCTION: Final = 'oaas_function_key=~"$function"'
_SIGNALS: Final = (("spans", "spans"), ("metric_points", "metric points"), ("log_records", "log records"))
"""How the collector's metrics call what it handles, and how people do."""


@dataclass(frozen=True, slots=True)
class Query:
    """One expression, and what its lines are called. `exemplars`: its points lead to traces."""

    expr: str
    legend: str
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph over time; `unit` is Grafana's name of one, `empty` what it says where there are no series."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    description: str
    width: int = 8
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """What somebody who looks at it can choose: the values that `label` has in the series of `series`."""

    name: str
    label: str
    series: str
    title: str


def variables(class_name: str, known: Source) -> tuple[Variable, ...]:
    """The variables of a class's dashboard, each narrowing the next; `known`: what knows of its requests."""
    name, owner = known().name, matcher(OWNER, class_name)
    return (
        Variable("namespace", "namespace", selector(f"{name}_count", owner), "Namespace"),
        Variable("function", "oaas_function_key", selector(f"{name}_count", owner, _SPACE), "Function"),
    )


def class_rows(class_name: str, known: Source) -> tuple[Row, ...]:
    """What is seen of the class itself."""
    owner = matcher(OWNER, class_name)
    return (_functions(owner, known), _objects(owner))


def _functions(owner: str, known: Source) -> Row:
    requests = known(owner, _SPACE, _FUNCTION)
    by, legend = "service_name, oaas_function_key", "{{service_name}} {{oaas_function_key}}"
    quantiles = tuple(
        Query(requests.quantile(f"0.{share}", by, WINDOW), f"{legend} p{share}", exemplars=True)
        for share in ("50", "95", "99")
    )
    return Row(
        "Functions",
        (
            Panel(
                "Requests",
                "reqps",
                (Query(requests.rate(by, WINDOW), legend),),
                "Requests per second.",
                empty=f"No {requests.name}: the functions send none, or nobody has asked yet",
            ),
            Panel(
                "Failures",
                "percentunit",
                (Query(f"{requests.failing(by, WINDOW)} / {requests.rate(by, WINDOW)}", legend),),
                "Share of the requests that were the server's fault: a status of 500 or more, or a span with an error.",
            ),
            Panel("Duration", "s", quantiles, "Median, 95th and 99th percentile. Points are exemplars: traces."),
        ),
    )


def _objects(owner: str) -> Row:
    def rate(name: str, by: str) -> str:
        return f"sum by ({by}) (rate({selector(name, owner, _SPACE)}[{WINDOW}]))"

    nothing = "The class has no object store, or it sends no metrics"

    def panel(title: str, name: str, by: str, description: str) -> Panel:
        return Panel(title, "ops", (Query(rate(name, by), f"{{{{{by}}}}}"),), description, width=6, empty=nothing)

    latency = f"histogram_quantile(0.95, {rate('odgm_normalize_latency_ms_bucket', 'le')})"
    return Row(
        "Object store (ODGM)",
        (
            panel("Reads", "odgm_get_total", "variant", "Objects read per second, by how they are identified."),
            panel(
                "Writes", "odgm_object_set_total", "variant", "Objects written per second, by how they are identified."
            ),
            panel(
                "Changed entries", "odgm_entry_mutations_total", "key_variant", "Entries of objects changed per second."
            ),
            Panel(
                "Normalising an identifier",
                "ms",
                (Query(latency, "p95"),),
                "95th percentile of what it takes to bring an identifier into its usual form.",
                width=6,
                empty=nothing,
            ),
        ),
    )


def collector_row(owner: str, *, of_class: bool) -> Row:
    """How the collector is; `of_class`: it runs in the class's namespace, else it is everybody's."""
    own = (matcher(OWNER, owner), *([_SPACE] if of_class else ()))
    # What the second tier receives, the first one has received before.
    first = (*own, f'{TIER}!="{SECOND}"')
    return Row("Collector", tuple(_collector(own, first)))


def _collector(own: tuple[str, ...], first: tuple[str, ...]) -> Iterator[Panel]:
    def series(name: str, suffix: str, matchers: tuple[str, ...]) -> str:
        # Whether units and types end a name is a matter of the version, and of how the reader is configured.
        return f'{{__name__=~"{name}(_{suffix})?",{",".join(matchers)}}}'

    def rates(*patterns: str, matchers: tuple[str, ...] = own) -> tuple[Query, ...]:
        found = []
        for signal, called in _SIGNALS:
            several = [
                f"sum(rate({series(pattern.format(signal), 'total', matchers)}[{WINDOW}])) or vector(0)"
                for pattern in patterns
            ]
            expr = several[0] if len(several) == 1 else " + ".join(f"({one})" for one in several)
            found.append(Query(expr, called))
        return tuple(found)

    received = rates("otelcol_receiver_accepted_{}", matchers=first)
    yield Panel("Received", "ops", received, "Items per second.")
    yield Panel(
        "Refused",
        "ops",
        rates("otelcol_receiver_refused_{}"),
        "What the collector did not take, since its memory was full: senders try again, and then give up.",
    )
    yield Panel(
        "Dropped",
        "ops",
        rates("otelcol_exporter_send_failed_{}", "otelcol_exporter_enqueue_failed_{}"),
        "What could not be sent, or found its queue full. It is lost.",
    )
    queue, waiting = "max by (exporter, data_type) ({})", "{{exporter}} {{data_type}}"
    yield Panel(
        "Queue",
        "short",
        (
            Query(queue.format(selector("otelcol_exporter_queue_size", *own)), waiting),
            Query(queue.format(selector("otelcol_exporter_queue_capacity", *own)), f"{waiting} capacity"),
        ),
        "Batches that wait for a backend, and how many may.",
        width=12,
    )
    yield Panel(
        "Memory",
        "bytes",
        (Query(f"max by (instance) ({series('otelcol_process_memory_rss', 'bytes', own)})", "{{instance}}"),),
        "Resident memory of each collector; it refuses data at 80 % of its limit.",
        width=12,
    )
