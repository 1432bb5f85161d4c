"""Nodes → models: all faults at once, each as a result with its place, the value there and what to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.errors import finding
from krm_otel.config.schema.introspection import Shape, is_raw, shape_in
from krm_otel.config.types.endpoint import redact, redact_endpoint
from krm_otel.config.types.finding import ADVISED, USE, Finding
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.rules import inputs as inputs_rules
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import decode, deref, lookup, text_of

M = TypeVar("M", bound=BaseModel)

_PASSES: Final = 8
"""Validations at most: taking a fault out can uncover one about the whole around it, and no more."""

_HUGE: Final = 1e15
"""From here on numbers (and what is none) are shown as they were written."""


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """A block that was read: the model of what is sound in it, and what is to be said."""

    model: M
    results: tuple[Result, ...] = ()
    faults: tuple[FieldSteps, ...] = ()
    """Where the errors stand. The model has none of these values."""


def load(model: type[M], node: Node | None, place: Source, unknown: str = "error") -> Loaded[M]:
    """Read a block from its node.

    Args:
        model: what the block is.
        node: where it stands; null reads as an empty block.
        place: for results and origins.
        unknown: `warning` where unknown keys are none of our business, but may be a mistake.
    """
    try:
        data = without_nulls(decode(node), model)
    except (SourceError, RecursionError):
        text = "is nested too deep, or its aliases expand to more than can be held: write its values out"
        return Loaded(model(), (inputs_rules.ALIASES_TOO_LARGE.at(place.location(()), text),), ((),))
    twice = tuple(_duplicates(node))
    text = "stands twice in its mapping: keep one of them"
    doubles = [inputs_rules.DUPLICATE_KEY.at(place.location(loc), text) for loc in twice]

    def written(loc: FieldSteps) -> str | None:
        return text_of(lookup(node, *loc))

    checked = check(model, {} if data is None else data, place, written, unknown)
    return Loaded(checked.model, (*doubles, *checked.results), (*twice, *checked.faults))


def check(
    model: type[M], data: Any, place: Source, written: Callable[[FieldSteps], str | None], unknown: str = "error"
) -> Loaded[M]:
    """Validate plain data; `written` gives the text of a scalar as it stands in the source."""
    results: list[Result] = []
    faults: list[FieldSteps] = []
    context: str | None = None
    for _ in range(_PASSES):
        try:
            return Loaded(model.model_validate(data, context=context), tuple(results), tuple(faults))
        except ValidationError as error:
            judged = data
            for detail in error.errors(include_url=False):
                loc = _place_in_data(detail["loc"], judged)
                found = finding(detail, model, loc, written(loc))
                for one in (found, *found.others):
                    at = (*loc, *one.at)
                    result = _result(detail, one, at, place, written(at), unknown)
                    results.append(result)
                    if result.severity == "error":
                        faults.append(at)
                data = _mended(data, loc, detail)
        context = ADVISED
    return Loaded(model(), tuple(results), tuple(faults))


def _place_in_data(loc: FieldSteps, data: Any) -> FieldSteps:
    """The place without pydantic's own marks; what was taken for a list of one stands where the list would."""
    loc = loc[:-1] if loc and loc[-1] == "[key]" else loc
    for length, step in enumerate(loc):
        if isinstance(step, int) and not isinstance(data, list):
            return loc[:length]
        data = data.get(step) if isinstance(data, dict) else data[int(step)] if isinstance(data, list) else None
    return loc


def _result(
    detail: ErrorDetails, found: Finding, loc: FieldSteps, place: Source, written: str | None, unknown: str
) -> Result:
    rule, severity = found.rule, found.severity
    current: Any = written
    value = detail["input"]
    if rule is fields_rules.UNKNOWN_FIELD:
        # The key is what is wrong; its value may be anything, a secret too.
        current = str(loc[-1])
        severity = "warning" if unknown == "warning" else severity
    elif "[key]" in detail["loc"]:
        current = str(loc[-1])
    elif "headers" in loc or rule is fields_rules.LITERAL_HEADER:
        current = None if written is None else "***"
    elif isinstance(value, bool) or (isinstance(value, float | int) and abs(value) < _HUGE):
        current = value
    elif isinstance(written, str):
        current = redact_endpoint(written) if "exporters" in loc or loc[-1:] == ("endpoint",) else redact(written)
    where = place.location(loc)
    return rule.at(where, found.text, fix=found.fix, current=current, proposed=found.proposed, severity=severity)


def without_nulls(data: Any, shape: Shape = None) -> Any:
    """Data in which an explicit null reads as absent; in lists nulls stay, so that indexes do not move.

    They stay, too, in what is not ours to read: a collector's config says `debug:` for a component as it is.
    """
    if isinstance(data, dict) and not is_raw(shape):
        return {key: without_nulls(value, shape_in(shape, key)) for key, value in data.items() if value is not None}
    if isinstance(data, list):
        return [without_nulls(item, shape_in(shape, index)) for index, item in enumerate(data)]
    return data


def _mended(data: Any, loc: FieldSteps, detail: ErrorDetails) -> Any:
    """The data with what a warning says to use, or without what is faulty.

    A faulty entry takes its list with it: the others would move up, and half a list is not what was meant.
    """
    context = detail.get("ctx", {})
    value = context.get(USE)
    if not loc:
        return {}
    step, *rest = loc
    if isinstance(data, dict):
        if step not in data:
            # Missing: what it is missing from goes. Else an earlier fault took it out already.
            return None if detail["type"] == "missing" and not rest else data
        inner = value if not rest else _mended(data[str(step)], tuple(rest), detail)
        if inner is None:
            return {key: member for key, member in data.items() if key != step}
        return {**data, str(step): inner}
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        inner = value if not rest else _mended(data[step], tuple(rest), detail)
        return None if inner is None else [*data[:step], inner, *data[step + 1 :]]
    return data


def _duplicates(node: Node | None) -> Iterator[FieldSteps]:
    """Where a key stands that its mapping already has, through aliases."""
    pending: list[tuple[FieldSteps, Node | None]] = [((), node)]
    seen: set[int] = set()
    while pending:
        loc, at = pending.pop()
        at = deref(at)
        if at is None or id(at) in seen:
            continue
        seen.add(id(at))
        below: list[tuple[FieldSteps, Node | None]] = []
        if isinstance(at, Mapping):
            keys: set[str] = set()
            for key, value in at.pairs:
                if not isinstance(name := deref(key), Scalar):
                    continue
                if name.value in keys:
                    yield (*loc, name.value)
                keys.add(name.value)
                below.append(((*loc, name.value), value))
        elif isinstance(at, Sequence):
            below = [((*loc, index), item) for index, item in enumerate(at.items)]
        pending.extend(reversed(below))
