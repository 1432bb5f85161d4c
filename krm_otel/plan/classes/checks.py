"""What can be said of classes only when all workloads are known."""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel import names
from krm_otel.collector.config.checks import check_config
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.diagnostics.result import Result
from krm_otel.plan.classes.summary import Census
from krm_otel.workloads.match import RULES_TRIED


def closing(configuration: Configuration, census: Census, *, generating: bool) -> Iterator[Result]:
    """The results; `generating`: the input has no workloads, and is not to have any."""
    if (nodes := configuration.node_collectors) is not None and nodes.settings is not None:
        yield from check_config(nodes, nodes.settings)
    for oaas_class in configuration.classes:
        if not oaas_class.enabled or oaas_class.settings is None:
            continue
        if census.of(oaas_class).first is None and not generating:
            message = (
                f"no workload belongs to class {oaas_class.name}; tried: {RULES_TRIED}; "
                f"write the annotation {names.A_CLASS}: {oaas_class.name} on its workloads"
            )
            yield Result("class-without-workload", "warning", message, oaas_class.ref)
        yield from check_config(oaas_class, oaas_class.settings)
        platform = configuration.platform
        if census.platform and platform is not None and platform.enabled.value:
            yield from _rates(oaas_class, oaas_class.settings, platform)


def _rates(oaas_class: OaasClass, settings: Settings, platform: Settings) -> Iterator[Result]:
    """Whoever starts a trace decides; for most requests that is the platform's gateway."""
    own, start = settings.sampling_rate.value, platform.sampling_rate.value
    if start < own:
        message = (
            f"the platform's sampling rate {start:g} is below this class's {own:g}: traces that begin "
            f"at the gateway are sampled at {start:g}, whatever the class says"
        )
        path = "spec.observability.telemetry.sampling_rate"
        yield Result("platform-rate-below-class", "warning", message, oaas_class.ref, path, own, start)
