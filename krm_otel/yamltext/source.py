"""Text → nodes with spans.

PyYAML's composer forgets anchors, merges duplicate keys in silence and crashes on deep nesting, so the tree is
built here from libyaml's *events*, which are exact: every node keeps its start and end as indexes into the text.
Values are never constructed while reading (`0755`, `10.00` and `22:22` stay as written); `values` says what a node
means, for the few places that need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.values import (
    as_mapping,
    as_sequence,
    decode,
    deref,
    direct,
    is_null,
    layers,
    lookup,
    members,
    merge_sources,
    text_of,
    walk,
)

__all__ = [
    "MAX_DEPTH",
    "Alias",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "SourceError",
    "as_mapping",
    "as_sequence",
    "build",
    "compose",
    "decode",
    "deref",
    "direct",
    "events",
    "is_null",
    "layers",
    "lookup",
    "members",
    "merge_sources",
    "text_of",
    "walk",
    "without_surrogate_pairs",
]

MAX_DEPTH: Final = 1000
"""Deepest nesting that is read. Real manifests stay below 40; libyaml's consumers overflow the C stack far above."""

_BRACKET_RUN: Final = re.compile(r"(?:[\[{][ \t\r\n]*+){100}(?:[\[{][ \t\r\n]*+)*+")
_SURROGATE_PAIR: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_FLOW_FIRST: Final = re.compile(r"(?:\s|#[^\n]*\n)*+[\[{]")
_REST_OF_KEY: Final = re.compile(r'[^"\\\n]*"\s*:')


def events(text: str) -> Iterator[Any]:
    """libyaml's events of `text`; raises SourceError for what cannot be read, never a crash.

    In JSON, surrogate pairs, which libyaml refuses, are read as the one character they mean.
    """
    _refuse_bracket_runs(text)
    text = without_surrogate_pairs(text)
    depth = 0
    try:
        for event in yaml.parse(text, yaml.CSafeLoader):
            kind = type(event)
            if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                depth += 1
                if depth > MAX_DEPTH:
                    raise SourceError(f"nested deeper than {MAX_DEPTH} levels", _line(event))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                depth -= 1
            yield event
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(error.problem or str(error), mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise SourceError(" ".join(str(error).split())) from None
    except UnicodeEncodeError:
        raise SourceError("a lone surrogate is not a character") from None


def _refuse_bracket_runs(text: str) -> None:
    """libyaml takes quadratic time, and crashes, on what opens thousands of brackets at once."""
    for run in _BRACKET_RUN.finditer(text):
        if run[0].count("[") + run[0].count("{") > MAX_DEPTH:
            raise SourceError(f"nested deeper than {MAX_DEPTH} levels", text.count("\n", 0, run.start()) + 1)


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def without_surrogate_pairs(text: str) -> str:
    """JSON with every escaped surrogate pair written as YAML has it, without moving any other character; a text that
    is no JSON object or list as it is."""
    if "\\u" in text and _FLOW_FIRST.match(text):
        return _SURROGATE_PAIR.sub(_same_length_escape, text)
    return text


def _same_length_escape(match: re.Match[str]) -> str:
    text, start = match.string, match.start()
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    pair = match.group()
    if (match.start() - start) % 2:
        return pair  # the backslash before it is itself escaped: not an escape at all
    char = 0x10000 + ((int(pair[2:6], 16) - 0xD800) << 10) + (int(pair[8:12], 16) - 0xDC00)
    # An escaped line break stands for nothing, and keeps the length; a key may not span lines, so it gets two
    # letters more (such keys are only ever passed through).
    is_key = _REST_OF_KEY.match(text, match.end())
    return f"\\U{char:08X}__" if is_key else f"\\\n\\U{char:08X}"


def build(stream: Iterable[Any]) -> Node | None:
    """The first node of an event stream, or None where there is none.

    Aliases point at the last anchor of that name before them.
    """
    stack: list[Mapping | Sequence] = []
    keys: list[Node | None] = []
    anchors: dict[str, Node] = {}
    node: Node
    for event in stream:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            start = event.start_mark
            style = event.style or None
            node = Scalar(start.index, event.end_mark.index, start.column, event.anchor, event.tag, event.value, style)
        elif kind is yaml.MappingStartEvent:
            start = event.start_mark
            node = Mapping(start.index, start.column, event.anchor, event.tag, bool(event.flow_style))
        elif kind is yaml.SequenceStartEvent:
            start = event.start_mark
            node = Sequence(start.index, start.column, event.anchor, event.tag, bool(event.flow_style))
        elif kind is yaml.AliasEvent:
            start = event.start_mark
            target = anchors.get(event.anchor)
            node = Alias(start.index, event.end_mark.index, start.column, event.anchor, target)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            closed = stack.pop()
            keys.pop()
            closed.end = event.end_mark.index
            if not stack:
                return closed
            continue
        else:
            continue
        if node.anchor is not None and kind is not yaml.AliasEvent:
            anchors[node.anchor] = node
        if stack:
            parent = stack[-1]
            if isinstance(parent, Sequence):
                parent.items.append(node)
            elif (key := keys[-1]) is None:
                keys[-1] = node
            else:
                parent.pairs.append((key, node))
                keys[-1] = None
        if isinstance(node, Mapping | Sequence):
            stack.append(node)
            keys.append(None)
        elif not stack:
            return node
    return None


def compose(text: str) -> Node | None:
    """The root node of the first document of `text`; raises SourceError."""
    return build(events(text))
