"""The flat form: one text per setting, as the environment and `kpt fn eval -- key=value` give it.

A declaration with `flat="key"` adds a key; the type of its field decides how a text is parsed. Parsing is lenient
(`yes`, `1`, `w3c, b3`). The models check the values; a text that cannot be parsed is passed to them as it is, so that
its error is that of a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.loader import Loaded, duplicate_key, duplicate_keys, validate
from krm_otel.config.reading.scalars import as_bool, as_number
from krm_otel.config.schema.introspection import origin, type_at
from krm_otel.config.schema.observability import FlatForm
from krm_otel.config.schema.setting import Model
from krm_otel.config.types.finding import write
from krm_otel.diagnostics.result import Ref, Result, printable
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.rules import inputs as input_rules
from krm_otel.diagnostics.suggestion import listed, nearest, without_separators
from krm_otel.krm.resource import Resource
from krm_otel.names import E_FEATURE, E_PREFIX
from krm_otel.yamltext.nodes import Mapping as MappingNode
from krm_otel.yamltext.nodes import Scalar
from krm_otel.yamltext.query import deref, is_null, text_of

GLOBAL_SWITCH: Final = "features_otel"
_FIRST: Final = (
    *("enabled", "endpoint", "sampling_rate", "collector_image", "mode", "propagators"),
    *("traces", "metrics", "logs", "exporter_traces", "exporter_metrics", "exporter_logs"),
)
"""The keys that Argo CD shows first, in this order; the others follow as they are declared."""


def _declared_keys(model: type[Model], parent: FieldSteps = ()) -> Iterator[tuple[str, FieldSteps]]:
    """The keys in a model and in its blocks. A block that has keys has a default, which says what model it is."""
    for name, declared in model.settings.items():
        if declared.flat:
            yield declared.flat, (*parent, name)
        if isinstance(declared.default, Model):
            yield from _declared_keys(type(declared.default), (*parent, name))


_DECLARED: Final = dict(_declared_keys(FlatForm))
KEYS: Final = {key: _DECLARED[key] for key in (*_FIRST, *_DECLARED)}
"""Key of the flat form → field in a block. A variable of the environment has the key in upper case after a prefix."""


def variable(key: str) -> str:
    """`sampling_rate` → `OPRC_CRM_OTEL_SAMPLING_RATE`."""
    return E_FEATURE if key == GLOBAL_SWITCH else E_PREFIX + key.upper()


def from_environment(environ: Mapping[str, str]) -> Loaded[FlatForm]:
    """The settings in the environment; an empty variable is unset."""
    source = Source("environment", aliases={steps: variable(key) for key, steps in KEYS.items()})
    keys = {variable(key): key for key in KEYS}
    texts = {keys[name]: environ[name] for name in sorted(environ) if name in keys}
    unknown = [name for name in sorted(environ) if name.startswith(E_PREFIX) and name not in keys]
    return _load(texts, source).preceded_by(map(_unknown_variable, unknown), ())


def _unknown_variable(name: str) -> Result:
    meant = nearest(name.removeprefix(E_PREFIX), [key.upper() for key in KEYS if key != GLOBAL_SWITCH])
    proposed = E_PREFIX + meant if meant else None
    fix = write(proposed) or f"the known variables are {listed(sorted(map(variable, KEYS)), 'and')}"
    text, where = "is not a known variable and is not read", Location(Ref(), name, name)
    return input_rules.UNKNOWN_VARIABLE.at(where, text, fix=fix, current=printable(name), proposed=proposed)


def from_config_map(resource: Resource) -> Loaded[FlatForm]:
    """The settings in the `data` of a ConfigMap; values may be unquoted, null and empty are unset."""
    source = Source("OTelConfig", resource.ref, aliases={steps: f"data.{key}" for key, steps in KEYS.items()})
    block = Source("OTelConfig", resource.ref, "data")
    data = deref(resource.node("data"))
    if data is not None and not isinstance(data, MappingNode) and not is_null(data):
        result = rules.WRONG_TYPE.at(block.location(), "must be a mapping of keys to strings")
        return Loaded(FlatForm(), source, (result,), ((),))
    results = [duplicate_key(block, steps) for steps in duplicate_keys(data) if len(steps) == 1]
    invalid: list[FieldSteps] = []
    texts: dict[str, str] = {}
    for key_node, value in data.pairs if isinstance(data, MappingNode) else ():
        key = text_of(key_node) or ""
        if key in KEYS and isinstance(deref(value), Scalar):
            texts[key] = text_of(value) or ""
        elif key not in KEYS or not is_null(value):
            invalid.append((key,))
            results.append(_wrong_entry(block, key))
    return _load(texts, source).preceded_by(results, invalid)


def _wrong_entry(block: Source, key: str) -> Result:
    """An error for an unknown key, or for a value that is not a scalar."""
    where = block.location((key,))
    if key in KEYS:
        return rules.WRONG_TYPE.at(where, "must be a string", fix="write lists as a,b and mappings as k=v,k2=v2")
    letters = without_separators(key)
    is_global = letters == without_separators(E_FEATURE)
    meant = GLOBAL_SWITCH if is_global else nearest(letters.removeprefix(without_separators(E_PREFIX)), KEYS)
    fix = write(meant) or f"the known keys are {listed(sorted(KEYS), 'and')}"
    return rules.UNKNOWN_FIELD.at(where, "is not a known key", fix=fix, current=key, proposed=meant)


def _load(texts: Mapping[str, str], source: Source) -> Loaded[FlatForm]:
    """The settings of a source, from its keys and texts."""
    data: dict[str, Any] = {}
    results: list[Result] = []
    invalid: list[FieldSteps] = []
    shown: dict[FieldSteps, str] = {}  # field → its text, for results
    for key, written in texts.items():
        text, steps = written.strip(), KEYS[key]
        if not text:
            continue
        if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
            results.append(input_rules.NOT_UTF8.at(source.location(steps), "is not UTF-8", fix="write it in UTF-8"))
            invalid.append(steps)
            continue
        value, errors = _parsed(text, type_at(FlatForm, steps))
        for error, fix in errors:
            results.append(input_rules.ATTRIBUTE_PAIR.at(source.location(steps), error, fix=fix, current=text))
            invalid.append(steps)
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        shown |= {steps: text, **{(*steps, step): member for step, member in members}}
        block = data
        for step in steps[:-1]:
            block = block.setdefault(str(step), {})
        block[str(steps[-1])] = value
    return validate(FlatForm, data, source, shown.get).preceded_by(results, invalid)


def _parsed(text: str, annotation: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The value that a text means for a type, otherwise the text; and errors, each with its fix."""
    if annotation is bool:
        switch = as_bool(text)
        return text if switch is None else switch, []
    if annotation in (int, float):
        number = as_number(text)
        return text if number is None else annotation(number) if annotation(number) == number else number, []
    if origin(annotation) is tuple:
        return [item.strip() for item in text.split(",") if item.strip()], []
    return _pairs(text) if origin(annotation) is dict else (text, [])


def _pairs(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """`k=v,k2=v2` with percent-decoded values; and errors, each with its fix."""
    from urllib.parse import unquote  # few inputs have pairs in a text

    pairs: dict[str, str] = {}
    errors: list[tuple[str, str]] = []
    for item in filter(str.strip, text.split(",")):
        key, equals, value = (part.strip() for part in item.partition("="))
        try:
            decoded = unquote(value, errors="strict")
        except UnicodeDecodeError:
            errors.append((f"has the value {value}, which is not percent-encoded UTF-8", "write it in UTF-8"))
            continue
        if equals and key:
            pairs[key] = decoded
        else:
            errors.append((f"has the entry {item.strip()}, which is not a pair", "write key=value,key2=value2"))
    return pairs, errors
