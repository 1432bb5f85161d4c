"""All sources → Configuration: each value with where it came from.

Precedence, field by field: ClassRuntime > `classes.<name>` of the OTelConfig > flat ConfigMap > OTelConfig >
environment > built-in; `resource_attributes` merge key by key. The global switch stands outside that order.
Which objects count is decided in `sources`; they are read in `blocks` and `flat`; what values mean together
is in `compose`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from krm_otel.config.provenance import Place
from krm_otel.config.reading.loader import Loaded
from krm_otel.config.resolve.class_settings import compose
from krm_otel.config.resolve.daemonset import namespace_of, node_layers
from krm_otel.config.resolve.sampling import tail_for_nobody
from krm_otel.config.schema.monitoring import monitoring_of
from krm_otel.config.schema.observability import FlatForm
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.settings import (
    DEFAULT,
    Configuration,
    KindPath,
    OaasClass,
    Origin,
    PlatformComponent,
    Settings,
    Sourced,
)
from krm_otel.config.sources.blocks import class_block, config_spec, entry_for, functions, has_block, matters, named_in
from krm_otel.config.sources.discovery import Sources, sort_out
from krm_otel.config.sources.flat_form import from_config_map, from_environment
from krm_otel.config.sources.layers import Layer
from krm_otel.config.sources.requirements import requirements
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
        items: the ClassRuntimes and OTelConfigs of the input; others are passed over.
        environ: the environment, for `OPRC_CRM_*`.

    Returns:
        The configuration, and all that is to be said. A class whose block is faulty has no settings.
    """
    sources, results = sort_out(function_config, items)
    base = _Base.read(sources, environ, results)
    off = base.switched_off()
    monitoring = monitoring_of(base.spec.dashboards, base.spec.rules, base.spec.monitors)
    classes = []
    for resource in sources.classes:
        settings, faulty, said = _class_settings(resource, base, off)
        results += map(_harmless, said) if base.spec.on_error == "degrade" else said
        required, said = requirements(resource)
        if monitoring.rules and monitoring.rules.requirements and settings and settings.enabled.value:
            results += said
        classes.append(
            OaasClass(
                name=resource.name,
                names=resource.names,
                namespace=resource.namespace,
                ref=resource.ref,
                functions=functions(resource),
                settings=settings,
                faulty=faulty,
                resource=resource,
                enabled_by=_enabled_by(resource, settings),
                requirements=required,
            )
        )
    platform, components, said = _platform(base, off)
    results += said
    degrade = base.spec.on_error == "degrade"
    if degrade:  # a block that stands in the OTelConfig is one class's as well
        results = [_harmless(one) if one.field_path.startswith("spec.classes.") else one for one in results]
    nodes, said = _node_collectors(base, off)
    results += said
    results += _flavor(base)
    results += tail_for_nobody(base.spec, [one.settings for one in classes], base.place)
    spec = base.spec
    if monitoring.monitors and spec.flavor != "operator":
        settled = [one.settings for one in (*classes, *([nodes] if nodes else [])) if one.enabled]
        results += _closed([*settled, platform if components else None], base, results)
    configuration = Configuration(
        classes=tuple(classes),
        platform=platform,
        platform_components=components,
        node_collectors=nodes,
        switched_off=off,
        prune=spec.prune,
        adopt=bool(spec.adopt),
        degrade=degrade,
        operator=spec.flavor == "operator",
        merge_crd=bool(spec.merge_crd),
        write_status=spec.status == "write",
        config_given=sources.config is not None,
        flat_given=sources.flat is not None,
        skip_containers=spec.skip_containers or (),
        kinds=tuple(KindPath(k.api_version, k.kind, tuple(k.path.split("."))) for k in spec.kinds or ()),
        knative_field_ref=bool(spec.knative and spec.knative.field_ref),
        monitoring=monitoring,
    )
    # Faults must not keep the global switch from working.
    return configuration, results if off is None else [_harmless(result) for result in results]


def _flavor(base: _Base) -> list[Result]:
    """What flavor `operator` cannot do: names that something changes later, an interval of its monitors."""
    if base.spec.flavor != "operator":
        return []
    said = []
    monitors = base.spec.monitors
    if monitors and monitors.enabled is not False and monitors.interval:
        text = "has no effect with flavor operator, whose monitors have no place for it: leave it out"
        said.append(
            base.place.result(("monitors", "interval"), "operator-cannot-say", "warning", text, monitors.interval)
        )
    if base.spec.names_may_change:
        text = (
            "is operator, which writes the names of its objects into annotations of pods, and names_may_change says "
            "that a prefix may still come: run the function as a transformer of the last overlay, or write native"
        )
        said.append(base.place.result(("flavor",), "name-not-final", "error", text, "operator", "native"))
    return said


def _harmless(result: Result) -> Result:
    """A fault that is not to stop the run."""
    return replace(result, severity="warning") if result.severity == "error" else result


def _closed(settled: Sequence[Settings | None], base: _Base, said: Sequence[Result]) -> list[Result]:
    """A warning where a monitor points at a collector whose NetworkPolicy lets nobody in; once is enough."""
    behind = (one.collector for one in settled if one and one.collector and one.collector.mode.value != "sidecar")
    closed = any(one.network_policy.enabled and not one.network_policy.scrapers for one in behind)
    if not closed or any(result.code == "scrapers-missing" for result in said):
        return []
    text = (
        "lets Prometheus fetch the collectors' metrics, but their NetworkPolicy lets nobody in: write "
        "collector.network_policy.scrapers"
    )
    return [base.place.result(("monitors",), "scrapers-missing", "warning", text)]


@dataclass(frozen=True)
class _Base:
    """The sources that all classes share."""

    sources: Sources
    place: Place
    config: Loaded[ConfigSpec]
    flat_place: Place
    flat: Loaded[FlatForm]
    environment_place: Place
    environment: Loaded[FlatForm]

    @classmethod
    def read(cls, sources: Sources, environ: Mapping[str, str], results: list[Result]) -> _Base:
        """Read them, and add what is to be said of them to `results`."""
        place, config = Place("OTelConfig", prefix="spec"), Loaded(ConfigSpec())
        flat_place, flat = Place("OTelConfig", prefix="data"), Loaded(FlatForm())
        if sources.config is not None:
            place, config = config_spec(sources.config)
        if sources.flat is not None:
            flat_place, flat = from_config_map(sources.flat)
        environment_place, environment = from_environment(environ)
        results += [*config.results, *flat.results, *environment.results]
        return cls(sources, place, config, flat_place, flat, environment_place, environment)

    @property
    def spec(self) -> ConfigSpec:
        return self.config.model

    def layers(self, entry: str | None) -> list[Layer]:
        """The layers below a class's own blocks; `entry`: its key in `classes`."""
        faulty = not self.sources.sound or matters(self.config.faults, entry)
        return [
            Layer(self.flat.model, self.flat_place, bool(self.flat.faults)),
            Layer(self.spec, self.place, faulty),
            Layer(self.environment.model, self.environment_place, bool(self.environment.faults)),
        ]

    def switched_off(self) -> Origin | None:
        """Where the global switch says off; one place is enough."""
        switches = (
            (self.spec.enabled, self.place, "enabled"),
            (self.flat.model.features_otel, self.flat_place, "features_otel"),
            (self.environment.model.features_otel, self.environment_place, "features_otel"),
        )
        return next((place.origin((name,)) for value, place, name in switches if value is False), None)

    def enabled_by_default(self) -> Sourced[bool]:
        """What a block means that does not say `enabled`."""
        defaults = (
            (self.flat.model.enabled, self.flat_place, "enabled"),
            (self.flat.model.features_otel, self.flat_place, "features_otel"),
            (self.spec.enabled, self.place, "enabled"),
            (self.environment.model.enabled, self.environment_place, "enabled"),
            (self.environment.model.features_otel, self.environment_place, "features_otel"),
        )
        for value, place, name in defaults:
            if value is not None:
                return Sourced(value, place.origin((name,)))
        return Sourced(False, DEFAULT)


def _class_settings(resource: Resource, base: _Base, off: Origin | None) -> tuple[Settings | None, bool, list[Result]]:
    """The settings of one class, None where it has no block or a faulty one; and which of the two."""
    own, said = class_block(resource)
    entry = named_in(resource, base.sources.config) if base.sources.config is not None else None
    blocks = [own] if own else []
    name = entry_for(resource, base.spec)
    if name is not None and base.spec.classes:
        place = Place("OTelConfig", base.place.ref, base.place.path(("classes", name)))
        blocks.append(Layer(base.spec.classes[name], place))
    if not blocks or has_errors(said):
        return None, has_errors(said), list(said)
    enabled = base.enabled_by_default()
    for layer in reversed(blocks):
        if (value := layer.at(("enabled",))) is not None:
            enabled = Sourced(value, layer.place.origin(("enabled",)))
    if off is not None:
        enabled = Sourced(False, off)
    layers = [*blocks, *base.layers(entry)]
    required, _ = requirements(resource)
    settings, more = compose(layers, enabled, base.spec, base.place, blocks[0].place, resource.namespace, required)
    return settings, settings is None, [*said, *more]


def _enabled_by(resource: Resource, settings: Settings | None) -> str:
    if settings is None or not settings.enabled.value:
        return ""
    return "OTelConfig" if settings.enabled.origin.source == "OTelConfig" or not has_block(resource) else ""


def _platform(base: _Base, off: Origin | None) -> tuple[Settings | None, tuple[PlatformComponent, ...], list[Result]]:
    """Settings and components of the platform's pseudo-class, from the OTelConfig and what is below it."""
    platform = base.spec.platform
    if platform is None:
        return None, (), []
    components = tuple(
        PlatformComponent(key, dict(component.match_labels), component.service_name or key)
        for key, component in (platform.components or {}).items()
    )
    if platform.enabled is None:
        enabled = Sourced(True, DEFAULT)
    else:
        enabled = Sourced(platform.enabled, base.place.origin(("platform", "enabled")))
    if off is not None:
        enabled = Sourced(False, off)
    settings, said = compose(base.layers(None), enabled, base.spec, base.place, base.place)
    return settings, components, said if components else []


def _node_collectors(base: _Base, off: Origin | None) -> tuple[OaasClass | None, list[Result]]:
    """The pseudo-class that owns the collectors of mode daemonset, where the OTelConfig has them made here."""
    block = base.spec.collector.daemonset if base.spec.collector else None
    if block is None or not block.manage or off is not None:
        return None, []
    layers = base.layers(None)
    enabled = Sourced(True, base.place.origin(("collector", "daemonset", "manage")))
    settings, said = compose(node_layers(layers, base.place), enabled, base.spec, base.place, base.place, node=True)
    namespace = namespace_of(layers)
    config = base.sources.config
    return OaasClass(NODE_OWNER, (NODE_OWNER,), namespace, base.place.ref, (), settings, settings is None, config), said
