"""What a text has to read as after an edit: the nodes that it had, and what differs from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from krm_otel.yamltext import emit
from krm_otel.yamltext.source import Mapping, Node, Scalar, Sequence, compose, is_null


class Expected:
    """Changes of a tree, noted by node; two changes of one node add up, a replacement comes alone."""

    def __init__(self) -> None:
        self._instead: dict[int, Node] = {}
        self._added: dict[int, list[Any]] = {}
        self._inserted: dict[int, list[tuple[int, list[Any]]]] = {}
        self._gone: dict[int, set[int]] = {}

    def replace(self, node: Node, new: Node) -> None:
        """Another node stands where this one stood."""
        self._instead[id(node)] = new

    def extend(self, node: Mapping | Sequence, new: Node) -> None:
        """The members of `new` stand behind those of the node."""
        self._added.setdefault(id(node), []).extend(_members(new))

    def insert(self, node: Mapping | Sequence, index: int, new: Node) -> None:
        """The members of `new` stand before the one at `index`, behind those that were put there earlier."""
        self._inserted.setdefault(id(node), []).append((index, _members(new)))

    def drop(self, node: Mapping | Sequence, indexes: Iterable[int]) -> None:
        """Members of the node are gone."""
        self._gone.setdefault(id(node), set()).update(indexes)

    def met(self, old: Node, new: Node) -> bool:
        """Whether `new` is the tree `old` with these changes and no other: values, types, order, anchors and tags."""
        pending = [(old, new)]
        while pending:
            a, b = pending.pop()
            a = self._instead.get(id(a), a)
            if isinstance(a, Scalar):
                if not isinstance(b, Scalar) or not _same_scalar(a, b):
                    return False
                continue
            if type(a) is not type(b) or a.anchor != b.anchor or a.tag != b.tag:
                return False
            ours, theirs = self._left(a), _members(b)
            if len(ours) != len(theirs):
                return False
            if isinstance(a, Mapping):
                for (our_key, our_value), (their_key, their_value) in zip(ours, theirs, strict=True):
                    pending += ((our_key, their_key), (our_value, their_value))
            else:
                pending += zip(ours, theirs, strict=True)
        return True

    def _left(self, node: Node) -> list[Any]:
        members = _members(node)
        if gone := self._gone.get(id(node)):
            members = [member for i, member in enumerate(members) if i not in gone]
        for index, new in reversed(self._inserted.get(id(node), ())):
            members = [*members[:index], *new, *members[index:]]
        if added := self._added.get(id(node)):
            members = [*members, *added]
        return members


def _members(node: Node) -> list[Any]:
    """Pairs of a mapping, items of a sequence."""
    return node.pairs if isinstance(node, Mapping) else node.items if isinstance(node, Sequence) else []


def _same_scalar(a: Scalar, b: Scalar) -> bool:
    if is_null(a) or is_null(b):
        return is_null(a) and is_null(b)
    if a.value != b.value or a.tag != b.tag or a.anchor != b.anchor:
        return False
    return a.style == b.style or _ambiguous(a) == _ambiguous(b)


def _ambiguous(node: Scalar) -> bool:
    """Whether a plain scalar may read as something else than a string: then plain and quoted are not the same."""
    return node.style is None and not emit.is_plain_string(node.value)


def of_data(value: Any) -> Node:
    """Plain data as nodes that stand nowhere."""
    if isinstance(value, dict):
        mapping = Mapping(0, 0, None, None, False)
        mapping.pairs = [(_string(k), of_data(v)) for k, v in value.items()]
        return mapping
    if isinstance(value, list):
        sequence = Sequence(0, 0, None, None, False)
        sequence.items = [of_data(v) for v in value]
        return sequence
    if isinstance(value, emit.Quoted | emit.SingleQuoted):
        return _string(value.value)
    if isinstance(value, str):
        return _string(value)
    return Scalar(0, 0, 0, None, None, emit.scalar(value), None)


def _string(value: str) -> Scalar:
    return Scalar(0, 0, 0, None, None, value, '"')


def of_text(text: str) -> Node | None:
    """What a value's text reads as behind its key; None where it is no value. Raises SourceError."""
    if text.strip()[:1] == '"':
        # It may be JSON's, with surrogate pairs.
        root = compose(f"[{text}]")
        return root.items[0] if isinstance(root, Sequence) and len(root.items) == 1 else None
    root = compose("k:" + (text if text[:1] in ("", " ", "\n", "\r") else " " + text))
    return root.pairs[0][1] if isinstance(root, Mapping) and len(root.pairs) == 1 else None
