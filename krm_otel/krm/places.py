"""Where results are in the files of the input: the line and column of the field that each is about.

They are found when they are printed: most results of most runs never are. An item is composed again for that, alone, so
a place is counted from the beginning of the item's text, and then from the beginning of its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import Place, Result
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.regex import regex
from krm_otel.yamltext.nodes import Mapping as MappingNode
from krm_otel.yamltext.nodes import Node, Scalar
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import deref, lookup

_STEP: Final = regex(r"\[(?P<bracket>[^][]*)\]|\.?(?P<word>[^.\[]+)")


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one input's results.

    Args:
        items: the input's items, by position.
        moved: the positions of items that an orchestrator took out of their files, so that their lines are not known.
        function_config: what the user named on the command line, with its text.
    """

    items: Sequence[Item] = ()
    moved: AbstractSet[int] = frozenset()
    function_config: Resource | None = None
    _starts: dict[int, tuple[int, int]] = field(default_factory=dict)

    def of(self, result: Result) -> Place | None:
        """The place of the field of a result, or of the nearest one around it that exists; None where it has none."""
        ref = result.ref
        if ref.place is not None or ref.position in self.moved:
            return ref.place
        if 0 <= ref.position < len(self.items):
            item = self.items[ref.position]
            root = item.resource.root if item.resource is not None else None
            if not isinstance(root, MappingNode):
                return None
            return self._place(item.source, item.start - item.column + field_offset(root, result.field_path))
        config = self.function_config
        if config is not None and config.source and ref.kind and ref.file == config.file:
            return self._place(config.source, field_offset(config.root, result.field_path))
        return None

    def _place(self, source: str, offset: int) -> Place:
        # Results come in the order of the input: lines are counted from the place before, in a text of many items.
        line, start = self._starts.get(id(source), (1, 0))
        if start > offset:
            line, start = 1, 0
        line += source.count("\n", start, offset)
        start = max(source.rfind("\n", start, offset) + 1, start)
        self._starts[id(source)] = line, start
        return Place(line, offset - start + 1)


def field_offset(root: MappingNode, path: str) -> int:
    """Where a field begins in the text of its object: at its key, or its dash's content in a list.

    A field that does not exist is where the nearest field around it is; without any, where the object begins.
    """
    offset = root.start
    node: Node = root
    for step in _steps(path):
        found = _member(node, step)
        if found is None:
            break
        offset, value = found
        if (target := deref(value)) is None:
            break
        node = target
    return offset


def _steps(path: str) -> Iterator[str]:
    for match in _STEP.finditer(path):
        yield match["bracket"] if match["bracket"] is not None else match["word"]


def _member(node: Node, step: str) -> tuple[int, Node] | None:
    """Where a member of a collection begins, and its value."""
    if isinstance(node, SequenceNode):
        index = int(step) if step.isascii() and step.isdigit() and len(step) < 10 else -1
        if not 0 <= index < len(node.items):
            return None
        return node.items[index].start, node.items[index]
    if not isinstance(node, MappingNode):
        return None
    for key, value in reversed(node.pairs):
        if isinstance(key, Scalar) and key.value == step:
            return key.start, value
    merged = lookup(node, step)
    return (merged.start, merged) if merged is not None else None
