"""A ResourceList in block style, cut into its items by lines: no event is made of an item that nobody reads.

Cut, never guess: a text that is cut here is cut where libyaml would cut it, and everything odd goes by events. Why:

- A line at the margin that starts with a dash is an entry of `items`, unless it is inside a scalar or a flow collection
  that goes over lines.
- Further lines of a plain or a block scalar are deeper than the margin (libyaml: column > indent).
- A quoted scalar or flow collection that goes over lines starts where a token may start (after a blank, a bracket, a
  comma, a colon or a question mark), and is not closed on its line. The patterns below find all these places, whatever
  they are in. Some are in comments or block scalars.
- An item with such a place is read by itself, by events. If it is whole, nothing of it goes on in the next one.

What libyaml says of an item that has no such place is not known here. If the item is asked for and cannot be read, the
whole text is read by events (`krm_otel.run`). If nobody asks for it, it stays as it is, and no result reports it.

Why: events of 10 MB take 0.6 s, lines 0.06 s.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Final

from krm_otel.regex import regex
from krm_otel.yamltext.documents.by_events import documents, item_span
from krm_otel.yamltext.documents.spans import Document, Span
from krm_otel.yamltext.libyaml import yaml
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import events, source_errors

_PRINTABLE: Final = bytes(range(32, 127)) + b"\t\n"
_UNPRINTABLE: Final = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""Line breaks that only libyaml sees, and what it refuses."""
_TOKEN: Final = r"(?<=[\s\[{{,:?]{})"
_FLAT: Final = r"""(?:[^\[\]{}"'\n#]++|"[^"\\\n]*+"|'[^'\n]*+'%s)*+[\]}]"""
_CLOSED: Final = _FLAT % (r"|[\[{]" + _FLAT % (r"|[\[{]" + _FLAT % ""))
"""The rest of a flow collection that is closed on its line, three levels deep at most."""
# A pattern that starts with one character is searched ten times as fast as one that starts with one of two.
_ODD: Final = (
    regex('"' + _TOKEN.format('"') + r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+\\?(?:\n|\Z)'),  # a quote that stays open
    regex("'" + _TOKEN.format("'") + r"[^'\n]*+(?:''[^'\n]*+)*+(?:\n|\Z)"),
    regex(r"\[" + _TOKEN.format(r"\[") + f"(?!{_CLOSED})"),
    regex(r"\{" + _TOKEN.format(r"\{") + f"(?!{_CLOSED})"),
    regex(r"\n *\t"),  # people's most frequent mistake, so the item is read
    regex(r"\n-(?! [A-Za-z])"),  # an entry that is no mapping, or another line with a dash
    regex(r"\n  (?=[^ \n#-])(?![A-Za-z][A-Za-z0-9_.-]*:[ \n])"),  # a key that may be `kind` in other words
)
_PROPERTY: Final = regex(r"[&*!]" + _TOKEN.format("[&*!]") + r"\S")
"""An anchor, an alias or a tag."""
_KEY_AT_MARGIN: Final = regex(r"\n(?=[^ \n#-])")
_HEAD: Final = regex(r"apiVersion: ([A-Za-z0-9./-]++)\n  kind: ([A-Za-z0-9]++)\n  (?=[A-Za-z])")
_BLOCK_CONTENT: Final = regex(r"(\n( *)[A-Za-z0-9_./-]+: [|>][+-]?(?=\n))(?:\n(?:\2 [^\n]*)?(?=\n|\Z))+")
"""A key whose value is a block scalar, with the content: the lines that are deeper than the key, and blank ones."""
_ITEMS: Final = "\nitems:\n"


def resource_list(text: str) -> Document | None:
    """The only document of a text, with its items cut by lines; None where the text is not that simple."""
    before = text.find(_ITEMS + "-")
    if before < 0 or _has_unprintable(text):
        return None
    first = before + len(_ITEMS)
    key_after = _KEY_AT_MARGIN.search(text, first)
    end = key_after.end() if key_after else len(text)
    document = _around(text, first, end)
    if document is not None:
        document.items = _items(text, first, end)
    return document if document is not None and document.items is not None else None


def _has_unprintable(text: str) -> bool:
    if text.isascii():
        return bool(text.encode().translate(None, _PRINTABLE))
    return _UNPRINTABLE.search(text) is not None


def _items(text: str, first: int, end: int) -> list[Span] | None:
    """The spans of the entries between two indexes; None where one of them is not whole."""
    starts = [first]
    find = text.find
    while start := find("\n-", starts[-1], end) + 1:
        starts.append(start)
    patterns = (*_ODD, _PROPERTY) if "&" in text or "*" in text or "!" in text else _ODD
    odd = {
        bisect_right(starts, place.start() + 1) - 1
        for pattern in patterns
        for place in pattern.finditer(text, first - 1, end)
    }
    bounds = [*starts, end]
    odd = {number for number in odd if not _is_odd_in_blocks_alone(text, bounds[number], bounds[number + 1])}
    items: list[Span] = []
    match_head = _HEAD.match
    for number, (start, stop) in enumerate(pairwise(bounds)):
        if number not in odd and (head := match_head(text, start + 2, stop)):
            rest = head.end() - 3
            if find("\n  kind:", rest, stop) < 0 and find("\n  apiVersion:", rest, stop) < 0:
                items.append(Span(start + 2, stop, 2, False, True, head[1], head[2]))
                continue
        span = _by_itself(text, start, stop)
        if span is None:
            return None
        items.append(span)
    return items


def _is_odd_in_blocks_alone(text: str, start: int, stop: int) -> bool:
    """Whether all odd places of an entry are in the content of block scalars, where they mean nothing.

    Without their content there is no odd place left, so no scalar or flow collection is open before a line that looks
    like the header of a block scalar: it is one.
    """
    rest, count = _BLOCK_CONTENT.subn(r"\1", text[start - 1 : stop])
    return bool(count) and not any(pattern.search(rest) for pattern in (*_ODD, _PROPERTY))


def _around(text: str, first: int, end: int) -> Document | None:
    """The document without its items, with the spans that it has with them."""
    try:
        parsed = documents(text[:first] + text[end:])
    except SourceError:
        return None
    if len(parsed) != 1:
        return None
    document = parsed[0]
    own = document.keys.get("items")
    root = document.root
    if root.kind != "ResourceList" or document.tag_handles or document.duplicate or root.flow or root.column:
        return None
    # `items` has no value without its lines, and its colon ends the line before them.
    if own is None or document.root.start >= first or own[0].end + 2 != first or own[1].end >= first:
        return None
    length = end - first
    for span in (span for pair in document.pairs for span in pair):
        span.start += length if span.start >= first else 0
        span.end += length if span.end >= first else 0
    document.root.end += length
    document.end += length
    value = own[1]
    value.start, value.end, value.column = first, end, 0
    return document


def _by_itself(text: str, start: int, stop: int) -> Span | None:
    """The span of an entry that is read by itself; None where it is no entry (`---`, `-x`) or not whole."""
    if text[start + 1 : start + 2] not in (" ", "\n"):
        return None
    span: Span | None = None
    try:
        with source_errors():
            stream = events(" " + text[start + 1 : stop])
            for event in stream:
                if isinstance(event, yaml.DocumentStartEvent):
                    if span is not None or event.explicit:
                        return None
                    span = item_span(next(stream), stream)
                elif isinstance(event, yaml.DocumentEndEvent) and event.explicit:
                    return None
    except SourceError:
        return None
    if span is None or span.column == 0 or span.end == span.start:
        return None
    span.start += start
    span.end = span.end + start if span.flow or not span.is_mapping else stop
    return span
