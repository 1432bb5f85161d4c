"""All sources → Configuration: each value with where it comes from.

Precedence, field by field: ClassRuntime > `classes.<name>` of the OTelConfig > flat ConfigMap > OTelConfig >
environment > built-in; `resource_attributes` merge key by key. The global switch is outside that order.
`krm_otel.config.sources` decides which objects count and reads them; `class_settings` resolves one class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from krm_otel.config.provenance import Origin, Source, Sourced
from krm_otel.config.resolve.class_settings import resolve_class
from krm_otel.config.resolve.daemonset import namespace_of, node_layers
from krm_otel.config.resolve.monitoring import check_flavor, check_scrapers, monitoring
from krm_otel.config.resolve.request import Request
from krm_otel.config.resolve.sampling import check_tail_for_nobody
from krm_otel.config.settings import Configuration, KindPath, OaasClass, PlatformComponent, Settings
from krm_otel.config.sources.blocks import class_block, class_entry, entry_key, functions, has_block
from krm_otel.config.sources.discovery import Discovered, discover
from krm_otel.config.sources.layers import Layer, Layers
from krm_otel.config.sources.requirements import requirements
from krm_otel.config.sources.shared import SharedSources, read_shared
from krm_otel.diagnostics.result import Result, has_errors
from krm_otel.krm.resource import Resource
from krm_otel.names import NODE_OWNER


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
    results += shared.results
    spec, off = shared.spec, shared.switched_off()
    degrade = spec.on_error == "degrade"
    classes = []
    for resource in discovered.classes:
        oaas_class, reported = _class(resource, discovered, shared, off)
        classes.append(oaas_class)
        results += map(_as_warning, reported) if degrade else reported
        if spec.rules and spec.rules.enabled and spec.rules.requirements and oaas_class.enabled:
            results += requirements(resource)[1]
    platform, components, reported = _platform(shared, off)
    results += reported
    if degrade:  # a block in the OTelConfig belongs to one class as well
        results = [
            _as_warning(result) if result.field_path.startswith("spec.classes.") else result for result in results
        ]
    nodes, reported = _node_collectors(discovered, shared, off)
    results += reported
    results += check_flavor(spec, shared.config_source)
    settings = [oaas_class.settings for oaas_class in classes]
    results += check_tail_for_nobody(spec, settings, shared.config_source)
    watched = [entry.settings for entry in (*classes, *([nodes] if nodes else [])) if entry.enabled]
    watched += [platform] if components else []
    results += check_scrapers(watched, spec, shared.config_source, results)
    configuration = Configuration(
        classes=tuple(classes),
        platform=platform,
        platform_components=components,
        node_collectors=nodes,
        switched_off=off,
        prune=spec.prune,
        adopt=spec.adopt,
        degrade=degrade,
        operator=spec.flavor == "operator",
        merge_crd=spec.merge_crd,
        write_status=spec.status == "write",
        config_given=discovered.config is not None,
        flat_given=discovered.flat is not None,
        skip_containers=spec.skip_containers,
        kinds=tuple(KindPath(entry.api_version, entry.kind, tuple(entry.path.split("."))) for entry in spec.kinds),
        knative_field_ref=spec.knative.field_ref,
        monitoring=monitoring(spec),
    )
    # Errors must not keep the global switch from working.
    return configuration, results if off is None else [_as_warning(result) for result in results]


def _as_warning(result: Result) -> Result:
    """An error that does not stop the run."""
    return replace(result, severity="warning") if result.severity == "error" else result


def _class(
    resource: Resource, discovered: Discovered, shared: SharedSources, off: Origin | None
) -> tuple[OaasClass, list[Result]]:
    """A class with its settings."""
    settings, faulty, results = _class_settings(resource, discovered, shared, off)
    enabled_by = ""
    if settings and settings.enabled.value:
        from_config = settings.enabled.source.kind == "OTelConfig" or not has_block(resource)
        enabled_by = "OTelConfig" if from_config else ""
    oaas_class = OaasClass(
        name=resource.name,
        names=resource.names,
        namespace=resource.namespace,
        ref=resource.ref,
        functions=functions(resource),
        settings=settings,
        faulty=faulty,
        resource=resource,
        enabled_by=enabled_by,
        requirements=requirements(resource)[0],
    )
    return oaas_class, results


def _class_settings(
    resource: Resource, discovered: Discovered, shared: SharedSources, off: Origin | None
) -> tuple[Settings | None, bool, list[Result]]:
    """The settings of a class, None where it has no block or a faulty one; whether it is faulty; and the results."""
    block, results = class_block(resource)
    blocks = [layer for layer in (block, class_entry(resource, shared.spec, shared.config_source)) if layer]
    if not blocks or has_errors(results):
        return None, has_errors(results), list(results)
    enabled = Layers(tuple(blocks)).find("enabled") or shared.enabled_by_default()
    layers = Layers((*blocks, *shared.layers(entry_key(resource, discovered.config))))
    request = _request(shared, layers, enabled, off, blocks[0])
    request = replace(request, namespace=resource.namespace, requirements=requirements(resource)[0])
    settings, reported = resolve_class(request)
    return settings, settings is None, [*results, *reported]


def _request(
    shared: SharedSources, layers: Layers, enabled: Sourced[bool], off: Origin | None, block: Layer | Source
) -> Request:
    """A request for settings, switched off where the global switch is."""
    if off is not None:
        enabled = Sourced(False, Source(off.source, path=off.where))
    source = block.source if isinstance(block, Layer) else block
    return Request(layers, enabled, shared.spec, shared.config_source, source)


def _platform(
    shared: SharedSources, off: Origin | None
) -> tuple[Settings | None, tuple[PlatformComponent, ...], list[Result]]:
    """Settings and components of the platform's pseudo-class, from the OTelConfig and the sources below it."""
    platform, source = shared.spec.platform, shared.config_source
    if platform is None:
        return None, (), []
    components = tuple(
        PlatformComponent(key, dict(component.match_labels), component.service_name or key)
        for key, component in platform.components.items()
    )
    enabled = platform.written("enabled")
    switch = Sourced(True) if enabled is None else Sourced(enabled, source, ("platform", "enabled"))
    settings, results = resolve_class(_request(shared, Layers(shared.layers()), switch, off, source))
    return settings, components, results if components else []


def _node_collectors(
    discovered: Discovered, shared: SharedSources, off: Origin | None
) -> tuple[OaasClass | None, list[Result]]:
    """The pseudo-class that owns the collectors of mode daemonset, where this input generates them."""
    source = shared.config_source
    if not shared.spec.collector.daemonset.manage or off is not None:
        return None, []
    layers = Layers(shared.layers())
    enabled = Sourced(True, source, ("collector", "daemonset", "manage"))
    request = replace(_request(shared, node_layers(layers, source), enabled, None, source), node=True)
    settings, results = resolve_class(request)
    namespace, name = namespace_of(layers), NODE_OWNER
    node_class = OaasClass(name, (name,), namespace, source.ref, (), settings, settings is None, discovered.config)
    return node_class, results
