"""pydantic's errors as findings: what is wrong, and what to write where that is clear."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic_core import ErrorDetails

from krm_otel.config.provenance import FieldSteps
from krm_otel.config.reading.pydantic_models import FINDINGS
from krm_otel.config.reading.scalars import as_bool, as_number, likely_number
from krm_otel.config.schema.introspection import (
    choices,
    fields_of,
    is_model,
    origin,
    type_at,
    unique_paths,
)
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import Model
from krm_otel.config.types.finding import Finding, write
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.suggestion import listed, nearest, without_separators

CLOSED: Final = frozenset(("headers", "env", "config"))
"""Fields in which any text may be a secret, at a wrong place at least: no message repeats it."""
_SYNONYMS: Final = {
    "tracecontext": "w3c",
    "baggage": "w3c",
    "tracecontext,baggage": "w3c",
    "b3single": "b3",
    "http/protobuf": "http",
    "http/json": "http",
    "https": "http",
    "otlphttp": "otlp",
    "otlpgrpc": "otlp",
    "agent": "daemonset",
    "gateway": "deployment",
}
"""Words that users write for a choice, and that are not spelled like it."""


def findings_of(error: ErrorDetails, model: type[Model], steps: FieldSteps, text: str | None) -> tuple[Finding, ...]:
    """The findings of a validation error.

    Args:
        error: pydantic's error; a value check adds its own findings.
        model: the root of the validated data.
        steps: where the value is, as users write it.
        text: the scalar's text in the source; None for another value.
    """
    context = error.get("ctx", {})
    if CLOSED.intersection(steps) and text is not None:
        if error["type"] == "string_type":
            return (_wrong_type("must be a string", "write it in quotes"),)
        text = None
    return context[FINDINGS] if FINDINGS in context else (_finding(error["type"], model, steps, text),)


def _finding(kind: str, model: type[Model], steps: FieldSteps, text: str | None) -> Finding:
    annotation, word = type_at(model, steps), text or ""
    match kind:
        case "extra_forbidden":
            return _unknown_field(model, steps)
        case "missing":
            fields = type_at(model, steps[:-1]).settings.values()
            example = next(field.example for field in fields if field.key == steps[-1])
            fix = f"write it, for example {steps[-1]}: {example}"
            return Finding(rules.MISSING_FIELD, "is missing", fix)
        case "literal_error":
            return _not_a_choice(choices(annotation), word)
        case "bool_type":
            switch = as_bool(word)
            fix = "" if switch is None else f"write {str(switch).lower()} without quotes"
            return _wrong_type("must be true or false", fix, switch)
        case "float_type":
            number = likely_number(word)
            quoted = " without quotes" if as_number(word) is not None else ""
            return _wrong_type("must be a number", f"write {0.1 if number is None else number}{quoted}", number)
        case "int_type" | "int_from_float":
            number = likely_number(word)
            whole = int(number) if number is not None and number == int(number) else None
            if whole is None and re.match(r"\d", word):  # `300ms`, `20k`: an example would look like a conversion of it
                return _wrong_type("must be a whole number")
            return _wrong_type("must be a whole number", f"write {1 if whole is None else whole}", whole)
        case "string_type" if text is None:
            return _wrong_type("must be a string")
        case "string_type" if allowed := choices(annotation):
            return _not_a_choice(allowed, word)
        case "string_type":
            return _wrong_type("must be a string", f'write "{text}" in quotes', text)
        case "too_short":
            return Finding(rules.EMPTY, "must not be empty", "write at least one entry")
    return _wrong_structure(annotation, steps, word)


def _wrong_type(text: str, fix: str = "", proposed: Any = None) -> Finding:
    return Finding(rules.WRONG_TYPE, text, fix, proposed)


def _unknown_field(model: type[Model], steps: FieldSteps) -> Finding:
    parent = type_at(model, steps[:-1])
    fields = fields_of(parent) if is_model(parent) else {}
    key = str(steps[-1])
    letters = without_separators(key)
    meant = next((name for name in fields if without_separators(name) == letters), None)
    if meant is None and (longer := [name for name in fields if key in name.split("_")]):
        only = longer[0] if len(longer) == 1 else None
        return Finding(rules.UNKNOWN_FIELD, "is not a known field", f"write {listed(longer)}", only)
    # The key may be right, but one level too high or too low: search from the inside out.
    for length in range(len(steps) - 1, -1, -1) if meant is None else ():
        ancestor = type_at(model, steps[:length])
        for name, inner in unique_paths(ancestor).items() if is_model(ancestor) else ():
            if without_separators(name) == letters:
                path = field_path(*steps[:length], *inner)
                return Finding(rules.UNKNOWN_FIELD, "does not belong there", f"write it as {path}", path)
    if meant is None and model is not ConfigSpec and type_at(ConfigSpec, steps) is not None:
        path = field_path("spec", *steps)
        return Finding(rules.UNKNOWN_FIELD, "is a field of the OTelConfig only", f"write it as {path} there")
    meant = meant or nearest(key, fields)
    fix = write(meant) or f"the known fields are {listed(fields, 'and')}"
    return Finding(rules.UNKNOWN_FIELD, "is not a known field", fix, meant)


def _not_a_choice(allowed: tuple[str, ...], text: str) -> Finding:
    word = text.strip()
    synonym = _SYNONYMS.get(word.lower())
    meant = synonym if synonym in allowed else nearest(word, allowed)
    return Finding(rules.UNKNOWN_VALUE, f"must be one of {listed(allowed)}", write(meant), meant)


def _wrong_structure(annotation: Any, steps: FieldSteps, text: str) -> Finding:
    """A scalar, list or mapping in place of another of these."""
    if origin(annotation) is tuple:
        items = [item.strip() for item in text.split(",") if item.strip()]
        return _wrong_type("must be a list", f"write [{', '.join(items)}]" if items else "", items or None)
    if is_model(annotation):
        switch = as_bool(text)
        if switch is not None and "enabled" in fields_of(annotation):
            return _wrong_type("must be a mapping", f"write {{enabled: {str(switch).lower()}}}", {"enabled": switch})
        return _wrong_type(f"must be a mapping with the fields {listed(fields_of(annotation), 'and')}")
    if origin(annotation) is dict:
        pairs = [pair.partition("=") for pair in text.split(",")]
        if all(key.strip() and equals for key, equals, _ in pairs):
            mapping = {key.strip(): value.strip() for key, _, value in pairs}
            fix = f"write {{{', '.join(f'{key}: {value}' for key, value in mapping.items())}}}"
            return _wrong_type("must be a mapping", fix, mapping)
        return _wrong_type("must be a mapping of names to values")
    return _wrong_type(f"cannot be read as {steps[-1] if steps else 'a block'}")
