"""The blocks of a ClassRuntime and an OTelConfig, read from their nodes."""

from __future__ import annotations

import math
from typing import Final

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.loader import Loaded, duplicate_key, load
from krm_otel.config.schema.introspection import fields_of
from krm_otel.config.schema.observability import FlatTelemetry, Observability, nested
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.settings import Function, Requirements
from krm_otel.config.sources.layers import Layer
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as class_rules
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.suggestion import nearest
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Mapping, Scalar
from krm_otel.yamltext.query import as_mapping, as_sequence, is_null, lookup, text_of

_CLASS_FIELDS: Final = frozenset(
    ("enabled", "telemetry", "collector", "classes", "backends", "limits", "names_may_change", "flavor")
)
"""Fields of an OTelConfig that the settings of a class depend on."""
_FLAT_ALIASES: Final[dict[FieldSteps, str]] = {
    ("enabled",): "spec.telemetry.enabled",
    ("collector", "endpoint"): "spec.observability.collector.endpoint",  # the flat block has no collector
}
REQUIREMENTS: Final = "nfr_requirements"
"""The field of a ClassRuntime's spec with what upstream's CRD lets a class require."""
_HIGHEST: Final = {"max_latency_ms": math.inf, "min_throughput_rps": math.inf, "availability_pct": 100.0}
"""Requirement → its highest value; the value must be above zero."""


def class_block(resource: Resource) -> tuple[Layer | None, list[Result]]:
    """The block of a ClassRuntime: `spec.observability`, otherwise upstream's flat `spec.telemetry`, otherwise None."""
    spec = Source("ClassRuntime", resource.ref, "spec")
    keys = _spec_keys(resource)
    results = [duplicate_key(spec, ("observability",))] if keys.count("observability") > 1 else []
    node = resource.node("spec", "observability")
    if not is_null(node):
        source = Source("ClassRuntime", resource.ref, "spec.observability")
        block = load(Observability, node, source)
        faulty = bool(block.invalid or results)
        results += block.results
        if is_null(lookup(node, "enabled")) and resource.text("spec", "telemetry", "enabled") == "true":
            text = "is missing, and spec.telemetry with enabled: true is not read together with spec.observability"
            fix = "write enabled: true here, and the other fields of spec.telemetry under telemetry"
            results.append(class_rules.TELEMETRY_UNREAD.at(source.location(("enabled",)), text, fix=fix, proposed=True))
        return Layer(block.model, source, faulty), results
    node = resource.node("spec", "telemetry")
    if is_null(node):
        return None, [*results, *_misspelt(spec, keys)]
    flat = load(FlatTelemetry, node, Source("ClassRuntime", resource.ref, "spec.telemetry"), unknown_fields="warning")
    source = Source("ClassRuntime", resource.ref, "spec", _FLAT_ALIASES)
    return Layer(nested(flat.model), source, bool(flat.invalid or results)), [*results, *flat.results]


def _spec_keys(resource: Resource) -> list[str]:
    spec = resource.node("spec")
    return [key.value for key, _ in spec.pairs if isinstance(key, Scalar)] if isinstance(spec, Mapping) else []


def _misspelt(spec: Source, keys: list[str]) -> list[Result]:
    """Warnings for keys that look like `observability`. Other fields of the spec are upstream's, and not checked."""
    return [
        rules.UNKNOWN_FIELD.at(
            Location(spec.ref, path := spec.path_of((key,)), path),
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
    """Whether a ClassRuntime has a block itself."""
    return not all(is_null(resource.node("spec", key)) for key in ("observability", "telemetry"))


def package_key(resource: Resource) -> str:
    """`spec.package_class_key`: upstream's package manager names each deployment of a class `<class>-<random>`."""
    node = resource.node("spec", "package_class_key")
    return "" if is_null(node) else (text_of(node) or "").strip()


def functions(resource: Resource) -> tuple[Function, ...]:
    """The functions of a class, one for each entry; invalid values are upstream's concern and become empty."""
    entries = as_sequence(resource.node("spec", "functions"))
    return tuple(
        Function(
            text_of(lookup(entry, "function_key")) or "",
            text_of(lookup(entry, "container_image"))
            or text_of(lookup(entry, "provision_config", "container_image"))
            or "",
        )
        for entry in (entries.items if entries else ())
    )


def requirements(resource: Resource) -> tuple[Requirements, list[Result]]:
    """The requirements of a class, and warnings.

    krm-otel does not define them: a value that it cannot use is a warning, and counts as absent.
    """
    numbers: dict[str, float] = {}
    results = []
    for name, highest in _HIGHEST.items():
        path = ("spec", REQUIREMENTS, name)
        if is_null(resource.node(*path)):
            continue
        text = text_of(resource.node(*path)) or ""
        number = _number(text)
        if number is not None and 0 < number <= highest:
            numbers[name] = number
        elif number != 0:  # zero requires nothing
            limit = "" if math.isinf(highest) else f" and at most {highest:g}"
            where = Location(resource.ref, ".".join(path), ".".join(path))
            wrong = f"must be a number above 0{limit}, so there is no rule for it"
            results.append(class_rules.REQUIREMENT_INVALID.at(where, wrong, current=text))
    return Requirements(**numbers), results


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def config_spec(resource: Resource) -> Loaded[ConfigSpec]:
    """The spec of an OTelConfig, with the errors of the whole object."""
    keys = [getattr(key, "value", "") for key, value in resource.root.pairs if not is_null(value)]
    unknown = [key for key in keys if key not in ("apiVersion", "kind", "metadata", "spec", "status", "<<")]
    results = []
    for key in unknown:
        proposed = f"spec.{key}" if key in fields_of(ConfigSpec) else None
        where = Location(resource.ref, path := field_path(key), path)
        fix = f"write {proposed or 'settings in spec'}"
        text = "is not a field of an OTelConfig"
        results.append(rules.UNKNOWN_FIELD.at(where, text, fix=fix, current=key, proposed=proposed))
    loaded = load(ConfigSpec, resource.node("spec"), Source("OTelConfig", resource.ref, "spec"))
    return loaded.preceded_by(results, [()] if results else [])


def concerns_class(invalid: tuple[FieldSteps, ...], entry: str | None) -> bool:
    """Whether invalid fields of an OTelConfig concern a class with the key `entry` in `classes` (None: no key).

    An unknown field can be a misspelt one, so it concerns every class.
    """
    return any(
        steps[1] == entry
        if steps[:1] == ("classes",) and len(steps) > 1
        else not steps or steps[0] in _CLASS_FIELDS or steps[0] not in fields_of(ConfigSpec)
        for steps in invalid
    )


def class_entry(resource: Resource, spec: ConfigSpec, source: Source) -> Layer | None:
    """The entry in `classes` for a class, by its name or a name that it had before kustomize renamed it."""
    name = next((name for name in resource.names if name in spec.classes), None)
    if name is None:
        return None
    return Layer(spec.classes[name], Source("OTelConfig", source.ref, source.path_of(("classes", name))))


def entry_key(resource: Resource, config: Resource | None) -> str | None:
    """The key of a class's entry in `classes`, also where the entry is so invalid that the model does not have it."""
    entries = as_mapping(config.node("spec", "classes")) if config else None
    keys = {text_of(key) for key, _ in entries.pairs} if entries else set()
    return next((name for name in resource.names if name in keys), None)
