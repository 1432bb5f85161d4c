"""Splices: new text for spans of an old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final

_PART: Final = 1 << 20
Splice = tuple[int, int, str]
"""(start, end, new text)."""


class OverlapError(ValueError):
    """Two splices replace the same part of a text."""


class SplicedText:
    """A text with splices, which is put together piece by piece as it is written.

    As one string a large output would be in memory beside the input that most of it comes from.

    Args:
        text: the old text.
        splices: those at the same index are applied in their order. Raises OverlapError.
        start: what comes before the text.
    """

    __slots__ = ("_splices", "_start", "_text")

    def __init__(self, text: str, splices: Iterable[Splice] = (), start: str = ""):
        self._text = text
        self._start = start
        self._splices = sorted(splices, key=itemgetter(0, 1))
        copied = 0
        for first, last, _ in self._splices:
            if first < copied:
                raise OverlapError(f"two splices overlap at index {first}")
            copied = last

    def pieces(self) -> Iterator[str]:
        """The new text, in pieces of up to a million characters."""
        yield self._start
        copied = 0
        for start, end, new in self._splices:
            yield from _parts(self._text, copied, start)
            yield new
            copied = end
        yield from _parts(self._text, copied, len(self._text))

    def __str__(self) -> str:
        return "".join(self.pieces())


def _parts(text: str, start: int, end: int) -> Iterator[str]:
    for first in range(start, end, _PART):
        yield text[first : min(first + _PART, end)]


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices, as one string. Raises OverlapError."""
    return str(SplicedText(text, splices))
