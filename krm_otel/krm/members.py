"""Whole objects of an envelope: appended, taken out, written anew. Texts and spans only.

Generated objects follow the user's, in the style of the input: entries of `items` in a ResourceList, documents in a
stream, members in JSON. Taking them out gives back the text that was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from krm_otel.yamltext import emit
from krm_otel.yamltext.layout import content_end, insertion_point, line_start, next_line
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.scan import Document

Edit = tuple[int, int, str]
"""(start, end, new text)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One object: its span in the text, and its column."""

    start: int
    end: int
    column: int
    flow: bool


def written(data: dict[str, Any], text: str, member: Member) -> str:
    """Another object in the place and style of a member, as its whole text; what stands behind it stays."""
    if member.flow:
        return emit.flow(data)
    end = _content_end(text, member)
    newline = next_line(text, member.start).newline
    lines = [line if i == 0 else " " * member.column + line for i, line in enumerate(emit.block(data))]
    return newline.join(lines) + text[end : member.end]


def append_to_list(text: str, top: Document, members: Sequence[Member], new: Sequence[dict[str, Any]]) -> list[Edit]:
    """Edits that append objects to the `items` of a ResourceList."""
    if not new:
        return []
    key, items = top.keys["items"]
    if top.root.flow or (members and items.flow):
        return [_append_flow(text, members, items.start, new)]
    column = items.column if members else key.column
    lines = emit.block(list(new))
    if not members:
        # Empty or null: the value gives way to lines below the key.
        point = next_line(text, items.end)
        start = text.index(":", key.end) + 1
        block = "".join(" " * column + line + point.newline for line in lines)
        head = [(start, items.end, "")] if items.end > start else []
        return [*head, (point.start, point.start, point.newline + block if point.open_end else block)]
    point = insertion_point(text, _content_end(text, members[-1]), key.column)
    return [(point.start, point.start, point.as_lines(" " * column + line for line in lines))]


def _append_flow(text: str, members: Sequence[Member], start: int, new: Sequence[dict[str, Any]]) -> Edit:
    texts = [emit.flow(data) for data in new]
    if not members:
        at = text.index("[", start) + 1
        return at, at, ", ".join(texts)
    last = members[-1]
    line = line_start(text, last.start)
    own_line = line > 0 and not text[line : last.start].strip()
    separator = ",\n" + text[line : last.start] if own_line else ", "
    return last.end, last.end, "".join(separator + one for one in texts)


def remove_from_list(text: str, top: Document, members: Sequence[Member], gone: Iterable[int]) -> list[Edit]:
    """Edits that take members, by index, out of the `items` of a ResourceList."""
    chosen = sorted(set(gone))
    if not chosen:
        return []
    key, items = top.keys["items"]
    if top.root.flow or items.flow:
        lead = next((i for i in range(len(members)) if i not in chosen), len(members))
        if lead == len(members):
            return [(members[0].start, members[-1].end, "")]
        edits = [(members[0].start, members[lead].start, "")] if lead else []
        return edits + [(members[i - 1].end, members[i].end, "") for i in chosen if i > lead]
    edits = []
    for i in chosen:
        # A dash may stand on a line of its own, above a comment: the entry begins where the one before it ends.
        begin = items.start if i == 0 else text.index("-", next_line(text, _content_end(text, members[i - 1])).start)
        dash = text.rfind("-", begin, members[i].start)
        edits.append((line_start(text, dash), next_line(text, _content_end(text, members[i])).start, ""))
    edits = _closing(text, edits, len(members), chosen)
    if len(chosen) == len(members):
        colon = text.index(":", key.end) + 1
        edits.append((colon, colon, " []"))
    return edits


def append_documents(text: str, new: Sequence[dict[str, Any]]) -> list[Edit]:
    """Edits that append documents to a stream."""
    if not new:
        return []
    newline = "\r\n" if "\r\n" in text else "\n"
    documents = [newline.join(["---", *emit.block(data)]) for data in new]
    at = len(text)
    if text and not text.endswith("\n"):
        return [(at, at, "".join(newline + document for document in documents))]
    return [(at, at, "".join(document + newline for document in documents))]


def remove_documents(text: str, members: Sequence[Member], gone: Iterable[int]) -> list[Edit]:
    """Edits that take documents, by index, out of a stream, each with the `---` before it."""
    edits = []
    for i in sorted(set(gone)):
        start = line_start(text, members[i].start)
        marker = text.rfind("---", members[i - 1].end if i else 0, members[i].start)
        if marker >= 0 and line_start(text, marker) == marker:
            start = marker
        edits.append((start, members[i].end, ""))
    return _closing(text, edits, len(members), sorted(set(gone)))


def _closing(text: str, edits: list[Edit], count: int, chosen: list[int]) -> list[Edit]:
    """A text that ended without a line break ends so again when its last members go."""
    if text.endswith("\n") or not chosen or chosen[-1] != count - 1 or edits[-1][1] < len(text):
        return edits
    first = next(n for n in range(len(chosen)) if chosen[n:] == list(range(chosen[n], count)))
    start, end, new = edits[first]
    back = 2 if text[:start].endswith("\r\n") else 1 if start else 0
    return [*edits[:first], (start - back, end, new), *edits[first + 1 :]]


def _content_end(text: str, member: Member) -> int:
    """The index behind the last character of a member that is not blank or comment."""
    if member.flow:
        return member.end
    try:
        root = compose(" " * member.column + text[member.start : member.end])
    except SourceError:
        root = None  # it passes as it is, all of it
    if root is None:
        return member.start + len(text[member.start : member.end].rstrip())
    return content_end(" " * member.column + text[member.start : member.end], root) + member.start - member.column
