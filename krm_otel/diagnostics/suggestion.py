"""What somebody may have meant: the nearest right spelling of a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 100
"""Nobody misspells a word of more letters than this, and difflib takes quadratic time."""
_MOST_NAMES: Final = 50
"""Among more names than this the nearest one is rarely what was meant, and it takes time to find."""


def without_separators(word: str) -> str:
    """A word without case and separators: `samplingRate`, `Sampling-Rate` and `sampling_rate` are one."""
    return _SEPARATORS.sub("", word.lower())


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The choice that is most like `word`; None where none is like it.

    Case, `-`, `_` and camelCase do not count; beyond that `difflib` decides. A `cutoff` of 1 asks for the same word.
    """
    by_letters = {without_separators(choice): choice for choice in choices}
    letters = without_separators(word)
    if (same := by_letters.get(letters)) is not None:
        return same
    close = get_close_matches(letters[:_LONGEST], by_letters, 1, cutoff)
    return by_letters[close[0]] if close else None


def nearest_name(written: str, names: Iterable[str]) -> str | None:
    """As `nearest`, among names that users gave, of which there may be thousands."""
    near = [name for name in names if name and abs(len(name) - len(written)) <= 3]
    return nearest(written, near) if written and len(near) <= _MOST_NAMES else None


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    *head, tail = list(words) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail
