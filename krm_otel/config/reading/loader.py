"""YAML nodes → models, and all errors at once: results with field, current value and what to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic

from krm_otel.config.provenance import FieldSteps, Source
from krm_otel.config.reading.sound import UNSURE, M, read
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rules import inputs as input_rules
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import decode, deref, lookup, text_of


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
        data = decode(node)
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
    try:
        return Loaded(read(model, data), source)
    except UNSURE:
        from krm_otel.config.reading.judged import judged  # imports pydantic: few runs need it

        return judged(model, data, source, text_at, unknown_fields)


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
