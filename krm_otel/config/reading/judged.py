"""What pydantic says of data that may not be sound: the valid part of a block, and all its errors at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.errors import CLOSED, findings_of
from krm_otel.config.reading.loader import Loaded
from krm_otel.config.reading.pydantic_models import REPLACEMENT, WARNED, pydantic_model
from krm_otel.config.reading.sound import M
from krm_otel.config.schema.introspection import is_free_form, member_type
from krm_otel.config.types.endpoint import redact, redact_endpoint
from krm_otel.config.types.finding import Finding
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rules import fields as rules

_MOST_PASSES: Final = 8
"""Validations at most. Without an invalid value, an error about the mapping around it can appear; that is all."""

_HUGE: Final = 1e15
"""Results show numbers from here, and infinite ones, as they were written."""


def judged(
    model: type[M],
    data: Any,
    source: Source,
    text_at: Callable[[FieldSteps], str | None],
    unknown_fields: Severity = "error",
) -> Loaded[M]:
    """Reads a block as `krm_otel.config.reading.loader.validate`, which has the arguments."""
    data = without_nulls(data, model)
    results: list[Result] = []
    invalid: list[FieldSteps] = []
    for number in range(_MOST_PASSES):
        try:
            valid: Any = pydantic_model(model).model_validate(data, context=WARNED if number else None)
            return Loaded(valid, source, tuple(results), tuple(invalid))
        except ValidationError as error:
            validated = data
            for detail in error.errors(include_url=False):
                steps = _steps_in_data(detail["loc"], validated)
                # A required field with an invalid value is gone in the next pass.
                gone = detail["type"] == "missing" and steps in invalid
                for finding in () if gone else findings_of(detail, model, steps, text_at(steps)):
                    inner = (*steps, *finding.steps)
                    severity = unknown_fields if finding.rule is rules.UNKNOWN_FIELD else None
                    current = _current(detail, finding, inner, text_at(inner))
                    result = finding.at(source.location(inner), current, severity)
                    results.append(result)
                    if result.severity == "error":
                        invalid.append(inner)
                data = _corrected(data, steps, detail)
    return Loaded(model(), source, tuple(results), tuple(invalid))


def _steps_in_data(loc: FieldSteps, data: Any) -> FieldSteps:
    """The location of an error as users see it: without pydantic's marks, and without the index where a single entry
    was written without brackets."""
    loc = loc[:-1] if loc and loc[-1] == "[key]" else loc
    for length, step in enumerate(loc):
        if step == "value" and not isinstance(data, dict | list):  # a text in place of {value: …}
            return loc[:length]
        if isinstance(step, int) and not isinstance(data, list):
            return loc[:length]
        data = data.get(step) if isinstance(data, dict) else data[int(step)] if isinstance(data, list) else None
    return loc


def _current(detail: ErrorDetails, finding: Finding, steps: FieldSteps, text: str | None) -> Any:
    """The value to show in a result, without secrets."""
    value = detail["input"]
    if finding.rule is rules.UNKNOWN_FIELD or "[key]" in detail["loc"]:
        return str(steps[-1])  # the key is wrong; the value may be a secret
    if CLOSED.intersection(steps) or finding.rule in (rules.LITERAL_HEADER, rules.LITERAL_SECRET):
        return None if text is None else "***"
    if isinstance(value, bool) or (isinstance(value, float | int) and abs(value) < _HUGE):
        return value
    if text is None:
        return None
    return redact_endpoint(text) if "exporters" in steps or steps[-1:] == ("endpoint",) else redact(text)


def without_nulls(data: Any, annotation: Any = None) -> Any:
    """Data in which an explicit null is absent.

    Nulls stay in lists, so that indexes do not change, and in mappings that krm-otel does not define: a collector's
    config has `debug:` for a component with its defaults.
    """
    if isinstance(data, dict) and not is_free_form(annotation):
        return {
            key: without_nulls(value, member_type(annotation, key)) for key, value in data.items() if value is not None
        }
    if isinstance(data, list):
        return [without_nulls(item, member_type(annotation, index)) for index, item in enumerate(data)]
    return data


def _corrected(data: Any, steps: FieldSteps, detail: ErrorDetails) -> Any:
    """The data with the replacement that a warning gives, or without the invalid value.

    A list goes with an invalid entry: otherwise the indexes of the others would change, and half a list is not what
    the user meant.
    """
    if not steps:
        return {}
    step, rest = steps[0], steps[1:]
    is_entry = isinstance(data, list) and isinstance(step, int) and step < len(data)
    if isinstance(data, dict) and step not in data:
        # Either a field is missing, and its mapping goes, or an earlier error has removed the value.
        return None if detail["type"] == "missing" and not rest else data
    if not is_entry and not isinstance(data, dict):
        return data
    member = _corrected(data[step], rest, detail) if rest else detail.get("ctx", {}).get(REPLACEMENT)
    if is_entry:
        return None if member is None else [*data[:step], member, *data[int(step) + 1 :]]
    return {key: value for key, value in {**data, step: member}.items() if key != step or member is not None}
