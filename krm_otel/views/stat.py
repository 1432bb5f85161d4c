"""How much changes in each file, as `git diff --stat` draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from krm_otel.views.diff import FileDiff
from krm_otel.views.summary import plural

_BAR: Final = 30
"""The longest bar, in columns; with more changes in a file, all bars are drawn to scale."""


def stat_lines(files: Sequence[FileDiff]) -> Iterator[str]:
    """A line for each file, and one with the sum; none without files."""
    if not files:
        return
    name_width = max(len(file.name) for file in files)
    most = max(file.added + file.removed for file in files)
    scale = min(1.0, _BAR / most)
    for file in files:
        bar = "+" * _scaled(file.added, scale) + "-" * _scaled(file.removed, scale)
        yield f" {file.name:{name_width}} | {file.added + file.removed:{len(str(most))}} {bar}"
    added, removed = sum(file.added for file in files), sum(file.removed for file in files)
    changed = f"{plural(len(files), 'file')} changed"
    yield f" {changed}, {plural(added, 'line')} added, {plural(removed, 'line')} removed"


def _scaled(count: int, scale: float) -> int:
    """The columns of a bar; at least one for any change."""
    return max(1, round(count * scale)) if count else 0
