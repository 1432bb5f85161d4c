"""Series that would be wrong with what the user wrote: two collectors that keep one, and deltas for a Prometheus.

Sources (collector v0.158): `exporter/prometheusexporter` keeps a series for minutes; `processor/deltatocumulative`
keeps the sums of the deltas that it has seen; `connector/spanmetrics`, `aggregation_temporality`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.collector.config.exporters import exporter_ids
from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.structure import member, names_in, pipelines, type_of, used
from krm_otel.config.resolve.backends import DELTAS_TO_CUMULATIVE
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.rules import workloads as workload_rules

_KEEPS_CUMULATIVE: Final = ("prometheus_remote_write", "prometheusremotewrite")
_TO_DELTA: Final = ("cumulativetodelta", "cumulative_to_delta")


def series_problems(deployed: Deployed) -> Iterator[Problem]:
    """What the pipelines of metrics do to series."""
    collector = deployed.tier.collector
    if deployed.tier.placement.has_replicas and collector.most > 1:
        yield from _kept_by_several(deployed)
    stored = {
        name
        for target, name in exporter_ids(collector).items()
        if target.series and target.kind != "prometheus" and target.name
    }
    for name, pipeline in pipelines(deployed.config):
        exporters = names_in(pipeline.get("exporters"))
        if type_of(name) == "metrics" and any(type_of(e) in _KEEPS_CUMULATIVE or e in stored for e in exporters):
            yield from _deltas(deployed, name)


def _kept_by_several(deployed: Deployed) -> Iterator[Problem]:
    """Components that keep a series, of which each replica has one."""
    most, generated = deployed.tier.collector.most, exporter_ids(deployed.tier.collector).values()
    for listener in deployed.listening.scraped:
        if listener.component not in generated and listener.component in used(deployed.config, "exporters", "metrics"):
            text = f"keeps the series that it has received, and there may be {most} replicas: sums count them again"
            fix = "write one replica, or an exporter that sends to a Prometheus"
            yield Problem(rules.SERIES_TWICE, ("exporters", listener.component), text, fix)
    for component in used(deployed.config, "processors", "metrics"):
        if type_of(component) in DELTAS_TO_CUMULATIVE:
            text = f"adds up the deltas that it has received, and there may be {most} replicas: each has a part of them"
            yield Problem(rules.SERIES_TWICE, ("processors", component), text, "write one replica")


def _deltas(deployed: Deployed, name: str) -> Iterator[Problem]:
    """What makes deltas in a pipeline whose metrics go to a Prometheus."""
    pipeline = member(deployed.config, "service", "pipelines", name)
    processors = names_in(member(pipeline, "processors"))
    types = [type_of(component) for component in processors]
    if any(kind in DELTAS_TO_CUMULATIVE for kind in types):
        return
    dropped = "and the metrics go to a Prometheus, which drops delta sums and histograms"
    for component in processors:
        if type_of(component) in _TO_DELTA:
            steps = ("service", "pipelines", name, "processors")
            yield Problem(workload_rules.DELTA_TO_PROMETHEUS, steps, f"has {component}, {dropped}", "leave it out")
    for component in names_in(member(pipeline, "receivers")):
        temporality = member(deployed.config, "connectors", component, "aggregation_temporality")
        if str(temporality).endswith("DELTA"):
            place = ("connectors", component, "aggregation_temporality")
            said = f"is {temporality}, {dropped}"
            yield Problem(workload_rules.DELTA_TO_PROMETHEUS, place, said, "leave it out")
