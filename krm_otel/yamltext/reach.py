"""The way to a node that may be edited, and what stands in it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from krm_otel.yamltext.layout import Collection, skip_properties, values
from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import direct, layers, walk

Path = tuple[str | int, ...]

_PROPERTY: Final = re.compile("[&*!]")
"""What every anchor, alias and tag starts with."""
_ODD_BREAK: Final = re.compile(r"\r(?!\n)|[\x85\u2028\u2029]")
"""What YAML 1.1 takes for line breaks, and nobody else."""


class CannotEdit(Exception):
    """The text at `path` cannot be edited without changing something else; `reason` says why, for people."""

    def __init__(self, reason: str, path: Path = ()):
        super().__init__(reason)
        self.reason = reason
        self.path = path


class Reach:
    """Finds nodes of one text by their path, for edits: call it with the steps of a path.

    A text with lines that do not end in a line feed raises CannotEdit at once.
    """

    def __init__(self, text: str, root: Mapping):
        _check_breaks(text, root)
        self.root = root
        self._reached: dict[int, Collection] = {}
        self._aliased: set[str | None] = set()
        if _PROPERTY.search(text):
            for node in walk(root):
                if isinstance(node, Alias):
                    self._aliased.add(node.anchor)
                elif isinstance(node, Collection) and not node.flow and (node.anchor or node.tag) is not None:
                    skip_properties(text, node)

    def __call__(self, *path: str | int) -> Node | None:
        """The node at `path`, every step of which may be edited; None where a key is absent.

        Raises CannotEdit where the way leads through an alias, an anchor that is used elsewhere, a key that a merge
        brings in, or a key that stands twice.
        """
        node: Node = self.root
        for depth, step in enumerate(path):
            here = path[: depth + 1]
            child: Node | None = None
            if isinstance(step, str):
                child = self._child(node, step, here) if isinstance(node, Mapping) else None
            elif isinstance(node, Sequence):
                child = node.items[step] if step < len(node.items) else None
            if child is None:
                return None
            if isinstance(node, Collection):
                self._reached[id(child)] = node
            node = child
            if isinstance(node, Alias):
                raise CannotEdit(f"it is an alias (*{node.anchor}): write it out", here)
            if node.anchor is not None and node.anchor in self._aliased:
                raise CannotEdit(f"its anchor &{node.anchor} is used elsewhere too: write it out", here)
        return node

    def _child(self, mapping: Mapping, key: str, here: Path) -> Node | None:
        if sum(1 for k, _ in mapping.pairs if isinstance(k, Scalar) and k.value == key) > 1:
            raise CannotEdit(f"the key {key!r} stands twice: remove one", here)
        found = direct(mapping, key)
        if found is None:
            for layer in layers(mapping):
                if not isinstance(layer, Mapping) or direct(layer, key) is not None:
                    raise CannotEdit(f"a merge key (<<) brings {key!r} in: write it out", here)
        return found

    def owner_column(self, mapping: Mapping) -> int:
        """The column of the key or dash that a block mapping belongs to; -1 for the root of the text."""
        parent = self.parent(mapping)
        return -1 if parent is None else parent.column

    def parent(self, node: Node) -> Collection | None:
        """The collection that a node stands in; None for the root."""
        if node is self.root:
            return None
        return self._reached.get(id(node)) or self._parents.get(id(node))

    def path(self, node: Node) -> Path:
        """Where a node stands; empty for the root."""
        steps: list[str | int] = []
        while (parent := self.parent(node)) is not None:
            if isinstance(parent, Mapping):
                steps += [key.value for key, value in parent.pairs if value is node and isinstance(key, Scalar)]
            else:
                steps.append(next(i for i, item in enumerate(values(parent)) if item is node))
            node = parent
        return tuple(reversed(steps))

    @cached_property
    def _parents(self) -> dict[int, Collection]:
        """The collection that each node stands in, by the node's id: where `reach` was not asked for it."""
        found: dict[int, Collection] = {}
        for node in walk(self.root):
            if isinstance(node, Collection):
                found.update((id(member), node) for member in values(node))
        return found


def _check_breaks(text: str, root: Node) -> None:
    """Within a scalar an odd line break is a character like others, elsewhere it ends a line that nobody sees."""
    places = [found.start() for found in _ODD_BREAK.finditer(text)]
    if not places:
        return
    scalars = [node for node in walk(root) if isinstance(node, Scalar)]
    for place in places:
        if not any(scalar.start <= place < scalar.end for scalar in scalars):
            raise CannotEdit(f"a line ends in U+{ord(text[place]):04X}: write a line feed")
