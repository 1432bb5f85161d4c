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
    counts = [(file.added, file.removed) for file in files]
    most = max(map(sum, counts))
    scale = min(1.0, _BAR / most)
    for file, (added, removed) in zip(files, counts, strict=True):
        bar = "+" * _scaled(added, scale) + "-" * _scaled(removed, scale)
        yield f" {file.name:{name_width}} | {added + removed:{len(str(most))}} {bar}"
    all_added, all_removed = map(sum, zip(*counts, strict=True))
    changed = f"{plural(len(files), 'file')} changed"
    yield f" {changed}, {plural(all_added, 'line')} added, {plural(all_removed, 'line')} removed"


def _scaled(count: int, scale: float) -> int:
    """The columns of a bar; at least one for any change."""
    return max(1, round(count * scale)) if count else 0
