"""Which objects configure: the OTelConfig in use, the flat ConfigMap, and the ClassRuntimes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from krm_otel.config.sources.flat_form import is_flat
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as classes_rules
from krm_otel.diagnostics.rules import inputs as inputs_rules
from krm_otel.krm.resource import Resource
from krm_otel.names import (
    CLASS_API_VERSION,
    CLASS_GROUP,
    CLASS_KIND,
    CONFIG_API_VERSION,
    CONFIG_KIND,
    RESERVED,
)
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode, is_null

_CONFIG_GROUP: Final = CONFIG_API_VERSION.partition("/")[0]
_PREVIOUS_NAMESPACES: Final = "internal.config.kubernetes.io/previousNamespaces"


@dataclass(frozen=True)
class Discovered:
    """What configures the input.

    `sound` is False where it is not clear which OTelConfig counts: nothing is said then of what it may lack.
    """

    config: Resource | None
    flat: Resource | None
    classes: tuple[Resource, ...]
    sound: bool = True


def discover(function_config: Resource | None, items: Sequence[Resource]) -> tuple[Discovered, list[Result]]:
    """Find what configures; see `resolve` for the rules."""
    results: list[Result] = []
    sound = True
    config = flat = None
    classes = [item for item in items if is_class(item)]
    found = [item for item in items if item.kind == CONFIG_KIND and item.group in (_CONFIG_GROUP, CLASS_GROUP, "")]
    given = None if function_config is None or not function_config.root.pairs else function_config
    if given is None:
        pass
    elif given.kind == CONFIG_KIND:
        config = given
        results += [_unused(item, given) for item in found if item.name != given.name]
    elif is_flat(given):
        flat = given
    elif is_class(given):
        if not any(_is_same(item, given) for item in classes):
            classes.append(given)
    else:
        sound = False
        results.append(_not_accepted(given))
    if config is None:
        different = _different(found)
        if len(different) > 1:
            sound = False
            results += [_two_configs(different[0], other) for other in different[1:]]
        elif different:
            config = different[0]
    if config is not None and config.api_version != CONFIG_API_VERSION:
        text = f"apiVersion of an OTelConfig must be {CONFIG_API_VERSION}: write it so"
        current = config.api_version or None
        results.append(
            inputs_rules.API_VERSION.at(
                Location(config.ref, "apiVersion"), text, current=current, proposed=CONFIG_API_VERSION
            )
        )
    named, faults = _named(classes)
    return Discovered(config, flat, tuple(named), sound), [*results, *faults]


def is_class(resource: Resource) -> bool:
    """Whether an object is a ClassRuntime, of any version."""
    return resource.kind == CLASS_KIND and resource.group == CLASS_GROUP


def _is_same(item: Resource, given: Resource) -> bool:
    """Whether an item is the object given as function config, which no transformer has renamed or moved."""
    moved = item.annotations.get(_PREVIOUS_NAMESPACES)
    at_home = item.namespace == given.namespace
    if not at_home and moved is not None:
        # kustomize records `default` for an object that had no namespace.
        at_home = (given.namespace or "default") in [name.strip() for name in moved.split(",")]
    return given.name in item.names and at_home


def _named(classes: Iterable[Resource]) -> tuple[list[Resource], list[Result]]:
    """The classes that have a name of their own, and the faults of the others."""
    results: list[Result] = []
    named: dict[tuple[str, str], Resource] = {}
    for item in classes:
        path = "metadata.name"
        if not item.name:
            text = "metadata.name is missing: write the name of the class"
            results.append(classes_rules.CLASS_NAME_MISSING.at(Location(item.ref, path), text))
        elif whose := RESERVED.get(item.name):
            text = f"metadata.name {item.name} is that of {whose}: write another name"
            results.append(classes_rules.CLASS_NAME_RESERVED.at(Location(item.ref, path), text, current=item.name))
        elif first := named.get((item.name, item.namespace)):
            where = f"in namespace {item.namespace}" if item.namespace else "without namespace"
            text = (
                f"metadata.name {item.name} {where} is that of two ClassRuntimes, in {_place(first)} and in "
                f"{_place(item)}: rename or remove one"
            )
            results.append(classes_rules.CLASS_NAME_TWICE.at(Location(item.ref, path), text, current=item.name))
        else:
            named[item.name, item.namespace] = item
    return list(named.values()), results


def _different(configs: Iterable[Resource]) -> list[Resource]:
    """Without those that say the same under the same name: the one object may come in by two ways."""
    different: list[Resource] = []
    for item in configs:
        if not any(item.name == other.name and _spec(item) == _spec(other) for other in different):
            different.append(item)
    return different


def _spec(item: Resource) -> object:
    try:
        return decode(item.node("spec"))
    except (SourceError, RecursionError):
        return item  # equal to nothing else; `load` says what is wrong


def _place(item: Resource) -> str:
    if item.ref.file:
        return item.ref.file + (f"[{item.ref.index}]" if item.ref.index else "")
    return f"items[{item.position}]" if item.position >= 0 else "the function config"


def _two_configs(first: Resource, second: Resource) -> Result:
    text = (
        f"OTelConfig {first.name} in {_place(first)} and OTelConfig {second.name} in {_place(second)} "
        "are both in the input: keep one, or give one as function config"
    )
    return inputs_rules.CONFIG_TWICE.at(Location(second.ref, "metadata.name"), text, current=second.name or None)


def _unused(item: Resource, given: Resource) -> Result:
    text = f"OTelConfig {item.name} is not used, since OTelConfig {given.name} is given as function config"
    return inputs_rules.CONFIG_UNUSED.at(item.ref, text)


def _not_accepted(given: Resource) -> Result:
    what = " ".join(part for part in (given.api_version, given.kind) if part) or "an object without kind"
    text = (
        f"function config is {what}: write an OTelConfig ({CONFIG_API_VERSION}), a ConfigMap (v1) or "
        f"a ClassRuntime ({CLASS_API_VERSION})"
    )
    known = given.kind in (CLASS_KIND, "ConfigMap")
    proposed = {CLASS_KIND: CLASS_API_VERSION, "ConfigMap": "v1"}.get(given.kind, CONFIG_KIND)
    current = (given.api_version if known else given.kind) or None
    path = "apiVersion" if known else "kind"
    return inputs_rules.FUNCTION_CONFIG_KIND.at(Location(given.ref, path), text, current=current, proposed=proposed)


def top_level_keys(config: Resource) -> list[str]:
    """The keys of an OTelConfig beside those that every object has."""
    keys = [getattr(key, "value", "") for key, value in config.root.pairs if not is_null(value)]
    return [key for key in keys if key not in ("apiVersion", "kind", "metadata", "spec", "status", "<<")]
