"""Mode daemonset: a collector on every node that all classes share, made by one package of the cluster.

A class gets only its address. What the collector does with what it gets is said in the OTelConfig, the same for every
class: it takes every signal, since each class has its own switches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from krm_otel.config.provenance import Place
from krm_otel.config.schema.cluster_collector import ClusterCollector
from krm_otel.config.schema.observability import Observability, Telemetry
from krm_otel.config.settings import NodeCollector
from krm_otel.config.sources.layers import Found, Layer, Say, find, pick
from krm_otel.otlp import SIGNALS, SamplingStage

NAMESPACE: Final = "oaas-system"


def node_layers(layers: Sequence[Layer], at: Place) -> list[Layer]:
    """The cluster's layers as the collector sees them: every signal is on, and nothing is sampled."""
    telemetry = Telemetry(traces=True, metrics=True, logs=True)
    collector = ClusterCollector(mode="daemonset", sampling_stage="sdk")
    return [Layer(Observability(telemetry=telemetry, collector=collector), at), *layers]


def unheard(layers: Sequence[Layer]) -> list[str]:
    """The signals that the cluster's defaults switch off: nobody minds that they have no exporter."""
    return [signal for signal in SIGNALS if not pick(layers[1:], signal != "logs", "telemetry", signal).value]


def namespace_of(layers: Sequence[Layer]) -> str:
    """Where the collectors run."""
    return pick(layers, NAMESPACE, "collector", "daemonset", "namespace").value


def node_collector(layers: Sequence[Layer]) -> NodeCollector:
    """Where a class finds the collector of its node."""
    host = pick(layers, "short", "collector", "endpoint_host")
    return NodeCollector(namespace_of(layers), fqdn=host.value == "fqdn")


def check_shared(
    layers: Sequence[Layer],
    exporters: Sequence[Found[str]],
    stage: Found[SamplingStage],
    wanted: Sequence[str],
    home: Place,
    say: Say,
) -> None:
    """What a class may not have of a collector that it shares, and who makes that.

    `wanted` are the signals that are on, `home` the block of the class.
    """
    for own in exporters:
        if _of_one_class(own.place):
            text = (
                "names an exporter of this class alone, and mode daemonset has one collector for all: leave it out and "
                "write spec.collector.exporters in the OTelConfig, or write mode: deployment"
            )
            say(own.result("daemonset-shared", "error", text))
    if stage.value != "sdk":
        text = f"is {stage.value}, and mode daemonset has one collector for all classes, each with a rate of its own: "
        if stage.value == "collector" and find(layers, "collector", "tail_sampling"):
            text += "leave it out, since tail_sampling makes it collector where it holds"
            say(stage.result("sampling-stage", "error", text))
        else:
            say(stage.result("sampling-stage", "error", text + "write sdk", "sdk"))
    manage: Found[bool] | None = find(layers, "collector", "daemonset", "manage")
    if manage is None:
        text = (
            f"is daemonset, and nothing says who makes the collector in {namespace_of(layers)}: write "
            "spec.collector.daemonset in the OTelConfig, {manage: true} to make it here, {manage: false} where "
            "another package does"
        )
        mode = pick(layers, "daemonset", "collector", "mode")
        say(mode.result("daemonset-not-managed", "warning", text))
    elif manage.value:
        # What the cluster's defaults switch on is told once, for the collector itself.
        cluster = [layer for layer in layers if not _of_one_class(layer.place)]
        given = {exporter.loc[2] for exporter in exporters}
        for signal in wanted:
            if signal not in given and not pick(cluster, signal != "logs", "telemetry", signal).value:
                text = (
                    f"is on, but {signal} only go to the collector's own log (debug): write "
                    f"spec.collector.exporters.{signal} in the OTelConfig"
                )
                say(home.result(("telemetry", signal), "exporter-missing", "warning", text))


def _of_one_class(place: Place) -> bool:
    return place.source == "ClassRuntime" or place.prefix.startswith("spec.classes")
