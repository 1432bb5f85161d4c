"""YAML nodes with their spans in the text."""

from __future__ import annotations


class SourceError(Exception):
    """The text is not YAML that can be read. `line` and `column` are 1-based; `line` is None where it is not known."""

    def __init__(self, message: str, line: int | None = None, column: int = 1):
        super().__init__(message if line is None else f"line {line}: {message}")
        self.message = message
        self.line = line
        self.column = column


class Node:
    """A YAML node: `start` and `end` are code-point indexes into the text, `column` is the column of `start`.

    The end of a block collection is the start of the next token, so its span includes blank lines and comments. In flow
    style, the column of a node after a surrogate pair of JSON may be too small.
    """

    __slots__ = ("anchor", "column", "end", "start", "tag")

    def __init__(self, start: int, end: int, column: int, anchor: str | None, tag: str | None):
        self.start = start
        self.end = end
        self.column = column
        self.anchor = anchor
        self.tag = tag


class Scalar(Node):
    """A scalar: `value` is its text without quotes and escapes; `style` is None (plain), ``'``, ``"``, ``|``, ``>``."""

    __slots__ = ("style", "value")

    def __init__(
        self, start: int, end: int, column: int, anchor: str | None, tag: str | None, value: str, style: str | None
    ):
        # Not by the base class: runs create millions of nodes, and that call is half of their cost.
        self.start = start
        self.end = end
        self.column = column
        self.anchor = anchor
        self.tag = tag
        self.value = value
        self.style = style


class Mapping(Node):
    """A mapping: its pairs in the order of the text, with duplicate keys."""

    __slots__ = ("flow", "pairs")

    def __init__(self, start: int, column: int, anchor: str | None, tag: str | None, flow: bool):
        super().__init__(start, start, column, anchor, tag)
        self.flow = flow
        self.pairs: list[tuple[Node, Node]] = []


class Sequence(Node):
    """A sequence: its items in the order of the text."""

    __slots__ = ("flow", "items")

    def __init__(self, start: int, column: int, anchor: str | None, tag: str | None, flow: bool):
        super().__init__(start, start, column, anchor, tag)
        self.flow = flow
        self.items: list[Node] = []


class Alias(Node):
    """`*name`: `target` is the node with the anchor, or None where the text that was read does not have the anchor."""

    __slots__ = ("target",)

    def __init__(self, start: int, end: int, column: int, name: str, target: Node | None):
        super().__init__(start, end, column, name, None)
        self.target = target
