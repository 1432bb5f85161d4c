"""Texts that libyaml rejects: the documents and list items that can be read all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from krm_otel.dataclass import dataclass
from krm_otel.regex import regex
from krm_otel.yamltext.documents.by_events import documents
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import without_surrogate_pairs

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
