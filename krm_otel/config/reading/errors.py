"""pydantic's errors → findings that say what to write.

One function per type of error, each a few lines: the sentence, and the right value where it can be told.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from krm_otel.config.provenance import FieldSteps
from krm_otel.config.schema.credentials import SecretKey
from krm_otel.config.schema.introspection import Shape, choices, fields_of, homes, is_model, origin, shape_at
from krm_otel.config.types.finding import FINDING, Finding
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.suggestion import listed, nearest, without_separators

YES: Final = frozenset(("true", "yes", "on", "1"))
NO: Final = frozenset(("false", "no", "off", "0"))
_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?\Z")

# What people write for something that is not in an enumeration, where spelling does not lead there.
_MEANT: Final = {
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


def as_bool(text: str) -> bool | None:
    """The switch that a text means."""
    word = text.strip().lower()
    return True if word in YES else False if word in NO else None


def as_number(text: str) -> float | None:
    """The number that a text is, written as a decimal."""
    return float(text) if _NUMBER.match(text) and math.isfinite(float(text)) else None


def _meant_number(text: str) -> float | None:
    """The number that somebody meant: with a decimal comma, or as a percentage."""
    word = text.strip().replace(",", ".")
    if (number := as_number(word.removesuffix("%").rstrip())) is None:
        return None
    return number / 100 if word.endswith("%") else number


def finding(error: ErrorDetails, model: type[BaseModel], loc: FieldSteps, written: str | None) -> Finding:
    """What an error of pydantic means for the user.

    Args:
        error: the error.
        model: the root of what was validated.
        loc: where, without pydantic's own marks.
        written: the text of the scalar as it stands in the source, where it is one.
    """
    context = error.get("ctx", {})
    if FINDING in context:
        found = context[FINDING]
        assert isinstance(found, Finding)
        return found
    shape = shape_at(model, loc)
    match error["type"]:
        case "extra_forbidden":
            return _unknown(model, loc)
        case "missing":
            return Finding(
                fields_rules.MISSING_FIELD, f"is missing: write {loc[-1]}: {_EXAMPLES.get(str(loc[-1]), '<value>')}"
            )
        case "literal_error":
            return _not_one_of(choices(shape), written)
        case "bool_type":
            meant = as_bool(written or "")
            write = "" if meant is None else f": write {str(meant).lower()} without quotes"
            return _type(f"must be true or false{write}", meant)
        case "float_type":
            number = _meant_number(written or "")
            quoted = " without quotes" if as_number(written or "") is not None else ""
            return _type(f"must be a number: write {0.1 if number is None else number}{quoted}", number)
        case "int_type" | "int_from_float":
            number = _meant_number(written or "")
            whole = int(number) if number is not None and number == int(number) else None
            # Any number would do as an example, but not beside one with a unit (`300ms`, `20k`): it would change it.
            example = ": write 1" if whole is None and not re.match(r"\d", written or "") else ""
            return _type("must be a whole number" + (example if whole is None else f": write {whole}"), whole)
        case "string_type":
            return _string(shape, written)
        case "too_short":
            return Finding(fields_rules.EMPTY, "must not be empty: write at least one entry")
    return _structure(shape, loc, written)


def _type(text: str, proposed: Any = None) -> Finding:
    return Finding(fields_rules.WRONG_TYPE, text, proposed=proposed)


def _unknown(model: type[BaseModel], loc: FieldSteps) -> Finding:
    parent = shape_at(model, loc[:-1])
    fields = fields_of(parent) if is_model(parent) else {}
    key = str(loc[-1])
    meant = next((name for name in fields if without_separators(name) == without_separators(key)), None)
    if meant is None:
        # Right, but one level too high or too low: look from the inside out.
        for length in range(len(loc) - 1, -1, -1):
            around = shape_at(model, loc[:length])
            for name, home in homes(around).items() if is_model(around) else ():
                if without_separators(name) == without_separators(key):
                    path = field_path(*loc[:length], *home)
                    return Finding(
                        fields_rules.UNKNOWN_FIELD, f"does not belong there: write it as {path}", proposed=path
                    )
    meant = meant or nearest(key, fields)
    if meant is not None:
        return Finding(fields_rules.UNKNOWN_FIELD, f"is not a known field: write {meant}", proposed=meant)
    return Finding(fields_rules.UNKNOWN_FIELD, f"is not a known field: known are {listed(list(fields), 'and')}")


def _not_one_of(allowed: tuple[str, ...], written: str | None) -> Finding:
    word = (written or "").strip()
    meant = _MEANT.get(word.lower())
    meant = meant if meant in allowed else nearest(word, allowed)
    text = f"must be one of {listed(allowed)}" + (f": write {meant}" if meant else "")
    return Finding(fields_rules.UNKNOWN_VALUE, text, proposed=meant)


def _string(shape: Shape, written: str | None) -> Finding:
    if written is None:
        return _type("must be a text")
    if words := choices(shape):
        return _not_one_of(words, written)
    return _type(f'must be a text: write "{written}" in quotes', written)


def _structure(shape: Shape, loc: FieldSteps, written: str | None) -> Finding:
    if shape is SecretKey:
        text = "takes its value from a Secret only: write {secret: <name>, key: <key>}"
        return Finding(fields_rules.LITERAL_HEADER, text, proposed={"secret": "<name>", "key": "<key>"})
    if origin(shape) is tuple:
        items = [item.strip() for item in (written or "").split(",") if item.strip()]
        text = f"must be a list: write [{', '.join(items)}]" if items else "must be a list"
        return _type(text, items or None)
    if is_model(shape):
        on = as_bool(written or "")
        if on is not None and "enabled" in fields_of(shape):
            return _type(f"must be a mapping: write {{enabled: {str(on).lower()}}}", {"enabled": on})
        return _type(f"must be a mapping with the fields {listed(list(fields_of(shape)), 'and')}")
    if origin(shape) is dict:
        pairs = [pair.partition("=") for pair in (written or "").split(",")]
        if all(key.strip() and equals for key, equals, _ in pairs):
            better = {key.strip(): value.strip() for key, _, value in pairs}
            write = ", ".join(f"{key}: {value}" for key, value in better.items())
            return _type(f"must be a mapping: write {{{write}}}", better)
        return _type("must be a mapping of names to values")
    return _type(f"cannot be read as {loc[-1] if loc else 'a block'}")


_EXAMPLES: Final = {
    "secret": "<name of a Secret>",
    "key": "<key in the Secret>",
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "path": "spec.template",
    "match_labels": "{app: <name>}",
}
"""For the fields that may not be missing."""
