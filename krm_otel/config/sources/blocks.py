"""The blocks of a ClassRuntime and an OTelConfig, read from their nodes."""

from __future__ import annotations

from typing import Final

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.loader import Loaded, load
from krm_otel.config.schema.introspection import fields_of
from krm_otel.config.schema.observability import FlatTelemetry, Observability, nested
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.settings import Function
from krm_otel.config.sources.discovery import top_level_keys
from krm_otel.config.sources.layers import Layer
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as classes_rules
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.rules import inputs as inputs_rules
from krm_otel.diagnostics.suggestion import nearest
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Mapping, Scalar
from krm_otel.yamltext.query import as_mapping, as_sequence, is_null, lookup, text_of

_ASIDE: Final = frozenset(
    (
        *("kinds", "skip_containers", "platform", "knative", "prune", "on_error", "adopt", "status", "merge_crd"),
        *("dashboards", "rules", "monitors"),
    )
)
"""Fields of an OTelConfig that have no part in the settings of a class."""


def class_block(resource: Resource) -> tuple[Layer | None, tuple[Result, ...]]:
    """The block of a ClassRuntime: `spec.observability`, else upstream's flat `spec.telemetry`, else None."""
    doubled: tuple[Result, ...] = ()
    if _stands_twice(resource, "observability"):
        text = "spec.observability stands twice in its mapping: keep one of them"
        doubled = (inputs_rules.DUPLICATE_KEY.at(Location(resource.ref, "spec.observability"), text),)
    node = resource.node("spec", "observability")
    if not is_null(node):
        place = Source("ClassRuntime", resource.ref, "spec.observability")
        loaded = load(Observability, node, place)
        unread: tuple[Result, ...] = ()
        if is_null(lookup(node, "enabled")) and resource.text("spec", "telemetry", "enabled") == "true":
            text = (
                "is missing, and spec.telemetry, which says enabled: true, is not read beside spec.observability: "
                "write it here, and what else stands there under telemetry"
            )
            unread = (classes_rules.TELEMETRY_UNREAD.at(place.location(("enabled",)), text, proposed=True),)
        return Layer(loaded.model, place, bool(loaded.faults or doubled)), (*doubled, *loaded.results, *unread)
    node = resource.node("spec", "telemetry")
    if is_null(node):
        return None, (*doubled, *_misspelt(resource))
    flat = load(FlatTelemetry, node, Source("ClassRuntime", resource.ref, "spec.telemetry"), unknown="warning")
    # `telemetry` stands as in a block, and a collector could only be said in a block of ours.
    names: dict[FieldSteps, str] = {("enabled",): "spec.telemetry.enabled"}
    names["collector", "endpoint"] = "spec.observability.collector.endpoint"
    place = Source("ClassRuntime", resource.ref, "spec", names)
    return Layer(nested(flat.model), place, bool(flat.faults or doubled)), (*doubled, *flat.results)


def _misspelt(resource: Resource) -> list[Result]:
    """Warnings for what looks like the block. Other fields of the spec are upstream's, and none of our business."""
    spec = resource.node("spec")
    keys = [key.value for key, _ in spec.pairs if isinstance(key, Scalar)] if isinstance(spec, Mapping) else []
    return [
        fields_rules.UNKNOWN_FIELD.at(
            Location(resource.ref, field_path("spec", key), f"spec.{key}"),
            "is not read",
            fix="write observability",
            current=key,
            proposed="observability",
            severity="warning",
        )
        for key in keys
        if key != "observability" and nearest(key, ["observability"], 0.88)
    ]


def has_block(resource: Resource) -> bool:
    """Whether a ClassRuntime has a block of its own."""
    return not all(is_null(resource.node("spec", key)) for key in ("observability", "telemetry"))


def _stands_twice(resource: Resource, key: str) -> bool:
    spec = resource.node("spec")
    pairs = spec.pairs if isinstance(spec, Mapping) else []
    return sum(isinstance(k, Scalar) and k.value == key for k, _ in pairs) > 1


def functions(resource: Resource) -> tuple[Function, ...]:
    """The functions of a class, one for each entry; what is odd there is not our business and reads empty."""
    found = []
    entries = as_sequence(resource.node("spec", "functions"))
    for entry in entries.items if entries else ():
        image = text_of(lookup(entry, "container_image")) or text_of(
            lookup(entry, "provision_config", "container_image")
        )
        found.append(Function(text_of(lookup(entry, "function_key")) or "", image or ""))
    return tuple(found)


def config_spec(resource: Resource) -> tuple[Source, Loaded[ConfigSpec]]:
    """The spec of an OTelConfig, with the faults of the whole object."""
    place = Source("OTelConfig", resource.ref, "spec")
    results: list[Result] = []
    known = fields_of(ConfigSpec)
    for key in top_level_keys(resource):
        proposed = f"spec.{key}" if key in known else None
        text = f"{key} is not a field of an OTelConfig: " + (
            f"write {proposed}" if proposed else "settings stand in spec"
        )
        results.append(
            fields_rules.UNKNOWN_FIELD.at(Location(resource.ref, field_path(key)), text, current=key, proposed=proposed)
        )
    loaded = load(ConfigSpec, resource.node("spec"), place)
    faults = (*(((),) if results else ()), *loaded.faults)
    return place, Loaded(loaded.model, (*results, *loaded.results), faults)


def matters(faults: tuple[FieldSteps, ...], entry: str | None) -> bool:
    """Whether faults of an OTelConfig bear on a class that `classes.<entry>` is for (None: on no entry)."""
    for loc in faults:
        if loc[:1] == ("classes",) and len(loc) > 1:
            if loc[1] == entry:
                return True
        elif not loc or loc[0] not in _ASIDE:
            return True
    return False


def class_entry(resource: Resource, spec: ConfigSpec, source: Source) -> Layer | None:
    """The entry in `classes` that a class answers to, by its name or one that it had before kustomize renamed it."""
    name = next((name for name in resource.names if name in spec.classes), None)
    if name is None:
        return None
    return Layer(spec.classes[name], Source("OTelConfig", source.ref, source.path_of(("classes", name))))


def entry_key(resource: Resource, config: Resource | None) -> str | None:
    """The key of a class's entry in `classes`, also where the entry is so faulty that the model has none."""
    entries = as_mapping(config.node("spec", "classes")) if config else None
    keys = {text_of(key) for key, _ in entries.pairs} if entries else set()
    return next((name for name in resource.names if name in keys), None)
