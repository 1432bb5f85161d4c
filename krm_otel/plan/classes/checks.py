"""Checks of classes that need all workloads."""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel import names
from krm_otel.collector.config.checks import check_config
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.plan.classes.summary import Summaries
from krm_otel.plan.request import Request
from krm_otel.plan.workloads.outcome import class_key
from krm_otel.workloads.match import RULES_TRIED


def check_classes(request: Request, summaries: Summaries) -> Iterator[Result]:
    """The results of the enabled classes and of the node collectors."""
    configuration = request.configuration
    platform, nodes = configuration.platform, configuration.node_collectors
    has_platform = any(summary.is_platform and summary.has_workload for summary in summaries.values())
    if nodes is not None and nodes.settings is not None:
        yield from check_config(nodes, nodes.settings)
    for oaas_class in configuration.classes:
        if not oaas_class.enabled or oaas_class.settings is None:
            continue
        if not summaries[class_key(oaas_class)].has_workload and not request.generating:
            text = f"no workload belongs to class {oaas_class.name}; tried: {RULES_TRIED}"
            fix = f"write the annotation {names.A_CLASS}: {oaas_class.name} on its workloads"
            yield rules.CLASS_WITHOUT_WORKLOAD.at(oaas_class.ref, text, fix=fix)
        yield from check_config(oaas_class, oaas_class.settings)
        if has_platform and platform is not None and platform.enabled.value:
            yield from _check_platform_rate(oaas_class, oaas_class.settings, platform)


def _check_platform_rate(oaas_class: OaasClass, settings: Settings, platform: Settings) -> Iterator[Result]:
    """What starts a trace decides if it is sampled; for most requests that is the platform's gateway."""
    class_rate, platform_rate = settings.sampling_rate.value, platform.sampling_rate.value
    if platform_rate < class_rate:
        text = (
            f"the platform's sampling rate {platform_rate:g} is below this class's {class_rate:g}: traces that begin "
            f"at the gateway are sampled at {platform_rate:g}, whatever the class says"
        )
        where = Location(oaas_class.ref, "spec.observability.telemetry.sampling_rate")
        yield rules.PLATFORM_RATE_BELOW_CLASS.at(where, text, current=class_rate, proposed=platform_rate)
