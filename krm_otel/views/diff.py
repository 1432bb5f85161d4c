"""What a run changes, as a unified diff: a patch that `git apply` and `patch` take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, NamedTuple

from krm_otel.krm.reader import read_envelope

_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}
_NO_END: Final = "\\ No newline at end of file"
_CONTEXT: Final = 3


class _Span(NamedTuple):
    """Lines of the old text and lines of the new one that are in their place, by their numbers from 0."""

    old: int
    old_end: int
    new: int
    new_end: int


def unified(old: str | None, new: str | None, name: str, starts: Sequence[int] = ()) -> Iterator[str]:
    """The lines of a unified diff of two texts, without line breaks; none where they are the same.

    Args:
        old: the text as it is; None where there is no such file yet.
        new: the text as it will be; None where the file goes.
        name: the file's path, for the headers.
        starts: where the items that stay begin in the old text. Items are compared one with one, so that the time
            grows with their number, and not with its square; without it the texts are compared as a whole.
    """
    if old == new:
        return
    yield f"--- {_header('a', old, name)}"
    yield f"+++ {_header('b', new, name)}"
    pieces = _pieces(old or "", new or "", starts if new else ())
    before = [line for piece, _ in pieces for line in piece]
    after = [line for _, piece in pieces for line in piece]
    for hunk in _hunks(_changes(pieces)):
        first, last = hunk[0], hunk[-1]
        at, end = max(first.old - _CONTEXT, 0), min(last.old_end + _CONTEXT, len(before))
        yield (f"@@ -{_range(at, end)} +{_range(at + first.new - first.old, end + last.new_end - last.old_end)} @@")
        for change in hunk:
            yield from _marked(" ", before[at : change.old])
            yield from _marked("-", before[change.old : change.old_end])
            yield from _marked("+", after[change.new : change.new_end])
            at = change.old_end
        yield from _marked(" ", before[at:end])


def colour(line: str) -> str | None:
    """The colour of a line of a diff; None for context."""
    if line.startswith(("+++ ", "--- ")):  # with its blank: a removed `---` is a line as any other
        return "bright_white"
    return _STYLES.get(line[:1])


# --- what is compared with what --------------------------------------------------------------------------------------


def _pieces(old: str, new: str, starts: Sequence[int]) -> list[tuple[list[str], list[str]]]:
    """The lines of both texts in pieces that belong to each other: from one item's line to the next one's.

    Items keep their order, and new ones come behind them: the first one that stays is the first one there is.
    """
    edges = [(0, 0)]
    for edge in zip(_line_starts(old, starts), _line_starts(new, _starts(new) if starts else ()), strict=False):
        if edge[0] > edges[-1][0] and edge[1] > edges[-1][1]:  # two items may stand on one line
            edges.append(edge)
    edges.append((len(old), len(new)))
    return [(_lines(old[i:next_i]), _lines(new[j:next_j])) for (i, j), (next_i, next_j) in pairwise(edges)]


def _starts(text: str) -> list[int]:
    envelope = read_envelope(text)
    return [len(envelope.bom) + item.start for item in envelope.items]


def _line_starts(text: str, places: Sequence[int]) -> list[int]:
    return [text.rfind("\n", 0, place) + 1 for place in places]


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only a line feed ends one, as for git: a form feed inside a value does not."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _changes(pieces: Sequence[tuple[list[str], list[str]]]) -> Iterator[_Span]:
    """What differs, piece by piece."""
    i = j = 0
    for old, new in pieces:
        if old != new:
            for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
                if tag != "equal":
                    yield _Span(i + start, i + end, j + new_start, j + new_end)
        i, j = i + len(old), j + len(new)


# --- how it is written -----------------------------------------------------------------------------------------------


def _hunks(changes: Iterator[_Span]) -> Iterator[list[_Span]]:
    """Changes whose context would touch, together."""
    hunk: list[_Span] = []
    for change in changes:
        if hunk and change.old - hunk[-1].old_end > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _range(start: int, end: int) -> str:
    """Lines as a hunk's header counts them: an empty range stands behind the line before it."""
    if end - start == 1:
        return f"{end}"
    return f"{start + 1 if end > start else start},{end - start}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_END


def _header(side: str, text: str | None, name: str) -> str:
    if text is None:
        return "/dev/null"
    # The tab is git's way to say where a name with blanks ends.
    return f"{side}/{name}\t" if " " in name else f"{side}/{name}"
