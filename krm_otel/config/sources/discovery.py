"""Which objects configure: the OTelConfig in use, the flat ConfigMap, and the ClassRuntimes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as class_rules
from krm_otel.diagnostics.rules import inputs as rules
from krm_otel.krm.resource import Resource
from krm_otel.names import (
    A_PREVIOUS_NAMESPACES,
    CLASS_API_VERSION,
    CLASS_GROUP,
    CLASS_KIND,
    CONFIG_API_VERSION,
    CONFIG_GROUPS,
    CONFIG_KIND,
    RESERVED,
)
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode


@dataclass(frozen=True)
class Discovered:
    """What configures the input.

    `is_certain` is False where it is not clear which OTelConfig is in use: then krm-otel does not report what that
    OTelConfig may lack.
    """

    config: Resource | None
    flat: Resource | None
    classes: tuple[Resource, ...]
    is_certain: bool = True


def discover(function_config: Resource | None, items: Sequence[Resource]) -> tuple[Discovered, list[Result]]:
    """Finds what configures; `krm_otel.config.resolve.configuration.resolve` has the rules."""
    results: list[Result] = []
    config = flat = None
    classes = [item for item in items if is_class(item)]
    configs = [item for item in items if item.kind == CONFIG_KIND and item.group in CONFIG_GROUPS]
    given = function_config if function_config and function_config.root.pairs else None
    is_certain = True
    if given is None:
        pass
    elif given.kind == CONFIG_KIND:
        config = given
        results += [_unused(item, given) for item in configs if item.name != given.name]
    elif given.kind == "ConfigMap" and given.api_version == "v1":
        flat = given
    elif is_class(given):
        if not any(_is_same(item, given) for item in classes):
            classes.append(given)
    else:
        is_certain = False
        results.append(_not_accepted(given))
    if config is None and configs:
        config, *others = _different(configs)
        if others:
            results += [_two_configs(config, other) for other in others]
            config, is_certain = None, False
    if config is not None and config.api_version != CONFIG_API_VERSION:
        where = Location(config.ref, "apiVersion", "apiVersion")
        text, current = "is not that of an OTelConfig", config.api_version or None
        fix = f"write {CONFIG_API_VERSION}"
        results.append(rules.API_VERSION.at(where, text, fix=fix, current=current, proposed=CONFIG_API_VERSION))
    valid_classes, name_results = _with_unique_names(classes)
    return Discovered(config, flat, valid_classes, is_certain), [*results, *name_results]


def is_class(resource: Resource) -> bool:
    """Whether an object is a ClassRuntime, of any version."""
    return resource.kind == CLASS_KIND and resource.group == CLASS_GROUP


def _is_same(item: Resource, given: Resource) -> bool:
    """Whether an item is the object given as function config, which no transformer has renamed or moved."""
    previous = item.annotations.get(A_PREVIOUS_NAMESPACES, "").split(",")
    # kustomize records `default` for an object that had no namespace.
    was_there = (given.namespace or "default") in [name.strip() for name in previous]
    return given.name in item.names and (item.namespace == given.namespace or was_there)


def _with_unique_names(classes: Iterable[Resource]) -> tuple[tuple[Resource, ...], list[Result]]:
    """The classes with valid names, and errors for the others."""
    results: list[Result] = []
    valid: dict[tuple[str, str], Resource] = {}
    for item in classes:
        where = Location(item.ref, "metadata.name", "metadata.name")
        if not item.name:
            fix = "write the name of the class"
            results.append(class_rules.CLASS_NAME_MISSING.at(where, "is missing", fix=fix))
        elif owner := RESERVED.get(item.name):
            text, fix = f"{item.name} is reserved for {owner}", "write another name"
            results.append(class_rules.CLASS_NAME_RESERVED.at(where, text, fix=fix, current=item.name))
        elif first := valid.get((item.name, item.namespace)):
            namespace = f"in namespace {item.namespace}" if item.namespace else "without namespace"
            positions = f"in {_position(first)} and in {_position(item)}"
            text, fix = f"{item.name} {namespace} belongs to two ClassRuntimes, {positions}", "rename or remove one"
            results.append(class_rules.CLASS_NAME_TWICE.at(where, text, fix=fix, current=item.name))
        else:
            valid[item.name, item.namespace] = item
    return tuple(valid.values()), results


def _different(configs: Iterable[Resource]) -> list[Resource]:
    """The OTelConfigs without copies, which have the same name and spec: an object can be in the input twice."""
    different: list[Resource] = []
    for item in configs:
        if not any(item.name == other.name and _spec(item) == _spec(other) for other in different):
            different.append(item)
    return different


def _spec(item: Resource) -> object:
    try:
        return decode(item.node("spec"))
    except (SourceError, RecursionError):
        return item  # equal to nothing else; `load` reports the error


def _position(item: Resource) -> str:
    if item.ref.file:
        return item.ref.file + (f"[{item.ref.index}]" if item.ref.index else "")
    return f"items[{item.position}]" if item.position >= 0 else "the function config"


def _two_configs(first: Resource, second: Resource) -> Result:
    text = (
        f"OTelConfig {first.name} in {_position(first)} and OTelConfig {second.name} in {_position(second)} "
        "are both in the input"
    )
    where, fix = Location(second.ref, "metadata.name"), "keep one, or give one as function config"
    return rules.CONFIG_TWICE.at(where, text, fix=fix, current=second.name or None)


def _unused(item: Resource, given: Resource) -> Result:
    text = f"OTelConfig {item.name} is not used, since OTelConfig {given.name} is given as function config"
    return rules.CONFIG_UNUSED.at(item.ref, text)


def _not_accepted(given: Resource) -> Result:
    """An error for a function config of another kind, or of another version of an accepted kind."""
    name = " ".join(part for part in (given.api_version, given.kind) if part) or "an object without kind"
    fix = f"write an OTelConfig ({CONFIG_API_VERSION}), a ConfigMap (v1) or a ClassRuntime ({CLASS_API_VERSION})"
    version = {CLASS_KIND: CLASS_API_VERSION, "ConfigMap": "v1"}.get(given.kind)
    where = Location(given.ref, "apiVersion" if version else "kind")
    current = (given.api_version if version else given.kind) or None
    return rules.FUNCTION_CONFIG_KIND.at(
        where, f"function config is {name}", fix=fix, current=current, proposed=version or CONFIG_KIND
    )
