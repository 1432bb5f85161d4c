"""What is planned for each class, once all workloads are known: its checks, and its conditions.

The conditions become results, or go into the ClassRuntime (`status: write`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from krm_otel import names
from krm_otel.collector.naming import config_name, deployment_names, operator_name
from krm_otel.conditions import CONFIGURED, DEGRADED, Condition, conditions
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.inject.patch.record import Record
from krm_otel.inject.sdk.env_sources import EnvSources
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change
from krm_otel.plan.draft import Draft
from krm_otel.plan.keys import missing_keys
from krm_otel.plan.recorded import plan_recorded
from krm_otel.plan.summary import ClassSummary
from krm_otel.plan.workloads.candidate import class_key
from krm_otel.workloads.match import RULES_TRIED
from krm_otel.yamltext.nodes import Mapping

_MOST_FUNCTIONS: Final = 4


def check_classes(draft: Draft) -> Iterator[Result]:
    """The results of the enabled classes and of the node collectors; what is wrong for several of them, once."""
    return iter({repr(result): result for result in _check_classes(draft)}.values())


def _check_classes(draft: Draft) -> Iterator[Result]:
    configuration = draft.request.configuration
    platform = configuration.platform
    has_platform = any(summary.is_platform and summary.has_workload for summary in draft.summaries.values())
    yield from _check_collectors(draft)
    for summary in draft.summaries.values():
        yield from _check_unused(summary)
        yield from _check_services(summary)
    for oaas_class in configuration.classes:
        if not oaas_class.enabled or oaas_class.settings is None:
            continue
        if not draft.summaries[class_key(oaas_class)].has_workload and draft.request.generator is None:
            text = f"no workload belongs to class {oaas_class.name}; tried: {RULES_TRIED}"
            fix = f"write the annotation {names.A_CLASS}: {oaas_class.name} on its workloads"
            yield rules.CLASS_WITHOUT_WORKLOAD.at(oaas_class.ref, text, fix=fix)
        if has_platform and platform is not None and platform.enabled.value:
            yield from _check_platform_rate(oaas_class, oaas_class.settings, platform)


def _check_unused(summary: ClassSummary) -> Iterator[Result]:
    """A collector that nobody sends to, as where upstream's CRM has injected an endpoint already."""
    settings, oaas_class = summary.settings, summary.oaas_class
    if settings is None or settings.collector is None or not summary.instrumented:
        return
    if summary.instrumented == summary.elsewhere:
        text = f"the collector of {oaas_class.name} gets nothing, since all workloads keep an endpoint of their own"
        fix = "write adopt: true in the OTelConfig to take them over, or collector.endpoint to have no collector"
        yield rules.COLLECTOR_UNUSED.at(oaas_class.ref, text, fix=fix)


def _check_services(summary: ClassSummary) -> Iterator[Result]:
    """Functions that are one service in every backend."""
    for name, functions in summary.services.items():
        if len(functions) > 1:
            shown = [*functions[:_MOST_FUNCTIONS], *(["others"] if len(functions) > _MOST_FUNCTIONS else [])]
            text = f"the functions {listed(shown, 'and')} have the same service name, {name}"
            proposed = f"{{{'class_key' if summary.oaas_class.package_key else 'class'}}}-{{function_key}}"
            fix = f'write service_name_template: "{proposed}" in the OTelConfig'
            yield rules.SERVICE_NAME_SHARED.at(summary.oaas_class.ref, text, fix=fix, proposed=proposed)


def _check_collectors(draft: Draft) -> Iterator[Result]:
    """What is wrong with the configs of collectors, and between them and the manifests."""
    owners = [summary.oaas_class for summary in draft.summaries.values()]
    checked = [(owner, owner.settings) for owner in owners if owner.enabled and owner.settings is not None]
    managed = [(owner, settings) for owner, settings in checked if settings.collector is not None]
    if managed:
        yield from _check_managed(draft, managed)
    yield from missing_keys(checked, EnvSources(draft.request.items))


def _check_managed(draft: Draft, managed: Sequence[tuple[OaasClass, Settings]]) -> Iterator[Result]:
    """What is wrong with the managed collectors, and only there is anything of them loaded."""
    from krm_otel.collector.config.checks import check_config
    from krm_otel.collector.consistency import check_consistency
    from krm_otel.collector.consistency.unused import unused_components
    from krm_otel.plan.pod_security import check_pod_security

    configuration = draft.request.configuration
    monitored = configuration.monitoring.monitors is not None
    for owner, settings in managed:
        yield from check_config(owner, settings)
        yield from check_pod_security(draft.request.items, owner, settings)
        yield from check_consistency(owner, settings, operator=configuration.operator, monitored=monitored)
    yield from unused_components(managed)


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


def plan_classes(draft: Draft) -> tuple[list[Change], list[Result]]:
    """Plans the ClassRuntimes of one input."""
    request = draft.request
    by_position = {oaas_class.ref.position: oaas_class for oaas_class in request.configuration.classes}
    generated = {(new.owner, kind, name) for (_, kind, _, name), new in draft.desired.items()}
    changes: list[Change] = []
    results: list[Result] = []
    for item in request.items:
        if item.kind != names.CLASS_KIND or (resource := item.resource) is None:
            continue
        oaas_class = by_position.get(item.position)
        put = None
        if oaas_class and request.is_render and (oaas_class.enabled or oaas_class.faulty):
            summary = draft.summaries[class_key(oaas_class)]
            current = conditions(oaas_class.settings, summary.instrumented, summary.failed, faulty=oaas_class.faulty)
            write = request.configuration.write_status
            results += [_result(c, resource.ref) for c in current if not write or c.type == DEGRADED]
            if write:
                references = _collector_references(oaas_class, generated)
                put = partial(_put, resource, current, references, request.now)
        problem, fix = "its conditions cannot be written safely", "write status: results-only"
        change, faults = plan_recorded(item, resource, "conditions", _strip, put, problem, fix=fix)
        changes += change
        results += faults
    return changes, results


def _put(
    resource: Resource,
    current: Sequence[Condition],
    references: Sequence[dict[str, str]],
    now: str,
    text: str,
    root: Mapping,
) -> str:
    from krm_otel.inject.status import existing_condition, put_status

    entries = [condition.entry(existing_condition(resource.root, condition.type), now) for condition in current]
    return put_status(text, root, resource.name, entries, references)


def _strip(text: str, root: Mapping, record: Record) -> str:
    from krm_otel.inject.status import strip_status  # few classes have conditions in them

    return strip_status(text, root, record)


def _collector_references(oaas_class: OaasClass, generated: AbstractSet[tuple[Ref, str, str]]) -> list[dict[str, str]]:
    """The object of a class's collector that its status names, as `{kind, name}`.

    It is the object that runs the collector, or its config where the workloads' pods run it. `generated` are owner,
    kind and name of the generated objects.
    """
    name = oaas_class.name
    for kind, object_name in (
        *(("Deployment", one) for one in deployment_names(name)),
        ("ConfigMap", config_name(name)),
        ("OpenTelemetryCollector", operator_name(name)),
    ):
        if (oaas_class.ref, kind, object_name) in generated:
            return [{"kind": kind, "name": object_name}]
    return []


def _result(condition: Condition, ref: Ref) -> Result:
    rule = rules.TELEMETRY_CONFIGURED if condition.type == CONFIGURED else rules.TELEMETRY_DEGRADED
    return rule.at(ref, str(condition))
