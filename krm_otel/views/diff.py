"""The changes of a run as a unified diff: a patch for `git apply` and `patch`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, NamedTuple

from krm_otel.dataclass import dataclass
from krm_otel.krm.reader import read_envelope

_NO_LINE_END: Final = "\\ No newline at end of file"
_CONTEXT: Final = 3


class _Change(NamedTuple):
    """Lines of the old text and the lines of the new text that replace them; numbers from 0, ends exclusive."""

    old: int
    old_end: int
    new: int
    new_end: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A file that changes.

    Args:
        name: its path.
        lines: of the unified diff.
    """

    name: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, old: str | None, new: str | None, name: str, starts: Sequence[int] = ()) -> Iterator[FileDiff]:
        """The diff of one file, with the arguments of `unified`; none if the texts are equal."""
        if lines := tuple(unified(old, new, name, starts)):
            yield cls(name, lines)

    @property
    def added(self) -> int:
        """How many lines are added."""
        return sum(line.startswith("+") for line in self.lines[2:])

    @property
    def removed(self) -> int:
        """How many lines are removed."""
        return sum(line.startswith("-") for line in self.lines[2:])


def unified(old: str | None, new: str | None, name: str, starts: Sequence[int] = ()) -> Iterator[str]:
    """The lines of a unified diff of two texts, without line breaks; none if the texts are equal.

    Args:
        old: the current text; None if there is no such file yet.
        new: the new text; None if the file is deleted.
        name: the file's path, for the headers.
        starts: where the items that stay begin in the old text. Each item is compared with its new text only, so the
            time grows with the number of items and not with its square. Without it, the texts are compared as a whole.
    """
    if old == new:
        return
    yield f"--- {_header('a', old, name)}"
    yield f"+++ {_header('b', new, name)}"
    pairs = _paired_lines(old or "", new or "", starts if new else ())
    old_lines = [line for lines, _ in pairs for line in lines]
    new_lines = [line for _, lines in pairs for line in lines]
    for hunk in _hunks(_changes(pairs)):
        first, last = hunk[0], hunk[-1]
        start, end = max(first.old - _CONTEXT, 0), min(last.old_end + _CONTEXT, len(old_lines))
        new_start, new_end = start + first.new - first.old, end + last.new_end - last.old_end
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@"
        for change in hunk:
            yield from _marked(" ", old_lines[start : change.old])
            yield from _marked("-", old_lines[change.old : change.old_end])
            yield from _marked("+", new_lines[change.new : change.new_end])
            start = change.old_end
        yield from _marked(" ", old_lines[start:end])


# --- comparing -------------------------------------------------------------------------------------------------------


def _paired_lines(old: str, new: str, starts: Sequence[int]) -> list[tuple[list[str], list[str]]]:
    """The lines of both texts, cut where an item starts: each pair has the old and the new lines of one item.

    Items keep their order, and new items are at the end: the first items of the new text are those that stay.
    """
    cuts = [(0, 0)]
    for cut in zip(_line_starts(old, starts), _line_starts(new, _item_starts(new) if starts else ()), strict=False):
        if cut[0] > cuts[-1][0] and cut[1] > cuts[-1][1]:  # two items may be on one line
            cuts.append(cut)
    cuts.append((len(old), len(new)))
    return [(_lines(old[i:next_i]), _lines(new[j:next_j])) for (i, j), (next_i, next_j) in pairwise(cuts)]


def _item_starts(text: str) -> list[int]:
    envelope = read_envelope(text)
    return [len(envelope.bom) + item.start for item in envelope.items]


def _line_starts(text: str, offsets: Sequence[int]) -> list[int]:
    return [text.rfind("\n", 0, offset) + 1 for offset in offsets]


def _lines(text: str) -> list[str]:
    """Lines with their ends. As for git, only a line feed ends a line: a form feed in a value does not."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _changes(pairs: Sequence[tuple[list[str], list[str]]]) -> Iterator[_Change]:
    """The differences, pair by pair."""
    i = j = 0
    for old, new in pairs:
        if old != new:
            for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
                if tag != "equal":
                    yield _Change(i + start, i + end, j + new_start, j + new_end)
        i, j = i + len(old), j + len(new)


# --- formatting ------------------------------------------------------------------------------------------------------


def _hunks(changes: Iterator[_Change]) -> Iterator[list[_Change]]:
    """Groups of changes whose context would overlap."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change.old - hunk[-1].old_end > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _range(start: int, end: int) -> str:
    """Lines as the header of a hunk counts them, from 1; an empty range has the number of the line before it."""
    if end - start == 1:
        return f"{end}"
    return f"{start + 1 if end > start else start},{end - start}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_LINE_END


def _header(side: str, text: str | None, name: str) -> str:
    if text is None:
        return "/dev/null"
    # An absolute path as git writes it. With a tab, git marks the end of a name that has spaces.
    path = f"{side}/{name.lstrip('/')}"
    return f"{path}\t" if " " in name else path
