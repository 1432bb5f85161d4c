"""What watches the classes, and the rules between monitors, flavor and network policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from krm_otel.config.provenance import Source
from krm_otel.config.schema.monitoring import Dashboards, Monitors, Rules
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.settings import Monitoring, Settings
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import destinations as destination_rules

Block = TypeVar("Block", Dashboards, Rules, Monitors)


def monitoring(spec: ConfigSpec) -> Monitoring:
    """The blocks that are present and not switched off."""
    return Monitoring(_enabled(spec.dashboards), _enabled(spec.rules), _enabled(spec.monitors))


def _enabled(block: Block | None) -> Block | None:
    return block if block and block.enabled else None


def check_flavor(spec: ConfigSpec, source: Source) -> Iterator[Result]:
    """What flavor `operator` cannot express: names that something changes later, an interval of its monitors."""
    if spec.flavor != "operator":
        return
    monitors = _enabled(spec.monitors)
    if monitors and monitors.interval:
        where = source.location(("monitors", "interval"))
        text = "has no effect with flavor operator, whose monitors have no field for it"
        yield rules.OPERATOR_CANNOT_SAY.at(
            where, text, fix="leave it out", current=monitors.interval, severity="warning"
        )
    if spec.names_may_change:
        text = (
            "is operator, which writes the names of its objects into annotations of pods, and names_may_change says "
            "that a prefix may still come"
        )
        fix = "run the function as a transformer of the last overlay, or write native"
        where = source.location(("flavor",))
        yield destination_rules.NAME_NOT_FINAL.at(where, text, fix=fix, current="operator", proposed="native")


def check_scrapers(
    settings: Sequence[Settings | None], spec: ConfigSpec, source: Source, reported: Sequence[Result]
) -> Iterator[Result]:
    """A warning where a monitor points at a collector whose NetworkPolicy lets nobody in; one is enough."""
    if not _enabled(spec.monitors) or spec.flavor == "operator":
        return
    collectors = (entry.collector for entry in settings if entry and entry.collector)
    closed = any(
        collector.placement.has_service and collector.network_policy.enabled and not collector.network_policy.scrapers
        for collector in collectors
    )
    if closed and not any(result.code == rules.SCRAPERS_MISSING.code for result in reported):
        text = "lets Prometheus fetch the collectors' metrics, but their NetworkPolicy lets nobody in"
        where = source.location(("monitors",))
        yield rules.SCRAPERS_MISSING.at(where, text, fix="write collector.network_policy.scrapers")
