"""All sources → Configuration: each value with where it comes from.

Precedence, field by field: ClassRuntime > `classes.<name>` of the OTelConfig > flat ConfigMap > OTelConfig >
environment > built-in; `resource_attributes` merge key by key. The global switch is outside that order.
`krm_otel.config.sources` decides which objects count and reads them; `class_settings` resolves one class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

from krm_otel.config.provenance import Source, Sourced
from krm_otel.config.resolve.class_settings import resolve_class
from krm_otel.config.resolve.daemonset import namespace_of, node_layers
from krm_otel.config.resolve.request import Request
from krm_otel.config.resolve.sampling import check_tail_without_effect
from krm_otel.config.schema.monitoring import Dashboards, Monitors, Rules
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.settings import (
    Configuration,
    KindPath,
    Monitoring,
    OaasClass,
    PlatformComponent,
    Requirements,
    Settings,
)
from krm_otel.config.settings.sdk_profiles import PROFILES, SdkSettings
from krm_otel.config.sources.blocks import (
    class_block,
    class_entry,
    entry_key,
    functions,
    has_block,
    package_key,
    requirements,
)
from krm_otel.config.sources.discovery import discover
from krm_otel.config.sources.layers import Layers
from krm_otel.config.sources.shared import SharedSources, read_shared
from krm_otel.dataclass import replace
from krm_otel.diagnostics.result import Ref, Result, has_errors
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import destinations as destination_rules
from krm_otel.krm.resource import Resource
from krm_otel.names import NODE_OWNER

Block = TypeVar("Block", Dashboards, Rules, Monitors)

_SCRAPE: Final = "prometheus.io/scrape"


def resolve(
    function_config: Resource | None, items: Sequence[Resource], environ: Mapping[str, str]
) -> tuple[Configuration, list[Result]]:
    """Everything that configuration says about an input.

    Args:
        function_config: an OTelConfig, a `v1` ConfigMap in the flat form, a ClassRuntime (it counts as one of
            the classes, once), or nothing.
        items: the ClassRuntimes and OTelConfigs of the input; others are ignored.
        environ: the environment, for `OPRC_CRM_*`.

    Returns:
        The configuration, and the results. A class whose block is faulty has no settings.
    """
    discovered, results = discover(function_config, items)
    shared = read_shared(discovered, environ)
    spec, source = shared.spec, shared.config_source
    results += shared.results
    classes = []
    for resource in discovered.classes:
        oaas_class, reported = _class(resource, shared)
        classes.append(oaas_class)
        results += reported
    platform, components, reported = _platform(shared)
    results += reported
    if spec.on_error == "degrade":  # a block in the OTelConfig belongs to one class as well
        results = [
            _as_warning(result) if result.field_path.startswith("spec.classes.") else result for result in results
        ]
    nodes, reported = _node_collectors(shared)
    sdk, unknown = _sdk(spec, source)
    results += [*reported, *unknown, *_check_flavor(spec, source)]
    results += check_tail_without_effect(spec, [oaas_class.settings for oaas_class in classes], source)
    watched = [entry.settings for entry in (*classes, *([nodes] if nodes else [])) if entry.enabled]
    watched += [platform] if components else []
    results += _check_scrapers(watched, spec, source, results)
    configuration = Configuration(
        classes=tuple(classes),
        platform=platform,
        platform_components=components,
        node_collectors=nodes,
        switched_off=shared.switched_off,
        prune=spec.prune,
        adopt=spec.adopt,
        degrade=spec.on_error == "degrade",
        operator=spec.flavor == "operator",
        merge_crd=spec.merge_crd,
        write_status=spec.status == "write",
        config_ref=discovered.config.ref if discovered.config else Ref(),
        class_entries=tuple(spec.classes),
        flat_given=discovered.flat is not None,
        skip_containers=spec.skip_containers,
        kinds=tuple(KindPath(entry.api_version, entry.kind, tuple(entry.path.split("."))) for entry in spec.kinds),
        knative_field_ref=spec.knative.field_ref,
        sdk=sdk,
        monitoring=Monitoring(_enabled(spec.dashboards), _enabled(spec.rules), _enabled(spec.monitors)),
    )
    # Errors must not keep the global switch from working.
    return configuration, results if shared.switched_off is None else [_as_warning(result) for result in results]


def _as_warning(result: Result) -> Result:
    """An error that does not stop the run."""
    return replace(result, severity="warning") if result.severity == "error" else result


def _class(resource: Resource, shared: SharedSources) -> tuple[OaasClass, list[Result]]:
    """A class with its settings."""
    required, requirement_results = requirements(resource)
    settings, faulty, results = _class_settings(resource, shared, required)
    is_enabled = settings is not None and settings.enabled.value
    by_config = settings and settings.enabled.source.kind == "OTelConfig"
    oaas_class = OaasClass(
        name=resource.name,
        names=resource.names,
        namespace=resource.namespace,
        ref=resource.ref,
        functions=functions(resource),
        settings=settings,
        faulty=faulty,
        resource=resource,
        enabled_by="OTelConfig" if is_enabled and (by_config or not has_block(resource)) else "",
        requirements=required,
        package_key=package_key(resource),
    )
    rule_block = _enabled(shared.spec.rules)
    if is_enabled and rule_block and rule_block.requirements:
        results = [*results, *requirement_results]
    is_warning = shared.spec.on_error == "degrade"
    return oaas_class, [_as_warning(result) for result in results] if is_warning else results


def _class_settings(
    resource: Resource, shared: SharedSources, required: Requirements
) -> tuple[Settings | None, bool, list[Result]]:
    """The settings of a class, None where it has no block or a faulty one; whether it is faulty; and the results."""
    block, results = class_block(resource)
    blocks = [layer for layer in (block, class_entry(resource, shared.spec, shared.config_source)) if layer]
    if not blocks or has_errors(results):
        return None, has_errors(results), results
    enabled = Layers(tuple(blocks)).find("enabled") or shared.enabled_by_default()
    layers = Layers((*blocks, *shared.layers(entry_key(resource, shared.discovered.config))))
    request = _request(shared, layers, enabled, blocks[0].source)
    settings, reported = resolve_class(replace(request, namespace=resource.namespace, requirements=required))
    return settings, settings is None, [*results, *reported]


def _request(shared: SharedSources, layers: Layers, enabled: Sourced[bool], block: Source) -> Request:
    """A request for settings, switched off where the global switch is."""
    if (off := shared.switched_off) is not None:
        enabled = Sourced(False, Source(off.source, path=off.where))
    return Request(layers, enabled, shared.spec, shared.config_source, block)


def _platform(shared: SharedSources) -> tuple[Settings | None, tuple[PlatformComponent, ...], list[Result]]:
    """Settings and components of the platform's pseudo-class, from the OTelConfig and the sources below it."""
    platform, source = shared.spec.platform, shared.config_source
    if platform is None:
        return None, (), []
    from krm_otel.config.settings.presets import PRESETS  # few inputs have the platform

    known = PRESETS[platform.preset] if platform.preset else ()
    sdks = {component.key: component.sdk for component in known}
    written = [
        PlatformComponent(key, dict(component.match_labels), component.service_name or key, sdks.get(key, ""))
        for key, component in platform.components.items()
    ]
    components = tuple({component.key: component for component in (*known, *written)}.values())
    enabled = platform.written("enabled")
    switch = Sourced(True) if enabled is None else Sourced(enabled, source, ("platform", "enabled"))
    settings, results = resolve_class(_request(shared, Layers(shared.layers()), switch, source))
    return settings, components, results if components else []


def _node_collectors(shared: SharedSources) -> tuple[OaasClass | None, list[Result]]:
    """The pseudo-class that owns the collectors of mode daemonset, where this input generates them."""
    source = shared.config_source
    if not shared.spec.collector.daemonset.manage or shared.switched_off is not None:
        return None, []
    layers = Layers(shared.layers())
    enabled = Sourced(True, source, ("collector", "daemonset", "manage"))
    request = replace(_request(shared, node_layers(layers, source), enabled, source), node=True)
    settings, results = resolve_class(request)
    namespace, name = namespace_of(layers), NODE_OWNER
    node_class = OaasClass(name, (name,), namespace, source.ref, (), settings, settings is None)
    return replace(node_class, resource=shared.discovered.config), results


def _sdk(spec: ConfigSpec, source: Source) -> tuple[SdkSettings, list[Result]]:
    """The SDK profiles, and errors of entries that name none."""
    sdk = SdkSettings({**PROFILES, **spec.sdk.profiles}, spec.sdk.select)
    entries = enumerate(spec.sdk.select)
    unknown = [(index, rule.profile) for index, rule in entries if rule.profile not in sdk.profiles]
    return sdk, [sdk.unknown(source.location(("sdk", "select", index, "profile")), name) for index, name in unknown]


def _enabled(block: Block | None) -> Block | None:
    return block if block and block.enabled else None


def _check_flavor(spec: ConfigSpec, source: Source) -> Iterator[Result]:
    """What flavor `operator` cannot express: names that something changes later, an interval of its monitors."""
    if spec.flavor != "operator":
        return
    monitors = _enabled(spec.monitors)
    if monitors and monitors.interval:
        where = source.location(("monitors", "interval"))
        text = "has no effect with flavor operator, whose monitors have no field for it"
        interval = monitors.interval
        yield rules.OPERATOR_CANNOT_SAY.at(where, text, fix="leave it out", current=interval, severity="warning")
    if spec.names_may_change:
        text = (
            "is operator, which writes the names of its objects into annotations of pods, and names_may_change says "
            "that a prefix may still come"
        )
        fix = "run the function as a transformer of the last overlay, or write native"
        where = source.location(("flavor",))
        yield destination_rules.NAME_NOT_FINAL.at(where, text, fix=fix, current="operator", proposed="native")


def _check_scrapers(
    settings: Sequence[Settings | None], spec: ConfigSpec, source: Source, reported: Sequence[Result]
) -> Iterator[Result]:
    """A warning where a monitor points at a collector whose NetworkPolicy lets nobody in; one is enough."""
    if not _enabled(spec.monitors) or spec.flavor == "operator":
        return
    if spec.collector.pod.annotations.get(_SCRAPE) == "true":
        text = f"makes monitors of the collectors, and {_SCRAPE} in collector.pod.annotations fetches them once more"
        where = source.location(("monitors",))
        yield destination_rules.SERIES_TWICE.at(where, text, fix="leave one of the two out")
    collectors = (entry.collector for entry in settings if entry and entry.collector)
    refused = any(collector.refuses_scrapers for collector in collectors)
    if refused and not any(result.code == rules.SCRAPERS_MISSING.code for result in reported):
        text = "lets Prometheus fetch the collectors' metrics, but their NetworkPolicy lets nobody in"
        where = source.location(("monitors",))
        yield rules.SCRAPERS_MISSING.at(where, text, fix="write collector.network_policy.scrapers")
