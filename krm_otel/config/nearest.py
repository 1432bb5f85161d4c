"""What somebody may have meant: the nearest right spelling of a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


def bare(word: str) -> str:
    """A word without case and separators: `samplingRate`, `Sampling-Rate` and `sampling_rate` are one."""
    return _SEPARATORS.sub("", word.lower())


def nearest(word: str, choices: Iterable[str], like: float = 0.6) -> str | None:
    """The choice that is most like `word`; None where none is like it.

    Case, `-`, `_` and camelCase do not count; beyond that, `difflib` decides: 1 is the same.
    """
    by_bare = {bare(choice): choice for choice in choices}
    if (found := by_bare.get(bare(word))) is not None:
        return found
    # Nobody misspells a word of a hundred letters, and difflib is quadratic.
    close = get_close_matches(bare(word)[:100], by_bare, 1, like)
    return by_bare[close[0]] if close else None


def either(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    *head, tail = list(words) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail
