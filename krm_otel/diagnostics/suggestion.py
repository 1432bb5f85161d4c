"""Suggestions: the known word that is most like a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from krm_otel.regex import regex

_SEPARATORS: Final = regex(r"[^a-z0-9]+")
_LONGEST: Final = 100
"""Longer words are cut to this many letters: difflib takes quadratic time."""
_MOST_NAMES: Final = 50
"""Among more names than this the nearest one is rarely right, and it takes time to find."""


def without_separators(word: str) -> str:
    """A word without case and separators: the same for `samplingRate`, `Sampling-Rate` and `sampling_rate`."""
    return _SEPARATORS.sub("", word.lower())


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The choice that is most like `word`; None where none is like it.

    Case, `-`, `_` and camelCase do not count; beyond that `difflib` decides.

    Args:
        word: the wrong word.
        choices: the known words.
        cutoff: how like it a choice has to be, from 0 to 1 (the same letters).
    """
    by_letters = {without_separators(choice): choice for choice in choices}
    letters = without_separators(word)
    if letters in by_letters:
        return by_letters[letters]
    letters = letters[:_LONGEST]
    # What `difflib` asks first, since it is loaded for few words: with so different lengths nothing is like another.
    like = [one for one in by_letters if 2.0 * min(len(letters), len(one)) / (len(letters) + len(one)) >= cutoff]
    if not like:
        return None
    from difflib import get_close_matches

    close = get_close_matches(letters, like, 1, cutoff)
    return by_letters[close[0]] if close else None


def nearest_name(word: str, names: Iterable[str]) -> str | None:
    """The same among names that users gave; there may be thousands of them."""
    near = [name for name in names if name and abs(len(name) - len(word)) <= 3]
    return nearest(word, near) if word and len(near) <= _MOST_NAMES else None


def listed(words: Iterable[str], last: str = "or") -> str:
    """The words as an enumeration: `a, b or c`."""
    *head, tail = list(words) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail
