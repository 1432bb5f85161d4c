"""Splices: new text for spans of an old one."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

Splice = tuple[int, int, str]
"""(start, end, new text)."""


class OverlapError(ValueError):
    """Two splices replace the same part of a text."""


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices; those at the same index are applied in their order. Raises OverlapError."""
    pieces: list[str] = []
    copied = 0
    for start, end, new in sorted(splices, key=itemgetter(0, 1)):
        if start < copied:
            raise OverlapError(f"two splices overlap at index {start}")
        pieces += (text[copied:start], new)
        copied = end
    pieces.append(text[copied:])
    return "".join(pieces)
