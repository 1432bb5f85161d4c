"""One pass over a whole text: the spans of its documents and list items.

Composing a whole ResourceList is slow, and fails for some (two files may use one anchor name). The events alone give
every span at a fraction of the cost. Items of interest are composed later, each by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from krm_otel.dataclass import dataclass, field
from krm_otel.regex import regex
from krm_otel.yamltext.libyaml import yaml
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import MAX_DEPTH, events, source_errors, too_deep, without_surrogate_pairs


@dataclass(slots=True)
class Span:
    """The span of a node in the text. The end of a block collection is the start of the next token.

    `api_version` and `kind` are the scalars of these keys, empty where there are none.
    """

    start: int
    end: int
    column: int
    flow: bool = False
    is_mapping: bool = False
    api_version: str = ""
    kind: str = ""
    aliases: set[str] | None = None
    """The anchors that a list item refers to; None where it has no alias."""


@dataclass(slots=True)
class Document:
    """One document: its root, its top-level keys, and the elements of a list `items`."""

    root: Span
    end: int
    """The end of the document: the next `---` or `...`, or the end of the text."""
    pairs: list[tuple[Span, Span]] = field(default_factory=list)
    """All top-level keys and their values, in the order of the text."""
    keys: dict[str, tuple[Span, Span]] = field(default_factory=dict)
    """The same by name; of duplicate keys, the last one."""
    duplicate: str = ""
    """A top-level key that is a duplicate; empty where there is none."""
    items: list[Span] | None = None
    """None where `items` does not exist or is not a list."""
    tag_handles: bool = False
    """Whether it has a `%TAG` directive, without which its parts may not be readable by themselves."""


def documents(text: str) -> list[Document]:
    """The documents of a text that are not empty; raises SourceError."""
    result: list[Document] = []
    with source_errors():
        stream = events(text)
        for event in stream:
            if isinstance(event, yaml.DocumentStartEvent):
                document = _document(next(stream), stream)
                document.end = next(stream).start_mark.index
                document.tag_handles = bool(event.tags)
                if document.root.end > document.root.start:
                    result.append(document)
    return result


def _document(event: Any, stream: Iterator[Any]) -> Document:
    document = Document(_span(event), 0)
    root = document.root
    if not root.is_mapping:
        root.end = _skip(event, stream)
        return document
    for key in stream:
        if type(key) is yaml.MappingEndEvent:
            root.end = _end(key)
            break
        key_span = _span(key)
        key_span.end = _skip(key, stream)
        name = key.value if type(key) is yaml.ScalarEvent else ""
        value = next(stream)
        span = _span(value)
        if name == "items" and type(value) is yaml.SequenceStartEvent:
            document.items = []
            for item in stream:
                if type(item) is yaml.SequenceEndEvent:
                    span.end = _end(item)
                    break
                document.items.append(_item(item, stream))
        else:
            span.end = _skip(value, stream, limit=MAX_DEPTH - 1)
            if type(value) is yaml.ScalarEvent:
                _set_type(root, name, value.value)
        if name in document.keys:
            document.duplicate = name
        document.pairs.append((key_span, span))
        document.keys[name] = document.pairs[-1]
    return document


def _item(event: Any, stream: Iterator[Any]) -> Span:
    span = _span(event)
    if not span.is_mapping:
        aliases: set[str] = set()
        span.end = _skip(event, stream, aliases)
        span.aliases = aliases or None
        return span
    # The hot loop of every run: it reads all events of all items.
    depth = 0
    key: str | None = None
    scalar, alias, mapping_end = yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingEndEvent
    starts = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
    for inner in stream:
        kind = type(inner)
        if kind is scalar:
            if depth == 0:
                if key is None:
                    key = inner.value
                else:
                    if key == "kind" or key == "apiVersion":
                        _set_type(span, key, inner.value)
                    key = None
        elif kind in starts:
            depth += 1
            if depth >= MAX_DEPTH:
                raise too_deep(inner)
        elif kind is alias:
            span.aliases = span.aliases or set()
            span.aliases.add(inner.anchor)
            if depth == 0:
                key = "" if key is None else None
        else:
            depth -= 1
            if depth == 0:
                key = "" if key is None else None
            elif depth < 0 and kind is mapping_end:
                span.end = inner.end_mark.index
                return span
    raise AssertionError("libyaml closed no mapping")  # pragma: no cover - the parser guarantees it


def _set_type(span: Span, key: str, value: str) -> None:
    if key == "kind":
        span.kind = value
    elif key == "apiVersion":
        span.api_version = value


def _end(event: Any) -> int:
    index: int = event.end_mark.index
    return index


def _span(event: Any) -> Span:
    mark = event.start_mark
    return Span(
        mark.index,
        event.end_mark.index,
        mark.column,
        bool(getattr(event, "flow_style", False)),
        type(event) is yaml.MappingStartEvent,
    )


def _skip(event: Any, stream: Iterator[Any], aliases: set[str] | None = None, limit: int = MAX_DEPTH) -> int:
    """Reads to the end of the node that `event` begins, and returns the index of its end.

    The names of its aliases are added to `aliases`. Raises SourceError where it is nested deeper than `limit`.
    """
    depth = 0
    while True:
        kind = type(event)
        if kind is yaml.AliasEvent and aliases is not None:
            aliases.add(event.anchor)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            depth += 1
            if depth > limit:
                raise too_deep(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            depth -= 1
        if depth == 0:
            return _end(event)
        event = next(stream)


# --- texts that libyaml rejects ----------------------------------------------------------------------------------

_DOCUMENT_LINE: Final = regex(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_KIND_LINE: Final = regex(r"""^[ \t]*(?:-[ \t]+)?["']?kind["']?:[ \t]*["']?(\w+)""", re.MULTILINE)
_API_VERSION_LINE: Final = regex(r"""^[ \t]*(?:-[ \t]+)?["']?apiVersion["']?:[ \t]*["']?(\w[\w./-]*)""", re.MULTILINE)
_VISIBLE: Final = regex(r"[^\r\n]")
_ITEMS_LINE: Final = regex(r"^items:[ \t]*(?:#.*)?\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Broken:
    """A part of the text that cannot be read; the text around it can."""

    start: int
    end: int
    reason: str
    line: int
    """Where the problem is, as a line of this part, from 1."""
    column: int
    api_version: str
    """The value of its first `apiVersion:` line; empty where it has none."""
    kind: str
    """The value of its first `kind:` line; empty where it has none."""


def readable(text: str) -> tuple[str, list[Broken]]:
    """The text with every unreadable document or list item replaced by blanks of the same length, and these parts.

    The text is cut by its lines alone, as kpt and Helm write documents and items. Where that does not help, the text is
    returned as it is. Surrogate pairs of JSON are rewritten instead of blanked.
    """
    broken: list[Broken] = []
    pieces: list[str] = []
    copied = 0
    for start, end, column in _chunks(text):
        # Without its dash, an item is a document by itself.
        body = start if column is None else start + column + 1
        chunk = " " * (body - start) + text[body:end]
        new = without_surrogate_pairs(chunk)
        try:
            documents(new)
        except SourceError as error:
            kind, version = _KIND_LINE.search(text, start, end), _API_VERSION_LINE.search(text, start, end)
            # An error after the last line counts for that line, since krm-otel may append text there.
            line = min(error.line or 1, chunk.rstrip().count("\n") + 1)
            names = (version[1] if version else "", kind[1] if kind else "")
            broken.append(Broken(start, end, error.message, line, error.column, *names))
            new = _VISIBLE.sub(" ", chunk)
        if new is not chunk:
            pieces += (text[copied:body], new[body - start :])
            copied = end
    pieces.append(text[copied:])
    return "".join(pieces), broken


def _chunks(text: str) -> Iterator[tuple[int, int, int | None]]:
    """(start, end, column of the dash or None) of every document, or of every list item of a ResourceList."""
    items = _ITEMS_LINE.search(text)
    if items and re.search(r"^kind: ?[\"']?ResourceList", text, re.MULTILINE):
        dash = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*( *)-(?=[ \t\r\n])").match(text, items.end())
        if dash is None:
            return
        column = len(dash[1])
        # The list ends at the first line that is a key at the margin.
        after = re.compile(r"^[A-Za-z\"'.]", re.MULTILINE).search(text, items.end())
        end = after.start() if after else len(text)
        starts = [m.start() for m in re.compile(rf"^ {{{column}}}-(?=[ \t\r\n])", re.MULTILINE).finditer(text, 0, end)]
        starts = [s for s in starts if s >= items.end()]
        for start, stop in zip(starts, [*starts[1:], end], strict=True):
            yield start, stop, column
        return
    starts = [m.end() for m in _DOCUMENT_LINE.finditer(text)]
    ends = [m.start() for m in _DOCUMENT_LINE.finditer(text)]
    for start, stop in zip([0, *starts], [*ends, len(text)], strict=True):
        yield start, stop, None
