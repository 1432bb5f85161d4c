"""The settings of one class: built from its layers, then checked. A check never changes a setting.

What only managed collectors need is loaded where a class has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve import backends, daemonset, endpoints, limits, sampling
from krm_otel.config.resolve.request import Request
from krm_otel.config.schema.credentials import Variable
from krm_otel.config.schema.observability import SdkBatch
from krm_otel.config.settings import Settings
from krm_otel.config.types import sdk_variables
from krm_otel.config.types.duration import as_milliseconds
from krm_otel.diagnostics.result import Result, has_errors
from krm_otel.diagnostics.rules import sdk_variables as rules

_SPELLINGS: Final = {"w3c": ("tracecontext", "baggage")}
"""Names of propagators that OTEL_PROPAGATORS spells otherwise."""


def resolve_class(request: Request) -> tuple[Settings | None, list[Result]]:
    """The settings of a class, None where they are faulty, and what is to be reported."""
    if request.layers.faulty:
        return None, []
    settings, results = _build(request)
    if not request.enabled.value:
        return settings, []
    results = [*_check_values(request), *results, *_check_variables(settings), *_check(settings, request)]
    return None if has_errors(results) else settings, results


def _build(request: Request) -> tuple[Settings, list[Result]]:
    """The settings, and errors of endpoints and exporters, which the settings do not contain."""
    layers = request.layers
    endpoint, results = endpoints.general_endpoint(request)
    direct, reported = endpoints.direct_endpoints(request)
    results += reported
    managed = None
    if request.is_managed:
        from krm_otel.config.resolve import collector

        targets, reported = backends.targets(request)
        results += reported
        managed = collector.collector_settings(request, targets)
    propagators: Sourced[tuple[str, ...]] = layers.get("telemetry", "propagators")
    settings = Settings(
        enabled=request.enabled,
        traces=request.switches["traces"],
        metrics=request.switches["metrics"],
        logs=request.switches["logs"],
        sampling_rate=limits.sampling_rate(request),
        sampling_stage=request.stage,
        service_name=layers.find("telemetry", "service_name"),
        service_name_template=layers.get("telemetry", "service_name_template"),
        propagators=propagators.with_value(_spelled(propagators.value)),
        resource_attributes=layers.merged("telemetry", "resource_attributes"),
        attributes=layers.get("telemetry", "attributes"),
        protocol=request.protocol,
        mode=request.mode,
        image=layers.find("collector", "image"),
        endpoint=endpoint,
        exporters=direct,
        collector=managed,
        node_collector=daemonset.node_collector(layers) if request.is_shared else None,
        env={**_batch_variables(request), **layers.merged("telemetry", "env")},
        deltas=backends.deltas(request, direct, endpoint),
        names_may_change=layers.get("names_may_change").value,
    )
    return settings, results


def _batch_variables(request: Request) -> dict[str, Sourced[Variable]]:
    """`telemetry.batch` as variables: of spans, and of log records where they are on."""
    processors = ["BSP", *(["BLRP"] if "logs" in request.signals else [])]
    variables: dict[str, Sourced[Variable]] = {}
    for field in SdkBatch.settings:
        written = request.layers.find("telemetry", "batch", field)
        if written is not None:
            number = as_milliseconds(written.value) if isinstance(written.value, str) else written.value
            variable = written.with_value(Variable(value=str(number)))
            variables |= {f"OTEL_{processor}_{field.upper()}": variable for processor in processors}
    return variables


def _spelled(names: Sequence[str]) -> tuple[str, ...]:
    """Names of propagators as OTEL_PROPAGATORS spells them, without duplicates."""
    return tuple(dict.fromkeys(spelling for name in names for spelling in _SPELLINGS.get(name, (name,))))


def _check_values(request: Request) -> Iterator[Result]:
    """The rules for single values, with the limits of the OTelConfig."""
    yield from limits.check_rate(request)
    yield from limits.check_image(request)
    yield from sampling.check_stage(request)
    yield from endpoints.check_exporters(request)


def _check_variables(settings: Settings) -> Iterator[Result]:
    """The rules for `telemetry.env`: unknown names, and batches above the size of their queue."""
    env = settings.env
    for name, variable in env.items():
        if not sdk_variables.is_known(name):
            text = "is not a variable of OpenTelemetry's specification, and is set as it is"
            yield variable.with_value(name).report(rules.SDK_VARIABLE_UNKNOWN, text)
    for processor in ("BSP", "BLRP"):
        batch_name, queue_name = f"OTEL_{processor}_MAX_EXPORT_BATCH_SIZE", f"OTEL_{processor}_MAX_QUEUE_SIZE"
        batch, queue = env.get(batch_name), env.get(queue_name)
        sizes = [int(one.value.value or default) if one else default for one, default in ((batch, 512), (queue, 2048))]
        written = batch or queue
        if written and not any(one and one.value.value is None for one in (batch, queue)) and sizes[0] > sizes[1]:
            text = f"makes batches of {sizes[0]} from a queue of {sizes[1]}"
            missing = batch_name if written.steps[-1] == queue_name else "max_export_batch_size"  # of telemetry.batch
            fix = f"write {missing}: {sizes[1]}" if batch is None else f"write {sizes[1]} or less"
            yield written.with_value(str(written.value.value)).report(rules.SDK_BATCH_SIZE, text, fix=fix)


def _check(settings: Settings, request: Request) -> Iterator[Result]:
    """The rules between settings, by who runs the collector."""
    if (managed := settings.collector) is not None:
        from krm_otel.config.resolve import collector_checks, image

        expected = daemonset.expected_signals(request.layers) if request.node else request.signals
        yield from backends.check_missing(request, expected)
        yield from image.check_image(managed, request.layers)
        yield from collector_checks.check_collector(managed, request)
        yield from sampling.check_both(settings)
        if not request.node:
            yield from sampling.check_span_metrics(settings, request)
    elif request.is_shared:
        yield from sampling.check_tail_elsewhere(request)
        yield from sampling.check_span_metrics(settings, request)
        yield from daemonset.check_shared(request)
    elif request.signals:
        yield from sampling.check_tail_elsewhere(request)
        yield from endpoints.check_unmanaged(request)
        yield from sampling.check_stage_needs_collector(request)
