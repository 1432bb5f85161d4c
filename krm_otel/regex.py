"""Regular expressions that are compiled when they are first used.

To compile one takes 0.1 to 12 million instructions, and this package has a hundred of them: 80 million, where the whole
run of a small package may take 250. Such a run uses a third of them.
"""

from __future__ import annotations

import re
from typing import Any


def regex(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """As `re.compile`, later."""
    later: Any = _Later(pattern, flags)
    return later  # type: ignore[no-any-return]


class _Later:
    """Has what a compiled expression has. From the first use on its methods are those of the compiled one itself."""

    def __init__(self, pattern: str, flags: re.RegexFlag) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self.flags)
        for method in ("match", "fullmatch", "search", "sub", "split", "findall", "finditer"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
