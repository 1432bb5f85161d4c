"""Splices that append, remove or rewrite whole objects of an envelope.

Generated objects come after the user's, in the style of the input: entries of `items` in a ResourceList, documents in a
stream, members in JSON. Removing them results in the text that was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from krm_otel.krm.item import Item, indented
from krm_otel.regex import regex
from krm_otel.yamltext import emit
from krm_otel.yamltext.documents.spans import Document
from krm_otel.yamltext.layout import (
    InsertionPoint,
    content_end,
    flow_cuts,
    insertion_point,
    line_start,
    newline_of,
    next_line,
)
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.splices import Splice

_DASH: Final = regex(r"(?m)^[ \t]*-(?=[ \t\r\n])")
Comment = Callable[[dict[str, Any]], Sequence[str]]
"""The lines of the comment that an object begins with, without `# `; none for most."""


def no_comment(_: dict[str, Any]) -> Sequence[str]:
    """No object begins with a comment."""
    return ()


def rewrite(text: str, item: Item, data: dict[str, Any]) -> str:
    """The text of another object in the place and style of an item; what follows the item's content stays."""
    if item.flow:
        return emit.flow(data)
    end = _content_end(text, item)
    newline = next_line(text, item.start).newline
    lines = [line if i == 0 else " " * item.column + line for i, line in enumerate(emit.block(data))]
    return newline.join(lines) + text[end : item.end]


def append_to_list(
    text: str,
    document: Document,
    items: Sequence[Item],
    objects: Sequence[dict[str, Any]],
    comment: Comment = no_comment,
) -> list[Splice]:
    """Splices that append objects to the `items` of a document; JSON has no comments."""
    if not objects:
        return []
    key, value = document.keys["items"]
    if document.root.flow or (items and value.flow):
        return [_append_to_flow(text, items, value.start, objects)]
    column = value.column if items else key.column
    lines = [" " * column + line for data in objects for line in _entry(data, comment(data))]
    if items:
        point = insertion_point(text, _content_end(text, items[-1]), key.column)
        return [(point.start, point.start, point.as_lines(lines))]
    # The list is empty or null: lines below the key replace the value.
    point = next_line(text, value.end)
    start = text.index(":", key.end) + 1
    block = "".join(line + point.newline for line in lines)
    removal = [(start, value.end, "")] if value.end > start else []
    return [*removal, (point.start, point.start, point.newline + block if point.open_end else block)]


def _entry(data: dict[str, Any], comment: Sequence[str]) -> list[str]:
    """The lines of an entry of a list: `- ` before its first line, which may be a comment."""
    first, *rest = [*(f"# {line}" for line in comment), *emit.block(data)]
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _append_to_flow(text: str, items: Sequence[Item], start: int, objects: Sequence[dict[str, Any]]) -> Splice:
    texts = [emit.flow(data) for data in objects]
    if not items:
        start = text.index("[", start) + 1
        return start, start, ", ".join(texts)
    last = items[-1]
    line = line_start(text, last.start)
    is_first_on_line = line > 0 and not text[line : last.start].strip()
    separator = ",\n" + text[line : last.start] if is_first_on_line else ", "
    return last.end, last.end, "".join(separator + object_text for object_text in texts)


def remove_from_list(text: str, document: Document, items: Sequence[Item], indexes: Iterable[int]) -> list[Splice]:
    """Splices that remove items, by index, from the `items` of a document."""
    removed = sorted(set(indexes))
    if not removed:
        return []
    key, value = document.keys["items"]
    if document.root.flow or value.flow:
        spans = [(item.start, item.end) for item in items]
        return [(start, end, "") for start, end, _ in flow_cuts(spans, removed)]
    splices = []
    for i in removed:
        # A dash may be on its own line, above a comment: the entry begins where the one before it ends.
        # Comments may have dashes, but do not begin with one.
        begin = value.start if i == 0 else next_line(text, _content_end(text, items[i - 1])).start
        dash = [match.end() - 1 for match in _DASH.finditer(text, line_start(text, begin), items[i].start)][-1]
        splices.append((line_start(text, dash), next_line(text, _content_end(text, items[i])).start, ""))
    splices = _keep_open_end(text, splices, len(items), removed)
    if len(removed) == len(items):
        colon = text.index(":", key.end) + 1
        splices.append((colon, colon, " []"))
    return splices


def append_documents(text: str, objects: Sequence[dict[str, Any]]) -> list[Splice]:
    """Splices that append documents to a stream."""
    newline = newline_of(text)
    point = InsertionPoint(len(text), newline, text != "" and not text.endswith("\n"))
    lines = [newline.join(["---", *emit.block(data)]) for data in objects]
    return [(point.start, point.start, point.as_lines(lines))] if objects else []


def remove_documents(text: str, items: Sequence[Item], indexes: Iterable[int]) -> list[Splice]:
    """Splices that remove documents, by index, from a stream, each with the `---` before it."""
    removed = sorted(set(indexes))
    splices = []
    for i in removed:
        start = line_start(text, items[i].start)
        marker = text.rfind("---", items[i - 1].end if i else 0, items[i].start)
        if marker >= 0 and line_start(text, marker) == marker:
            start = marker
        splices.append((start, items[i].end, ""))
    return _keep_open_end(text, splices, len(items), removed)


def _keep_open_end(text: str, splices: list[Splice], count: int, removed: list[int]) -> list[Splice]:
    """Makes a text that ended without a line break end so again when its last items are removed."""
    if text.endswith("\n") or not removed or removed[-1] != count - 1 or splices[-1][1] < len(text):
        return splices
    first = next(n for n in range(len(removed)) if removed[n:] == list(range(removed[n], count)))
    start, end, new = splices[first]
    break_length = 2 if text[:start].endswith("\r\n") else 1 if start else 0
    return [*splices[:first], (start - break_length, end, new), *splices[first + 1 :]]


def _content_end(text: str, item: Item) -> int:
    """The index after the last character of an item that is neither blank nor part of a comment."""
    if item.flow:
        return item.end
    alone = indented(text[item.start : item.end], item.column)
    try:
        root = compose(alone)
    except SourceError:
        root = None  # all of it is passed through as it is
    end = len(alone.rstrip()) if root is None else content_end(alone, root)
    return end + item.start - item.column
