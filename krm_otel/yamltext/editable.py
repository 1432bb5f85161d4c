"""Nodes that can be edited without changing anything else in the text, by their path."""

from __future__ import annotations

from typing import Final

from krm_otel.regex import regex
from krm_otel.yamltext.layout import Collection, skip_properties
from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import direct, layers, walk

Path = tuple[str | int, ...]

_PROPERTIES: Final = "&*!"
"""The first characters of anchors, aliases and tags."""
_ODD_BREAK: Final = regex(r"\r(?!\n)|[\x85\u2028\u2029]")
"""Line breaks in YAML 1.1 that no other program takes for one."""


class CannotEdit(Exception):
    """The text at `path` cannot be edited without changing something else. `reason` says why, for people."""

    def __init__(self, reason: str, path: Path = ()):
        super().__init__(reason)
        self.reason = reason
        self.path = path


class EditableNodes:
    """The nodes of one text by path, each checked once.

    Raises CannotEdit for a text with a line that does not end in a line feed.
    """

    def __init__(self, text: str, root: Mapping):
        _refuse_odd_breaks(text, root)
        self._nodes: dict[Path, Node | None] = {(): root}
        self._aliased: set[str | None] = set()
        if any(mark in text for mark in _PROPERTIES):
            for node in walk(root):
                if isinstance(node, Alias):
                    self._aliased.add(node.anchor)
                elif isinstance(node, Collection) and not node.flow and (node.anchor or node.tag) is not None:
                    skip_properties(text, node)

    def node(self, path: Path) -> Node | None:
        """The node at `path`; None where a step of the path does not exist.

        Raises CannotEdit where a step is an alias, has an anchor that is used elsewhere, comes from a merge key, or is
        a duplicate key.
        """
        if path in self._nodes:
            return self._nodes[path]
        parent, step = self.node(path[:-1]), path[-1]
        child: Node | None = None
        if isinstance(step, str):
            child = self._member(parent, step, path) if isinstance(parent, Mapping) else None
        elif isinstance(parent, Sequence) and step < len(parent.items):
            child = parent.items[step]
        if isinstance(child, Alias):
            raise CannotEdit(f"it is an alias (*{child.anchor}): replace it with its value", path)
        if child is not None:
            self.refuse_used_anchor(child, path)
        self._nodes[path] = child
        return child

    def refuse_used_anchor(self, node: Node, path: Path = ()) -> None:
        """Raises CannotEdit where the text has aliases with the anchor of a node; the node may be new to the text."""
        if node.anchor is not None and node.anchor in self._aliased:
            name = node.anchor
            raise CannotEdit(f"its anchor &{name} is also used elsewhere: replace each *{name} with the value", path)

    def parent(self, path: Path) -> Mapping:
        """The mapping that has, or can get, the last key of a path; raises CannotEdit where it is not a mapping."""
        parent = self.node(path[:-1])
        if not isinstance(parent, Mapping):
            raise CannotEdit("it is not a mapping", path[:-1])
        return parent

    def enclosing(self, path: Path) -> Collection | None:
        """The collection that contains the node at a path; None for the root."""
        node = self.node(path[:-1]) if path else None
        return node if isinstance(node, Collection) else None

    def scalar(self, path: Path) -> Scalar:
        """The scalar at a path; raises CannotEdit where there is none."""
        node = self.node(path)
        if not isinstance(node, Scalar):
            raise CannotEdit("it is not a plain value", path)
        return node

    def _member(self, mapping: Mapping, key: str, path: Path) -> Node | None:
        values = [v for k, v in mapping.pairs if isinstance(k, Scalar) and k.value == key]
        if len(values) > 1:
            raise CannotEdit(f"{key!r} is a duplicate key: keep one of them", path)
        if values:
            return values[0]
        for layer in layers(mapping):
            if not isinstance(layer, Mapping) or direct(layer, key) is not None:
                raise CannotEdit(f"{key!r} comes from a merge key (<<): write it in the mapping itself", path)
        return None


def key_index(mapping: Mapping, key: str | int) -> int:
    """The index of a key that a mapping has."""
    return next(i for i, (k, _) in enumerate(mapping.pairs) if isinstance(k, Scalar) and k.value == key)


def _refuse_odd_breaks(text: str, root: Node) -> None:
    """Inside a scalar an odd line break is a character like any other. Elsewhere it ends a line that nobody sees."""
    if text.isascii() and "\r" not in text:
        return
    indexes = [match.start() for match in _ODD_BREAK.finditer(text)]
    if not indexes:
        return
    scalars = [node for node in walk(root) if isinstance(node, Scalar)]
    for index in indexes:
        if not any(scalar.start <= index < scalar.end for scalar in scalars):
            raise CannotEdit(f"a line ends in U+{ord(text[index]):04X}: write a line feed")
