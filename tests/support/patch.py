"""A small and strict `patch`: what a unified diff makes of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_CONTEXT = 3


def patched(old: str, patch: Sequence[str]) -> str:
    """The new text. Asserts that every number and every line of context is right, and that no hunk is larger than it
    has to be."""
    before, after = re.findall(r"[^\n]*\n|[^\n]+", old), []
    at = gap = 0
    rest = list(patch[2:])
    while rest:
        found = _HUNK.fullmatch(rest.pop(0))
        assert found is not None
        start, count, new_start, new_count = (1 if number is None else int(number) for number in found.groups())
        start, new_start = start - bool(count), new_start - bool(new_count)
        assert not at or start > at, "two hunks touch"
        after += before[at:start]
        assert new_start == len(after)
        body = []
        while rest and not rest[0].startswith("@"):
            line = rest.pop(0)
            if rest and rest[0].startswith("\\"):
                rest.pop(0)
            else:
                line += "\n"
            body.append((line[0], line[1:]))
        assert [line for mark, line in body if mark != "+"] == before[start : start + count]
        new = [line for mark, line in body if mark != "-"]
        assert len(new) == new_count
        marks = "".join(mark for mark, _ in body)
        lead, trail = len(marks) - len(marks.lstrip(" ")), len(marks) - len(marks.rstrip(" "))
        gap, at = len(before) - start - count, start + count
        assert lead == min(_CONTEXT, start + lead) and (trail == _CONTEXT or (trail < _CONTEXT and not gap))
        assert " " * (2 * _CONTEXT + 1) not in marks, "two hunks in one"
        after += new
    return "".join(after + before[at:])
