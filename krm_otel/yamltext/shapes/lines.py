"""The shape of a text: its lines without the values and comments at their ends."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Final

from krm_otel.dataclass import dataclass
from krm_otel.regex import regex

MOST_CHARACTERS: Final = 20_000
"""Longer texts are rare, and each is read by libyaml."""
_MOST_LINES: Final = 20_000
"""Lines that are remembered."""
_LONGEST_LINE: Final = 400
"""Characters of a line that is remembered: longer ones hardly come again."""
_WORD: Final = r"[A-Za-z0-9_/.](?:[A-Za-z0-9_/.@+=$()%:-]*[A-Za-z0-9_/.@+=$()%-])?"
_WORDS: Final = rf"{_WORD}(?:[ ]{_WORD})*"
_VALUE: Final = regex(
    rf"""(?:"([ !#-\[\]-~]*)"|'([ -&(-~]*)'|({_WORDS})|\{{{_WORD}:[ ]({_WORDS})\}})\r?\Z"""
    # in double quotes without escapes, in single quotes without quotes, plain words, plain words as in {app: shop}
)
_COMMENT: Final = regex(r"(?:[ ]|\A)[#]([ -~]+)\r?\Z")
"""The text of a comment is a hole; its mark belongs to the shape."""
_BLOCK: Final = regex(r"( *)(?:- +)*(?:[^\s#].*: |- )?([|>]-?)\Z")
"""A line that ends in the header of a block scalar, if the line is not inside another scalar."""
_CONTENT: Final = regex(r"[!-~](?:[ -~]*[!-~])?\Z")
_MARK: Final = "\0"


Line = tuple[str, int, int, tuple[int, int] | None]
"""One line: the line without its hole, the hole's start and end (both 0 where it has none), and where the header of a
block scalar is, if the line ends in one and is not inside another scalar.

It is no NamedTuple: with the annotations of this package the first one of a process costs 11 million instructions.
"""


@dataclass(frozen=True, slots=True)
class BlockScalar:
    """Lines that look like the content of a literal or folded scalar, all with the same indentation."""

    line: int
    """The line of its header."""
    column: int
    """The column of `|` or `>`."""
    header: str
    first: int
    last: int
    """The first line of the content, and the last one."""
    indent: int

    def value(self, lines: list[str]) -> str:
        """The value that these lines mean in a block scalar."""
        content = [line[self.indent :] for line in lines[self.first : self.last + 1]]
        text = ("\n" if self.header[0] == "|" else " ").join(content)
        return text if self.header[-1] == "-" else text + "\n"


class _Lines(dict[str, Line]):
    """Every line of the input with its hole: most lines come again and again."""

    def __missing__(self, text: str) -> Line:
        if len(self) >= _MOST_LINES:
            self.clear()
        before = text.find(": ") + 2
        if before == 1:
            before = text.find("- ") + 2
        hole = _VALUE.match(text, before) if before > 1 else None
        if hole is None and "#" in text:
            hole = _COMMENT.search(text)
        if hole is None:
            header = _BLOCK.match(text) if text[-1:] in ("|", ">", "-") else None
            line = (text, 0, 0, (len(header[1]), header.start(2)) if header else None)
        else:
            start, end = hole.span(hole.lastindex or 0)
            line = (text[:start] + _MARK + text[end:], start, end, None)
        if len(text) <= _LONGEST_LINE:
            self[text] = line
        return line


class _Contents(dict[str, tuple[int, Line]]):
    """Lines as the content of a block scalar, with their indentation; -1 for those that may not be content."""

    def __missing__(self, text: str) -> tuple[int, Line]:
        if len(self) >= _MOST_LINES:
            self.clear()
        indent = len(text) - len(text.lstrip(" "))
        is_content = _CONTENT.match(text, indent) is not None
        line: Line = (text[:indent] + _MARK, indent, len(text), None) if is_content else (text, 0, 0, None)
        found = indent if is_content else -1, line
        if len(text) <= _LONGEST_LINE:
            self[text] = found
        return found


_lines: Final = _Lines()
_contents: Final = _Contents()
_fixed_of: Final = itemgetter(0)


class Shape:
    """The lines of one text, and where its holes are.

    Places are the same in all texts of a shape: (line, column) before a hole, (line, distance from the line's end as a
    negative number) after it.
    """

    __slots__ = ("blocks", "key", "lines", "starts", "texts")

    def __init__(self, text: str):
        self.texts = text.split("\n")
        self.lines: list[Line] = list(map(_lines.__getitem__, self.texts))
        if self.texts[-1]:  # without a line break, what follows an edit would be on this line
            self.lines[-1] = (self.texts[-1], 0, 0, None)
        self.blocks: list[BlockScalar] = []
        if "|" in text or ">" in text:
            self._find_blocks()
        self.key = "\n".join(map(_fixed_of, self.lines))
        self.starts = [0, *accumulate([len(line) + 1 for line in self.texts])]

    def _find_blocks(self) -> None:
        after = 0
        for number in [number for number, line in enumerate(self.lines) if line[3] is not None]:
            header = self.lines[number][3]
            if number < after or header is None or number + 1 == len(self.texts):
                continue
            first = after = number + 1
            indent = _contents[self.texts[first]][0]
            if indent <= header[0]:
                continue
            for text in self.texts[first:-1]:
                found, line = _contents[text]
                if found != indent:
                    break
                self.lines[after] = line
                after += 1
            if after > first:
                kind = self.texts[number][header[1] :]
                self.blocks.append(BlockScalar(number, header[1], kind, first, after - 1, indent))

    def place(self, index: int) -> tuple[int, int] | None:
        """An index of the text as a place; None inside a hole."""
        number = bisect_right(self.starts, index) - 1
        column = index - self.starts[number]
        _, start, end, _ = self.lines[number]
        if column <= start or start == end == 0:
            return number, column
        return (number, column - self.starts[number + 1] + self.starts[number]) if column >= end else None

    def hole(self, number: int) -> tuple[int, int, str]:
        """Start and end of the hole of a line, and the character before it."""
        _, first, last, _ = self.lines[number]
        start = self.starts[number]
        return start + first, start + last, self.texts[number][first - 1 : first]

    def index(self, place: tuple[int, int]) -> int:
        """The index of a place in this text."""
        number, column = place
        return self.starts[number] + column if column >= 0 else self.starts[number + 1] + column


_is_in_use = True


def use_shapes(is_in_use: bool) -> None:
    """Whether texts have shapes; otherwise libyaml reads each text, and each edit is verified by itself."""
    global _is_in_use
    _is_in_use = is_in_use


def shape_of(text: str) -> Shape | None:
    """The shape of a text; None where it is too long, or where shapes are not in use."""
    return _shape_of(text) if _is_in_use and len(text) <= MOST_CHARACTERS else None


@lru_cache(maxsize=8)  # the last few texts: they are read, edited, and edited again
def _shape_of(text: str) -> Shape:
    return Shape(text)
