"""One pass over a whole text: the spans of its documents and list items.

Composing a whole ResourceList is slow, and fails for some (two files may use one anchor name). The events alone give
every span at a fraction of the cost. Items of interest are composed later, each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from krm_otel.yamltext.documents.spans import Document, Span
from krm_otel.yamltext.libyaml import yaml
from krm_otel.yamltext.parse import MAX_DEPTH, events, source_errors, too_deep


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
                document.items.append(item_span(item, stream))
        else:
            span.end = _skip(value, stream, limit=MAX_DEPTH - 1)
            if type(value) is yaml.ScalarEvent:
                _set_type(root, name, value.value)
        if name in document.keys:
            document.duplicate = name
        document.pairs.append((key_span, span))
        document.keys[name] = document.pairs[-1]
    return document


def item_span(event: Any, stream: Iterator[Any]) -> Span:
    """The span of the list item that `event` begins; reads its events."""
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
