"""The nodes of all texts of one shape, learned from what libyaml read in the first of them."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final

from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import walk
from krm_otel.yamltext.shapes.lines import BlockScalar, Shape

_MOST_TEMPLATES: Final = 1_000

Place = tuple[int, int]


class _NoTemplate(Exception):
    """A node begins or ends inside a hole."""


class Template:
    """The nodes of a shape, with places in place of indexes. Raises _NoTemplate where a node is in a part of a hole.

    Args:
        shape: the shape of a text.
        root: the root that libyaml read in it.
        holes: the lines whose hole is a whole scalar.
        blocks: the block scalars whose lines are holes.
    """

    __slots__ = ("_root", "cuts", "holes", "list_indent", "verified_edits")

    def __init__(self, shape: Shape, root: Node, holes: set[int], blocks: list[BlockScalar]):
        self.holes = holes
        self.verified_edits: set[object] = set()
        self.cuts: dict[object, list[tuple[Place, Place, bool]]] = {}
        self.list_indent: int | None = None
        by_start = {shape.index((block.line, block.column)): block for block in blocks}
        made: dict[int, Made] = {}
        for node in reversed([*walk(root)]):  # members come before what they are in
            if isinstance(node, Mapping | Sequence):
                members = [made[id(member)] for member in _members(node)]
                made[id(node)] = _COLLECTION, MadeCollection(shape, node, members)
            elif isinstance(node, Scalar):
                made[id(node)] = _made_scalar(shape, holes, by_start.get(node.start), node)
        self._root = made[id(root)]

    def build(self, shape: Shape) -> Node:
        """The root of another text of this shape; it makes its members when somebody asks for them."""
        return _nodes(shape, [self._root])[0]


class MadeCollection:
    """How a mapping or sequence of another text of a shape is made."""

    __slots__ = ("column", "end", "flow", "is_mapping", "members", "start")

    def __init__(self, shape: Shape, node: Mapping | Sequence, members: list[Made]):
        self.is_mapping = isinstance(node, Mapping)
        self.start = _place(shape, node.start)
        self.end = _place(shape, node.end)
        self.column = node.column
        self.flow = node.flow
        self.members = members


_FIXED, _HOLE, _BLOCK, _COLLECTION = range(4)
Made = tuple[Any, ...]
"""How a node of another text of a shape is made. The first part is one of the four kinds:

- fixed: a scalar with the same text everywhere: line, column there, length, column, value, style;
- hole: a scalar whose value is the hole of a line: line, column, style, and how many quotes follow it;
- block: a block scalar whose lines are holes: its lines, the place of its end, style;
- collection: a MadeCollection.
"""


def _made_scalar(shape: Shape, holes: set[int], block: BlockScalar | None, node: Scalar) -> Made:
    if block is not None:
        return _BLOCK, block, _place(shape, node.end), node.style
    line = bisect_right(shape.starts, node.start) - 1
    if line in holes and node.end > shape.starts[line] + shape.lines[line][1]:
        return _HOLE, line, node.column, node.style, int(node.style is not None)
    return _FIXED, *_fixed(shape, holes, node), node.end - node.start, node.column, node.value, node.style


class _LazyMapping(Mapping):
    """A mapping that makes its pairs when somebody asks for them: most nodes of a workload interest nobody."""

    __slots__ = ("_made", "_shape")

    def __init__(self, start: int, end: int, shape: Shape, made: MadeCollection):
        self.start, self.end, self.column, self.flow = start, end, made.column, made.flow
        self.anchor = self.tag = None
        self._shape, self._made = shape, made

    def __getattr__(self, name: str) -> list[tuple[Node, Node]]:
        """The pairs; Python calls this for an attribute that is not set yet."""
        if name != "pairs":
            raise AttributeError(name)
        sides = iter(_nodes(self._shape, self._made.members))
        self.pairs = list(zip(sides, sides, strict=True))
        return self.pairs


class _LazySequence(Sequence):
    """A sequence that makes its items when somebody asks for them."""

    __slots__ = ("_made", "_shape")

    def __init__(self, start: int, end: int, shape: Shape, made: MadeCollection):
        self.start, self.end, self.column, self.flow = start, end, made.column, made.flow
        self.anchor = self.tag = None
        self._shape, self._made = shape, made

    def __getattr__(self, name: str) -> list[Node]:
        """The items; Python calls this for an attribute that is not set yet."""
        if name != "items":
            raise AttributeError(name)
        self.items = _nodes(self._shape, self._made.members)
        return self.items


def _nodes(shape: Shape, members: list[Made]) -> list[Node]:
    """The nodes of a text."""
    starts, texts, lines = shape.starts, shape.texts, shape.lines
    nodes: list[Node] = []
    for member in members:
        kind = member[0]
        if kind == _FIXED:
            _, line, first, length, column, value, style = member
            start = starts[line] + first
            nodes.append(Scalar(start, start + length, column, None, None, value, style))
        elif kind == _COLLECTION:
            collection = member[1]
            line, first = collection.start
            last_line, last = collection.end
            start = starts[line] + first if first >= 0 else starts[line + 1] + first
            end = starts[last_line] + last if last >= 0 else starts[last_line + 1] + last
            nodes.append((_LazyMapping if collection.is_mapping else _LazySequence)(start, end, shape, collection))
        elif kind == _HOLE:
            _, line, column, style, quotes = member
            _, first, last, _ = lines[line]
            start = starts[line]
            value = texts[line][first:last]
            nodes.append(Scalar(start + column, start + last + quotes, column, None, None, value, style))
        else:
            _, block, end, style = member
            start = starts[block.line] + block.column
            nodes.append(Scalar(start, shape.index(end), block.column, None, None, block.value(texts), style))
    return nodes


_seen: Final[set[str]] = set()
_frozen: Final[dict[str, tuple[int, ...]]] = {}
"""Shape → the lines whose holes are frozen."""
_templates: Final[dict[tuple[str, ...], Template | None]] = {}


def forget() -> None:
    """Forgets all shapes."""
    _seen.clear()
    _frozen.clear()
    _templates.clear()


def template_of(shape: Shape) -> Template | None:
    """The template of a shape; None where it is not known."""
    frozen = _frozen.get(shape.key)
    return None if frozen is None else _templates.get(_key(shape, frozen))


def learn(shape: Shape, root: Node) -> None:
    """Makes the template of a shape from what libyaml read, the second time that the shape is seen."""
    if shape.key in _seen:
        learn_at_once(shape, root)
    elif len(_seen) < _MOST_TEMPLATES:
        _seen.add(shape.key)


def learn_at_once(shape: Shape, root: Node) -> None:
    """Makes the template of a shape from what libyaml read in a text of it."""
    if len(_templates) >= _MOST_TEMPLATES:
        return
    scalars: dict[int, Scalar] = {}
    for node in walk(root):
        if node.anchor is not None or node.tag is not None or isinstance(node, Alias):
            _frozen[shape.key] = ()
            return
        if isinstance(node, Scalar):
            scalars[node.start] = node
    blocks = [block for block in shape.blocks if _is_block(shape, block, scalars)]
    in_blocks = {line for block in shape.blocks for line in range(block.first, block.last + 1)}
    holes = {line for block in blocks for line in range(block.first, block.last + 1)}
    ends = sorted((node.start, node.end) for node in scalars.values())
    holes |= {
        number
        for number, line in enumerate(shape.lines)
        if line[1] and number not in in_blocks and _is_whole(shape, number, scalars, ends)
    }
    frozen = tuple(number for number, line in enumerate(shape.lines) if line[1] and number not in holes)
    known = _frozen.setdefault(shape.key, frozen)
    key = _key(shape, known)
    _templates[key] = None
    if set(frozen) <= set(known):
        holes -= set(known)
        blocks = [block for block in blocks if block.first in holes]
        try:  # noqa: SIM105 - `contextlib` takes 3 million instructions of a start
            _templates[key] = Template(shape, root, holes, blocks)
        except _NoTemplate:
            pass


def _key(shape: Shape, frozen: tuple[int, ...]) -> tuple[str, ...]:
    return (shape.key, *[shape.texts[line] for line in frozen])


def _is_whole(shape: Shape, number: int, scalars: dict[int, Scalar], spans: list[tuple[int, int]]) -> bool:
    """Whether the hole of a line is one whole scalar, or in a comment outside all scalars."""
    _, first, last, _ = shape.lines[number]
    text = shape.texts[number]
    start, end = shape.starts[number] + first, shape.starts[number] + last
    mark = text[first - 1]
    if mark == "#":
        before = bisect_right(spans, (start, 0)) - 1
        return before < 0 or spans[before][1] <= start
    is_quoted = mark in "'\""
    node = scalars.get(start - is_quoted)
    style = mark if is_quoted else None
    return node is not None and (node.end, node.value, node.style) == (end + is_quoted, text[first:last], style)


def _is_block(shape: Shape, block: BlockScalar, scalars: dict[int, Scalar]) -> bool:
    node = scalars.get(shape.index((block.line, block.column)))
    return node is not None and node.style == block.header[0] and node.value == block.value(shape.texts)


def _fixed(shape: Shape, holes: set[int], scalar: Scalar) -> Place:
    """The place of a scalar that is before the hole of its line; it may end on a later line."""
    line, column = _place(shape, scalar.start)
    last, end = _place(shape, scalar.end)
    if column < 0 or end < 0 or not holes.isdisjoint(range(line, last)):
        raise _NoTemplate
    return line, column


def _place(shape: Shape, index: int) -> Place:
    place = shape.place(index)
    if place is None:
        raise _NoTemplate
    return place


def _members(node: Mapping | Sequence) -> list[Node]:
    return [side for pair in node.pairs for side in pair] if isinstance(node, Mapping) else node.items
