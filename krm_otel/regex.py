"""Regular expressions that are compiled when they are first used.

This package declares over a hundred; a small package of manifests needs a quarter of them. To compile the others would
take 60 million instructions of the 250 of such a run.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")


class _Postponed:
    """Stands for a `re.Pattern`; after the first use, its methods are those of the compiled pattern."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """A method of the pattern; Python calls this for names that are missing."""
        if name not in _METHODS:
            raise AttributeError(name)
        compiled: Any = re.compile(self.pattern, self.flags)
        vars(self).update({method: getattr(compiled, method) for method in _METHODS})
        return vars(self)[name]


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The same as `re.compile`, for a pattern that is a constant of a module."""
    return cast("re.Pattern[AnyStr]", _Postponed(pattern, flags))


def fits(text: str, pattern: str) -> bool:
    """As `fnmatch.fnmatchcase`: nearly all patterns have one `*` or none, and need no expression."""
    head, star, tail = pattern.partition("*")
    if "*" in tail or "?" in pattern or "[" in pattern:
        from fnmatch import fnmatchcase

        return fnmatchcase(text, pattern)
    if not star:
        return text == pattern
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
