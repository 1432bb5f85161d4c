"""YAML nodes → models, and all errors at once: results with field, current value and what to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.errors import CLOSED, findings_of
from krm_otel.config.schema.introspection import is_free_form, member_type
from krm_otel.config.types.endpoint import redact, redact_endpoint
from krm_otel.config.types.finding import REPLACEMENT, WARNED, Finding
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.rules import inputs as input_rules
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import decode, deref, lookup, text_of

M = TypeVar("M", bound=BaseModel)

_MOST_PASSES: Final = 8
"""Validations at most. Without an invalid value, an error about the mapping around it can appear; that is all."""

_HUGE: Final = 1e15
"""Results show numbers from here, and infinite ones, as they were written."""


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """A block that was read.

    Args:
        model: the valid part of the block.
        source: where the block is.
        results: what is wrong in it.
        invalid: the fields with errors, which are not in the model.
    """

    model: M
    source: Source
    results: tuple[Result, ...] = ()
    invalid: tuple[FieldSteps, ...] = ()

    def preceded_by(self, results: Iterable[Result], invalid: Iterable[FieldSteps]) -> Loaded[M]:
        """The block with further results and invalid fields, which come first."""
        return Loaded(self.model, self.source, (*results, *self.results), (*invalid, *self.invalid))


def load(model: type[M], node: Node | None, source: Source, unknown_fields: Severity = "error") -> Loaded[M]:
    """Reads a block from its node.

    Args:
        model: the model of the block.
        node: the block; null is an empty block.
        source: where it is, for results.
        unknown_fields: `warning` in a mapping that krm-otel does not define.
    """
    try:
        data = without_nulls(decode(node), model)
        duplicates = duplicate_keys(node)
    except (SourceError, RecursionError):
        text = "is nested too deeply, or its aliases expand to too much data"
        result = input_rules.ALIASES_TOO_LARGE.at(source.location(), text, fix="write its values out")
        return Loaded(model(), source, (result,), ((),))

    def text_at(steps: FieldSteps) -> str | None:
        return text_of(lookup(node, *steps))

    block = validate(model, {} if data is None else data, source, text_at, unknown_fields)
    return block.preceded_by([duplicate_key(source, steps) for steps in duplicates], duplicates)


def validate(
    model: type[M],
    data: Any,
    source: Source,
    text_at: Callable[[FieldSteps], str | None],
    unknown_fields: Severity = "error",
) -> Loaded[M]:
    """Reads a block from plain data, as `load`; `text_at` returns the text of a scalar in the source."""
    results: list[Result] = []
    invalid: list[FieldSteps] = []
    for number in range(_MOST_PASSES):
        try:
            valid = model.model_validate(data, context=WARNED if number else None)
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


def duplicate_key(source: Source, steps: FieldSteps) -> Result:
    """An error for a key that its mapping has more than once."""
    text = "is in its mapping more than once"
    return input_rules.DUPLICATE_KEY.at(source.location(steps), text, fix="keep one of them")


def duplicate_keys(node: Node | None) -> list[FieldSteps]:
    """The locations of duplicate keys, also behind aliases."""
    return list(_duplicate_keys(node, (), set()))


def _duplicate_keys(node: Node | None, steps: FieldSteps, visited: set[int]) -> Iterator[FieldSteps]:
    node = deref(node)
    if node is None or id(node) in visited:
        return
    visited.add(id(node))
    members: list[tuple[int | str, Node]] = []
    if isinstance(node, Mapping):
        members = [(name.value, value) for key, value in node.pairs if isinstance(name := deref(key), Scalar)]
        counts = Counter(step for step, _ in members)
        yield from ((*steps, step) for step, count in counts.items() if count > 1)
    elif isinstance(node, Sequence):
        members = list(enumerate(node.items))
    for step, member in members:
        yield from _duplicate_keys(member, (*steps, step), visited)
