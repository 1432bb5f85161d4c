"""The flat form: one text per setting, as the environment and `kpt fn eval -- key=value` give it.

One table for both. The texts are parsed leniently (`yes`, `1`, `w3c, b3`), then checked by the same models as
the blocks; what cannot be parsed goes there as text, so that the fault is told in one way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.errors import as_bool, as_number
from krm_otel.config.reading.loader import Loaded, check
from krm_otel.config.schema.observability import FlatForm
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location, one_line
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.rules import inputs as inputs_rules
from krm_otel.diagnostics.suggestion import listed, nearest, without_separators
from krm_otel.krm.resource import Resource
from krm_otel.names import E_FEATURE, E_PREFIX
from krm_otel.yamltext.nodes import Mapping as MappingNode
from krm_otel.yamltext.nodes import Scalar
from krm_otel.yamltext.query import as_mapping, deref, is_null, text_of

FEATURE: Final = "features_otel"
KEYS: Final[dict[str, FieldSteps]] = {
    "enabled": ("enabled",),
    "endpoint": ("collector", "endpoint"),
    "sampling_rate": ("telemetry", "sampling_rate"),
    "collector_image": ("collector", "image"),
    "mode": ("collector", "mode"),
    "propagators": ("telemetry", "propagators"),
    "traces": ("telemetry", "traces"),
    "metrics": ("telemetry", "metrics"),
    "logs": ("telemetry", "logs"),
    "exporter_traces": ("collector", "exporters", "traces"),
    "exporter_metrics": ("collector", "exporters", "metrics"),
    "exporter_logs": ("collector", "exporters", "logs"),
    "resource_attributes": ("telemetry", "resource_attributes"),
    "protocol": ("telemetry", "protocol"),
    FEATURE: ("features_otel",),
}
"""Key of the flat form → place in a block. In the environment the keys are upper case, behind a prefix."""

_EXPORTERS: Final = frozenset(("exporter_traces", "exporter_metrics", "exporter_logs"))
_SWITCHES: Final = frozenset(("enabled", "traces", "metrics", "logs", FEATURE))


def variable(key: str) -> str:
    """`sampling_rate` → `OPRC_CRM_OTEL_SAMPLING_RATE`."""
    return E_FEATURE if key == FEATURE else E_PREFIX + key.upper()


def from_environment(environ: Mapping[str, str]) -> tuple[Source, Loaded[FlatForm]]:
    """The settings in the environment; an empty variable reads as unset."""
    place = Source("environment", aliases={loc: variable(key) for key, loc in KEYS.items()})
    known = {variable(key): key for key in KEYS}
    results: list[Result] = []
    texts: dict[str, str] = {}
    for name in sorted(environ):
        if name in known:
            texts[known[name]] = environ[name]
        elif name.startswith(E_PREFIX):
            meant = nearest(name.removeprefix(E_PREFIX), [key.upper() for key in KEYS if key != FEATURE])
            proposed = E_PREFIX + meant if meant else None
            text = f"{name} is not a known variable and is not read: " + (
                f"write {proposed}" if proposed else f"known are {listed(sorted(known), 'and')}"
            )
            results.append(
                inputs_rules.UNKNOWN_VARIABLE.at(
                    Location(place.ref, name), text, current=one_line(name), proposed=proposed
                )
            )
    loaded = _parse(texts, place)
    return place, Loaded(loaded.model, (*results, *loaded.results), loaded.faults)


def from_config_map(resource: Resource) -> tuple[Source, Loaded[FlatForm]]:
    """The settings in the `data` of a ConfigMap; values may be unquoted, null and empty read as unset."""
    place = Source("OTelConfig", resource.ref, aliases={loc: f"data.{key}" for key, loc in KEYS.items()})
    at = Source("OTelConfig", resource.ref, "data")
    results: list[Result] = []
    faults: list[FieldSteps] = []
    texts: dict[str, str] = {}
    data = deref(resource.node("data"))
    if data is not None and not isinstance(data, MappingNode) and not is_null(data):
        results.append(fields_rules.WRONG_TYPE.at(at.location(()), "must be a mapping of keys to texts"))
        faults.append(())
    seen: set[str] = set()
    for key_node, value in data.pairs if isinstance(data, MappingNode) else ():
        key = text_of(key_node) or ""
        if key in seen:
            results.append(
                inputs_rules.DUPLICATE_KEY.at(at.location((key,)), "stands twice in its mapping: keep one of them")
            )
        seen.add(key)
        if key not in KEYS:
            results.append(_unknown(at, key))
        elif isinstance(deref(value), Scalar):
            texts[key] = text_of(value) or ""
            continue
        elif is_null(value):
            continue
        else:
            text = "must be a text: lists and mappings are written as a,b and k=v,k2=v2"
            results.append(fields_rules.WRONG_TYPE.at(at.location((key,)), text))
        faults.append((key,))
    loaded = _parse(texts, place)
    return place, Loaded(loaded.model, (*results, *loaded.results), (*faults, *loaded.faults))


def is_flat(resource: Resource) -> bool:
    """Whether a function config is a ConfigMap."""
    return resource.kind == "ConfigMap" and resource.api_version == "v1" and as_mapping(resource.root) is not None


def _unknown(at: Source, key: str) -> Result:
    short = without_separators(key).removeprefix(without_separators(E_PREFIX))
    meant = FEATURE if without_separators(key) == without_separators(E_FEATURE) else nearest(short, KEYS)
    text = (
        f"is not a known key: write {meant}"
        if meant
        else f"is not a known key: known are {listed(sorted(KEYS), 'and')}"
    )
    return fields_rules.UNKNOWN_FIELD.at(at.location((key,)), text, current=key, proposed=meant)


def _parse(texts: Mapping[str, str], place: Source) -> Loaded[FlatForm]:
    data: dict[str, Any] = {}
    results: list[Result] = []
    faults: list[FieldSteps] = []
    shown: dict[FieldSteps, str] = {}
    for key, raw in texts.items():
        text, loc = raw.strip(), KEYS[key]
        if not text:
            continue
        if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
            results.append(inputs_rules.NOT_UTF8.at(place.location(loc), "is not UTF-8: write it in UTF-8"))
            faults.append(loc)
            continue
        value: Any = text
        if key in _SWITCHES:
            value = text if (switch := as_bool(text)) is None else switch
        elif key == "sampling_rate":
            value = text if (number := as_number(text)) is None else number
        elif (key in _EXPORTERS and "," in text) or key == "propagators":
            value = [item.strip() for item in text.split(",") if item.strip()]
            shown.update({(*loc, index): item for index, item in enumerate(value)})
        elif key == "resource_attributes":
            value, wrong = _pairs(text)
            results += [inputs_rules.ATTRIBUTE_PAIR.at(place.location(loc), t, current=text) for t in wrong]
            faults += [loc] * bool(wrong)
            shown.update({(*loc, name): item for name, item in value.items()})
        shown[loc] = text
        at = data
        for step in loc[:-1]:
            at = at.setdefault(str(step), {})
        at[str(loc[-1])] = value
    checked = check(FlatForm, data, place, shown.get)
    return Loaded(checked.model, (*results, *checked.results), (*faults, *checked.faults))


def _pairs(text: str) -> tuple[dict[str, str], list[str]]:
    """`k=v,k2=v2`, percent-decoded, and what is wrong with it."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for item in text.split(","):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not item.strip():
            continue
        try:
            decoded = unquote(value, errors="strict")
        except UnicodeDecodeError:
            wrong.append(f"has the value {value}, which is not percent-encoded UTF-8: write it in UTF-8")
            continue
        if not equals or not key:
            wrong.append(f"has the entry {item.strip()}, which is no pair: write key=value,key2=value2")
        else:
            found[key] = decoded
    return found, wrong
