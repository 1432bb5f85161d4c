"""Text → nodes with spans.

PyYAML's composer forgets anchors, merges duplicate keys in silence and crashes on deep nesting, so the tree is
built here from libyaml's *events*, which are exact: every node keeps its start and end as indexes into the text.
Values are never constructed while reading (`0755`, `10.00` and `22:22` stay as written); `decode` gives the value
that Kubernetes would read, for the few places that need one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

import yaml

MAX_DEPTH: Final = 1000
"""Deepest nesting that is read. Real manifests stay below 40; libyaml's consumers overflow the C stack far above."""

MAX_HOPS: Final = 100
"""Longest chain of merge keys that is followed; a chain that comes back to itself ends there."""

_BRACKET_RUN: Final = re.compile(rf"(?:[\[{{][ \t\r\n]*){{{MAX_DEPTH}}}")
_SURROGATE_PAIR: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")

_REST_OF_KEY: Final = re.compile(r'[^"\\\n]*"\s*:')


class SourceError(Exception):
    """The text is not YAML that can be read. `line` is 1-based, or None where no place is known."""

    def __init__(self, message: str, line: int | None = None):
        super().__init__(message if line is None else f"line {line}: {message}")
        self.message = message
        self.line = line


class Node:
    """A YAML node: `start` and `end` are code-point indexes into the text, `column` is that of `start`.

    The end of a block collection is the start of the next token, so it runs over blank lines and comments.
    """

    __slots__ = ("anchor", "column", "end", "start", "tag")

    def __init__(self, start: int, end: int, column: int, anchor: str | None, tag: str | None):
        self.start = start
        self.end = end
        self.column = column
        self.anchor = anchor
        self.tag = tag


class Scalar(Node):
    """A scalar: `value` is the text it stands for, `style` one of None (plain), ``'``, ``"``, ``|``, ``>``."""

    __slots__ = ("style", "value")

    def __init__(
        self, start: int, end: int, column: int, anchor: str | None, tag: str | None, value: str, style: str | None
    ):
        super().__init__(start, end, column, anchor, tag)
        self.value = value
        self.style = style


class Mapping(Node):
    """A mapping: its pairs in the order of the text, duplicates included."""

    __slots__ = ("flow", "pairs")

    def __init__(self, start: int, column: int, anchor: str | None, tag: str | None, flow: bool):
        super().__init__(start, start, column, anchor, tag)
        self.flow = flow
        self.pairs: list[tuple[Node, Node]] = []


class Sequence(Node):
    """A sequence: its items in the order of the text."""

    __slots__ = ("flow", "items")

    def __init__(self, start: int, column: int, anchor: str | None, tag: str | None, flow: bool):
        super().__init__(start, start, column, anchor, tag)
        self.flow = flow
        self.items: list[Node] = []


class Alias(Node):
    """`*name`: `target` is the node it stands for, or None where the anchor is not in the text that was read."""

    __slots__ = ("target",)

    def __init__(self, start: int, end: int, column: int, name: str, target: Node | None):
        super().__init__(start, end, column, name, None)
        self.target = target


# --- events ------------------------------------------------------------------------------------------------------


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def events(text: str) -> Iterator[Any]:
    """libyaml's events of `text`; raises SourceError for what cannot be read, never a crash.

    JSON's surrogate pairs, which libyaml refuses, are read as the one character they mean, without moving an index.
    """
    if run := _BRACKET_RUN.search(text):
        raise SourceError(f"nested deeper than {MAX_DEPTH} levels", text.count("\n", 0, run.start()) + 1)
    if "\\u" in text and text.lstrip()[:1] in ("{", "["):
        text = _SURROGATE_PAIR.sub(_same_length_escape, text)
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


def build(stream: Iterable[Any], offset: int = 0) -> Node | None:
    """The first node of an event stream, or None where there is none; `offset` is added to every index.

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
            node = Scalar(
                start.index + offset,
                event.end_mark.index + offset,
                start.column,
                event.anchor,
                event.tag,
                event.value,
                event.style or None,
            )
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            start = event.start_mark
            made = Mapping if kind is yaml.MappingStartEvent else Sequence
            node = made(start.index + offset, start.column, event.anchor, event.tag, bool(event.flow_style))
        elif kind is yaml.AliasEvent:
            start = event.start_mark
            target = anchors.get(event.anchor)
            node = Alias(start.index + offset, event.end_mark.index + offset, start.column, event.anchor, target)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            closed = stack.pop()
            keys.pop()
            closed.end = event.end_mark.index + offset
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
            elif keys[-1] is None:
                keys[-1] = node
            else:
                parent.pairs.append((keys[-1], node))
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


# --- reading nodes -----------------------------------------------------------------------------------------------

_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE: Final = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE: Final = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_INT: Final = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL_FLOAT: Final = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)\Z")


def deref(node: Node | None) -> Node | None:
    """The node itself, or what an alias stands for."""
    while isinstance(node, Alias):
        node = node.target
    return node


def is_null(node: Node | None) -> bool:
    """Whether a node reads as absent: no node, or null in any spelling."""
    node = deref(node)
    if node is None:
        return True
    if not isinstance(node, Scalar) or node.style is not None:
        return False
    return node.tag == "tag:yaml.org,2002:null" or (node.tag is None and node.value in _NULL)


def direct(mapping: Node | None, key: str) -> Node | None:
    """The value that stands under `key` in the mapping itself (the last one, as Kubernetes reads duplicates)."""
    found = None
    if isinstance(mapping, Mapping):
        for k, v in mapping.pairs:
            if isinstance(k, Scalar) and k.value == key:
                found = v
    return found


def lookup(node: Node | None, *path: str | int) -> Node | None:
    """The node at `path`, read through aliases and merge keys; None where there is none."""
    node = deref(node)
    for step in path:
        if isinstance(step, int):
            if not isinstance(node, Sequence) or not 0 <= step < len(node.items):
                return None
            node = deref(node.items[step])
        else:
            node = _member(node, step, 0)
    return node


def _member(node: Node | None, key: str, hops: int) -> Node | None:
    if not isinstance(node, Mapping) or hops > MAX_HOPS:
        return None
    found = direct(node, key)
    if found is not None:
        return deref(found)
    for source in merge_sources(node):
        if (inherited := _member(source, key, hops + 1)) is not None:
            return inherited
    return None


def merge_sources(mapping: Mapping) -> list[Node | None]:
    """What the merge keys (`<<`) of a mapping bring in, nearest first; None for one that cannot be resolved."""
    sources: list[Node | None] = []
    for k, v in mapping.pairs:
        if isinstance(k, Scalar) and k.value == "<<" and k.style is None:
            value = deref(v)
            sources.extend([deref(item) for item in value.items] if isinstance(value, Sequence) else [value])
    return sources


def text_of(node: Node | None) -> str | None:
    """The text of a scalar that is not null, as written (`10.00` stays `10.00`); else None."""
    node = deref(node)
    if not isinstance(node, Scalar) or is_null(node):
        return None
    return node.value


def is_string(node: Node | None) -> bool:
    """Whether a scalar reads as a string."""
    node = deref(node)
    return isinstance(node, Scalar) and isinstance(_scalar(node), str)


def decode(node: Node | None) -> Any:
    """Plain data as Kubernetes reads it: dict, list, str, int, float, bool, None; merge keys applied.

    `yes`, `on` and their like are booleans, as in kubectl; dates stay strings. Aliases that build a graph too large
    to hold (or a loop) raise SourceError.
    """
    budget = [1_000_000]

    def walk(node: Node | None, depth: int) -> Any:
        budget[0] -= 1
        if budget[0] < 0 or depth > MAX_DEPTH:
            raise SourceError("aliases expand to more than can be held")
        node = deref(node)
        if isinstance(node, Scalar):
            return _scalar(node)
        if isinstance(node, Sequence):
            return [walk(item, depth + 1) for item in node.items]
        data: dict[str, Any] = {}
        if isinstance(node, Mapping):
            for source in reversed(merge_sources(node)):
                merged = walk(source, depth + 1)
                if isinstance(merged, dict):
                    data.update(merged)
            for k, v in node.pairs:
                if isinstance(k, Scalar) and k.value == "<<" and k.style is None:
                    continue
                key = deref(k)
                data[key.value if isinstance(key, Scalar) else str(walk(key, depth + 1))] = walk(v, depth + 1)
            return data
        return None

    return walk(node, 0)


def _scalar(node: Scalar) -> Any:
    if node.style is not None or (node.tag is not None and node.tag.endswith(":str")):
        return node.value
    value = node.value
    if value in _NULL:
        return None
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    if _INT.match(value):
        # Very long digit strings are no numbers to anybody; Python would refuse to convert them.
        return int(value) if len(value) < 400 else value
    if _FLOAT.match(value):
        return float(value)
    if special := _SPECIAL_FLOAT.match(value):
        return float((special[1] or "+") + special[2].lower())
    return value


def duplicate_key(mapping: Mapping) -> str | None:
    """A key that stands twice in the mapping, or None."""
    seen: set[str] = set()
    for k, _ in mapping.pairs:
        if isinstance(k, Scalar):
            if k.value in seen:
                return k.value
            seen.add(k.value)
    return None


def walk(node: Node) -> Iterator[Node]:
    """Every node of a tree, aliases not followed."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Sequence):
            pending.extend(reversed(node.items))
        elif isinstance(node, Mapping):
            for pair in reversed(node.pairs):
                pending.extend((pair[1], pair[0]))


def as_mapping(node: Node | None) -> Mapping | None:
    """The node as a mapping, aliases followed; None if it is none."""
    return cast("Mapping | None", node) if isinstance(node := deref(node), Mapping) else None


def as_sequence(node: Node | None) -> Sequence | None:
    """The node as a sequence, aliases followed; None if it is none."""
    return cast("Sequence | None", node) if isinstance(node := deref(node), Sequence) else None
