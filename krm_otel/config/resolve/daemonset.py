"""Mode daemonset: a collector on every node that all classes share, made by one package of the cluster.

A class gets only its address. The OTelConfig says what the collector does with what it gets, the same for every class:
it takes every signal, since each class has its own switches.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel.config.provenance import Source, Sourced
from krm_otel.config.resolve.request import Request
from krm_otel.config.schema.cluster_collector import ClusterCollector
from krm_otel.config.schema.observability import Observability, Telemetry
from krm_otel.config.settings import NodeCollector
from krm_otel.config.sources.layers import Layer, Layers, is_of_one_class
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import destinations as destination_rules
from krm_otel.diagnostics.rules import sampling as sampling_rules
from krm_otel.otlp import SIGNALS


def node_layers(layers: Layers, source: Source) -> Layers:
    """The cluster's layers as the collector sees them: every signal is on, and it samples nothing."""
    telemetry = Telemetry(traces=True, metrics=True, logs=True)
    collector = ClusterCollector(mode="daemonset", sampling_stage="sdk")
    return Layers((Layer(Observability(telemetry=telemetry, collector=collector), source), *layers))


def expected_signals(layers: Layers) -> list[str]:
    """The signals that the cluster's defaults switch on: the others need no exporter. `layers`: as `node_layers`."""
    return signals_of(Layers(layers.layers[1:]))


def signals_of(layers: Layers) -> list[str]:
    """The signals that are on in some layers."""
    return [signal for signal in SIGNALS if layers.get("telemetry", signal).value]


def namespace_of(layers: Layers) -> str:
    """Where the collectors run."""
    namespace: str = layers.get("collector", "daemonset", "namespace").value
    return namespace


def node_collector(layers: Layers) -> NodeCollector:
    """Where a class finds the collector of its node."""
    return NodeCollector(namespace_of(layers), fqdn=layers.get("collector", "endpoint_host").value == "fqdn")


def check_shared(request: Request) -> Iterator[Result]:
    """What a class may not have of a collector that it shares, and who makes that collector."""
    exporters = [exporter for entries in request.exporters.values() for exporter in entries]
    for exporter in exporters:
        if is_of_one_class(exporter.source):
            text = "names an exporter of this class alone, and mode daemonset has one collector for all"
            fix = "leave it out and write spec.collector.exporters in the OTelConfig, or write mode: deployment"
            yield exporter.report(rules.DAEMONSET_SHARED, text, fix=fix)
    yield from _check_stage(request)
    manage: Sourced[bool] | None = request.layers.find("collector", "daemonset", "manage")
    if manage is None:
        text = f"is daemonset, and nothing says who makes the collector in {namespace_of(request.layers)}"
        fix = (
            "write spec.collector.daemonset in the OTelConfig, {manage: true} to make it here, {manage: false} where "
            "another package does"
        )
        yield request.mode.report(rules.DAEMONSET_NOT_MANAGED, text, fix=fix)
    elif manage.value:
        # What the cluster's defaults switch on is reported once, for the collector itself.
        exported = {exporter.steps[2] for exporter in exporters}
        for signal in request.signals:
            if signal not in exported and signal not in signals_of(request.layers.of_cluster()):
                text = f"is on, but {signal} only go to the collector's own log (debug)"
                fix = f"write spec.collector.exporters.{signal} in the OTelConfig"
                where = request.block.location(("telemetry", signal))
                yield destination_rules.EXPORTER_MISSING.at(where, text, fix=fix)


def _check_stage(request: Request) -> Iterator[Result]:
    stage = request.stage
    if stage.value == "sdk":
        return
    text = f"is {stage.value}, and mode daemonset has one collector for all classes, each with a rate of its own"
    if stage.value == "collector" and request.layers.find("collector", "tail_sampling"):
        fix = "leave it out, since tail_sampling makes it collector where it holds"
        yield stage.report(sampling_rules.SAMPLING_STAGE, text, fix=fix)
    else:
        yield stage.report(sampling_rules.SAMPLING_STAGE, text, fix="write sdk", proposed="sdk")
