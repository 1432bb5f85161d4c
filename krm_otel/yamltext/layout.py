"""The layout of a text: lines, ends of values, comments, indentation.

libyaml's marks say where nodes start and where tokens end. What else belongs to a node (its dash, the rest of its
line, the comments below it) is read from the text here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as AbcSequence
from typing import Final

from krm_otel.dataclass import dataclass
from krm_otel.regex import regex
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import walk
from krm_otel.yamltext.splices import Splice

Collection = Mapping | Sequence

_PROPERTIES: Final = regex(r"(?:[&!]\S*(?:\s|(?<=\s)#[^\n]*\n)*){1,2}(?=-)")
"""The anchor and tag before a block sequence."""
_COLON: Final = regex(r"[ \t]*:")


@dataclass(frozen=True, slots=True)
class InsertionPoint:
    """Where new lines go: the start of a line, or the end of a text that ends without a line break."""

    start: int
    newline: str
    """The line break of the line before."""
    open_end: bool
    """Whether the text ends here without a line break."""

    def as_lines(self, lines: Iterable[str]) -> str:
        """The text of new lines at this point; it ends as the text did before."""
        new = [*lines]
        if not new:
            return ""
        text = self.newline.join(new)
        return self.newline + text if self.open_end else text + self.newline


def next_line(text: str, index: int) -> InsertionPoint:
    """The start of the next line; `index` itself where a line starts there."""
    if index > 0 and text[index - 1] == "\n":
        return InsertionPoint(index, _newline(text, index - 1), False)
    end = text.find("\n", index)
    if end < 0:
        return InsertionPoint(len(text), newline_of(text), True)
    return InsertionPoint(end + 1, _newline(text, end), False)


def _newline(text: str, index: int) -> str:
    """The line break whose line feed is at `index`."""
    return "\r\n" if index > 0 and text[index - 1] == "\r" else "\n"


def line_start(text: str, index: int) -> int:
    """The start of the line that `index` is on."""
    return text.rfind("\n", 0, index) + 1


def insertion_point(text: str, index: int, owner: int) -> InsertionPoint:
    """Where new lines after `index` go: after the comments that are deeper than column `owner`."""
    point = next_line(text, index)
    probe = point.start
    while not point.open_end and probe < len(text):
        end = text.find("\n", probe)
        line = text[probe : end if end >= 0 else len(text)]
        content = line.strip()
        if content.startswith("#") and len(line) - len(line.lstrip(" ")) > owner:
            point = InsertionPoint(end + 1 if end >= 0 else len(text), point.newline, end < 0)
        elif content or end < 0:
            break
        probe = end + 1 if end >= 0 else len(text)
    return point


def line_indent(text: str, index: int) -> int:
    """The column of the first character on the line of `index` that is neither blank nor dash."""
    before = text[line_start(text, index) : index]
    return len(before) - len(before.lstrip(" -"))


def blank_tail(text: str) -> str:
    """The line breaks, and blanks between and after them, that a text ends with."""
    rest = text[len(text.rstrip(" \t\r\n")) :]
    start = rest.find("\n")
    return "" if start < 0 else rest[start - 1 :] if rest[start - 1 : start] == "\r" else rest[start:]


def newline_of(text: str) -> str:
    """How the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def ends_line(text: str, index: int) -> bool:
    """Whether nothing but blanks follows on the line."""
    return not text[index : next_line(text, index).start].strip()


def values(node: Collection) -> list[Node]:
    """The values of a mapping, the items of a sequence."""
    return [value for _, value in node.pairs] if isinstance(node, Mapping) else node.items


def spans(node: Collection) -> list[tuple[int, int]]:
    """Start and end of every member; in block style the end is that of the next token."""
    if isinstance(node, Mapping):
        return [(k.start, max(k.end, v.end)) for k, v in node.pairs]
    return [(item.start, item.end) for item in node.items]


def skip_properties(text: str, node: Collection) -> None:
    """Makes a block collection start at its first entry: libyaml's mark is at its anchor or tag, often a line above."""
    if isinstance(node, Mapping):
        node.start, node.column = node.pairs[0][0].start, node.pairs[0][0].column
    elif match := _PROPERTIES.match(text, node.start):
        node.start = match.end()
        node.column = node.start - line_start(text, node.start)


def index_after_colon(text: str, key: Node) -> int | None:
    """The index after a key's colon; None where no colon follows the key (`? key`, `{key}`)."""
    match = _COLON.match(text, key.end)
    return match.end() if match else None


def content_end(text: str, node: Node) -> int:
    """The index after the last character of a node that is neither blank nor part of a comment."""
    while isinstance(node, Collection) and not node.flow:
        members = values(node)
        if not members:
            return node.start
        last = members[-1]
        if not isinstance(last, Scalar) or last.start < last.end:
            node = last
        elif isinstance(node, Sequence) or text[last.end - 1] == ":":
            # An empty value: its mark is after the colon or the dash.
            return last.end
        else:
            # There is no colon either (`? key`): the mark of the value is at the next token.
            node = node.pairs[-1][0]
    if isinstance(node, Scalar) and node.style in ("|", ">"):
        header = text[node.start : text.find("\n", node.start)]
        if "+" not in header.split("#")[0]:
            return node.start + len(text[node.start : node.end].rstrip(" \t\r\n"))
        end = node.end
        while (line_end := text.find("\n", end)) >= 0 and not text[end:line_end].strip():
            end = line_end + 1
        return end
    return node.end


def member_start(text: str, node: Collection, i: int, end: int | None = None) -> int | None:
    """The start of a member of a block collection, which is its key or dash; None where the dash is not found.

    `end` is the end of the content of the member before, where it is known.
    """
    if isinstance(node, Mapping):
        return node.pairs[i][0].start
    if i == 0:
        return node.start
    line = next_line(text, content_end(text, node.items[i - 1]) if end is None else end).start
    while 0 < line <= node.items[i].start:
        if text.startswith("-", line + node.column) and not text[line : line + node.column].strip(" "):
            return line + node.column
        line = text.find("\n", line) + 1
    return None


Cut = tuple[int, int, bool]
"""A part of the text that is removed with a member: start, end, and whether it ends at the end of a text that has no
line break there."""


def line_cuts(text: str, node: Collection, removed: AbcSequence[int]) -> list[Cut] | None:
    """The whole lines of members of a block collection; one cut for members below each other. `removed` is in order.

    Where a member shares its first line with a dash, the next member moves to its place. None where there is no next
    member, or where a dash is not found.
    """
    starts, chosen = spans(node), set(removed)
    ends: dict[int, int] = {}
    cuts: list[Cut] = []
    for i in removed:
        start = member_start(text, node, i, ends.get(i - 1))
        if start is None:
            return None
        line = line_start(text, start)
        if not text[line:start].strip():
            ends[i] = content_end(text, values(node)[i])
            after = next_line(text, max(ends[i], start))
            if cuts and cuts[-1][1] == line:
                line = cuts.pop()[0]
            cuts.append((line, after.start, after.open_end))
        elif i + 1 < len(starts) and i + 1 not in chosen:
            cuts.append((start, starts[i + 1][0], False))
        else:
            return None
    return cuts


def flow_cuts(members: list[tuple[int, int]], removed: Iterable[int]) -> Iterator[Cut]:
    """Members of a flow collection, by their spans and indexes, with the comma before them; leading members with the
    comma after them."""
    chosen = set(removed)
    lead = next((i for i in range(len(members)) if i not in chosen), len(members))
    if lead == len(members):
        yield members[0][0], members[-1][1], False
    elif lead:
        yield members[0][0], members[lead][0], False
    for i in sorted(chosen):
        if i > lead:
            yield members[i - 1][1], members[i][1], False


def flow_separator(text: str, node: Collection, parent: Collection | None) -> str:
    """What separates a new last member of a flow collection from the members that it has."""
    last = spans(node)[-1][0]
    line = line_start(text, last)
    before = text[line:last]
    if line > node.start and not before.strip():
        # The last member is on its own line, so each new one gets its own line.
        return "," + next_line(text, line).newline + before
    if parent is not None and not parent.flow:
        newline = newline_of(text)
        return "," + newline + " " * (line_indent(text, node.start) + 2)
    return ", "


def lines_above(text: str, node: Collection, lines: Iterable[str]) -> Splice:
    """New first lines of a block collection, at its column."""
    start = line_start(text, node.start)
    newline = next_line(text, start).newline
    return start, start, "".join(" " * node.column + line + newline for line in lines)


def flow_insertion(text: str, node: Collection, index: int, texts: Iterable[str]) -> Splice:
    """New members of a flow collection before the one at `index`; `flow_cuts` takes exactly this out again."""
    members, separator = spans(node), flow_separator(text, node, None)
    if index:
        end = members[index - 1][1]
        return end, end, "".join(separator + new for new in texts)
    return members[0][0], members[0][0], "".join(new + separator for new in texts)


def list_indent(root: Node) -> int:
    """How far a text indents lists below their key: as far as its first block list; 0 where it has none."""
    return next((max(indent, 0) for indent in _indents(root, Sequence)), 0)


def mapping_indent(root: Node) -> int:
    """How far a text indents mappings below their key: as far as its first block mapping; 2 where it has none."""
    return next((indent for indent in _indents(root, Mapping) if indent > 0), 2)


def _indents(root: Node, kind: type[Collection]) -> Iterator[int]:
    for node in walk(root):
        if isinstance(node, Mapping) and not node.flow:
            for _, value in node.pairs:
                if isinstance(value, kind) and not value.flow and values(value):
                    yield value.column - node.column
