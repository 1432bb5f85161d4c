"""Text → nodes with spans.

PyYAML's composer forgets anchors, merges duplicate keys in silence and crashes on deep nesting, so the tree is
built here from libyaml's *events*, which are exact: every node keeps its start and end as indexes into the text.
Values are not constructed while reading (`0755`, `10.00` and `22:22` stay as written); `query` says what a node means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, cast

from krm_otel.regex import regex
from krm_otel.yamltext.libyaml import CParser, yaml
from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.shapes.lines import shape_of
from krm_otel.yamltext.shapes.template import learn, template_of

MAX_DEPTH: Final = 1000
"""The deepest nesting that is read. Real manifests stay below 40; programs that use libyaml overflow the C stack at
far more."""

_BRACKET_RUN: Final = regex(r"(?:[\[{][ \t\r\n]*+){100}(?:[\[{][ \t\r\n]*+)*+")
_SURROGATE_PAIR: Final = regex(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_FLOW_FIRST: Final = regex(r"(?:\s|#[^\n]*\n)*+[\[{]")
_REST_OF_KEY: Final = regex(r'[^"\\\n]*"\s*:')


def events(text: str) -> Iterator[Any]:
    """libyaml's events of `text`, to be read inside `source_errors` by code that stops at MAX_DEPTH itself.

    In JSON, surrogate pairs, which libyaml refuses, are read as the one character that they mean.
    """
    _refuse_bracket_runs(text)
    # `yaml.parse` does the same with two more calls and a generator for each event.
    return iter(CParser(without_surrogate_pairs(text)).get_event, None)


_FIXES: Final = {
    "found character that cannot start any token": ": write spaces for a tab, quotes around @, ` and %",
    "found a tab character that violates indentation": ": write spaces",
}
"""Problem, as libyaml words it → what to write instead, for the mistakes that people make."""


class source_errors:
    """Raises the parser's errors as SourceError, in a `with` statement."""

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Raises the error in our words."""
        if isinstance(error, yaml.MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            problem = error.problem or str(error)
            place = (mark.line + 1, mark.column + 1) if mark else (None, 1)
            raise SourceError(problem + _FIXES.get(problem, ""), *place) from None
        if isinstance(error, yaml.YAMLError):
            raise SourceError(" ".join(str(error).split())) from None
        if isinstance(error, UnicodeEncodeError):
            raise SourceError("a lone surrogate is not a character") from None


def too_deep(event: Any) -> SourceError:
    """The error for the event that goes deeper than MAX_DEPTH."""
    return SourceError(f"nested deeper than {MAX_DEPTH} levels", event.start_mark.line + 1)


def _refuse_bracket_runs(text: str) -> None:
    """libyaml takes quadratic time, and crashes, where thousands of brackets open in a row."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    for run in _BRACKET_RUN.finditer(text):
        if run[0].count("[") + run[0].count("{") > MAX_DEPTH:
            raise SourceError(f"nested deeper than {MAX_DEPTH} levels", text.count("\n", 0, run.start()) + 1)


def without_surrogate_pairs(text: str) -> str:
    """JSON with every escaped surrogate pair written as in YAML, without moving any other character.

    A text that is not a JSON object or list is returned as it is.
    """
    if "\\u" in text and _FLOW_FIRST.match(text):
        return _SURROGATE_PAIR.sub(_same_length_escape, text)
    return text


def _same_length_escape(match: re.Match[str]) -> str:
    text, start = match.string, match.start()
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    pair = match.group()
    if (match.start() - start) % 2:
        return pair  # the backslash before it is itself escaped, so this is not an escape
    char = 0x10000 + ((int(pair[2:6], 16) - 0xD800) << 10) + (int(pair[8:12], 16) - 0xDC00)
    # An escaped line break means nothing, and keeps the length. A key may not span lines, so it gets two more letters
    # (such keys are only passed through).
    is_key = _REST_OF_KEY.match(text, match.end())
    return f"\\U{char:08X}__" if is_key else f"\\\n\\U{char:08X}"


def compose(text: str) -> Node | None:
    """The root node of the first document of `text`; None where there is no document. Raises SourceError.

    An alias points at the last anchor of its name before it.
    """
    shape = shape_of(text)
    if shape is not None and (template := template_of(shape)) is not None:
        return template.build(shape)
    with source_errors():
        stream = events(text)
        root = _build(stream)
    if shape is not None and root is not None and _is_rest_empty(stream):
        learn(shape, root)
    return root


def _is_rest_empty(stream: Iterator[Any]) -> bool:
    """Whether nothing follows the first document."""
    try:
        with source_errors():
            return [type(event) for event in stream] == [yaml.DocumentEndEvent, yaml.StreamEndEvent]
    except SourceError:
        return False


def _build(stream: Iterator[Any]) -> Node | None:
    # The hot loop of each item that is read: the most frequent event comes first, and nothing is computed twice.
    stack: list[Mapping | Sequence] = []
    anchors: dict[str, Node] = {}
    parent: Mapping | Sequence | None = None
    pairs: list[tuple[Node, Node]] | None = None
    items: list[Node] | None = None
    key: Node | None = None
    keys: list[Node | None] = []
    scalar, mapping_start, sequence_start = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    mapping_end, sequence_end, alias = yaml.MappingEndEvent, yaml.SequenceEndEvent, yaml.AliasEvent
    node: Node
    for event in stream:
        kind = type(event)
        if kind is scalar:
            mark, end, style = event.start_mark, event.end_mark.index, event.style or None
            node = Scalar(mark.index, end, mark.column, event.anchor, event.tag, event.value, style)
        elif kind is mapping_end or kind is sequence_end:
            closed = stack.pop()
            closed.end = event.end_mark.index
            if not stack:
                return closed
            parent, key = stack[-1], keys.pop()
            pairs, items = (parent.pairs, None) if isinstance(parent, Mapping) else (None, parent.items)
            continue
        elif kind is mapping_start or kind is sequence_start:
            mark = event.start_mark
            node_type = Mapping if kind is mapping_start else Sequence
            node = node_type(mark.index, mark.column, event.anchor, event.tag, bool(event.flow_style))
        elif kind is alias:
            mark, name = event.start_mark, event.anchor
            node = Alias(mark.index, event.end_mark.index, mark.column, name, anchors.get(name))
        else:
            continue
        if node.anchor is not None and kind is not alias:
            anchors[node.anchor] = node
        if items is not None:
            items.append(node)
        elif pairs is not None:
            if key is None:
                key = node
            else:
                pairs.append((key, node))
                key = None
        if kind is mapping_start or kind is sequence_start:
            if len(stack) >= MAX_DEPTH:
                raise too_deep(event)
            if parent is not None:
                keys.append(key)
            parent, key = cast("Mapping | Sequence", node), None
            stack.append(parent)
            pairs, items = (parent.pairs, None) if isinstance(parent, Mapping) else (None, parent.items)
        elif parent is None:
            return node
    return None
