"""What a text has to mean after an edit: the nodes that it had, with changes.

The new text is compared event by event, so that no second tree is built.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as AbcSequence
from typing import Any, Final, cast

from krm_otel.yamltext import emit
from krm_otel.yamltext.libyaml import yaml
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.parse import compose, events, source_errors
from krm_otel.yamltext.query import is_null
from krm_otel.yamltext.shapes.edits import edit_key
from krm_otel.yamltext.splices import Splice

_FRAME: Final = frozenset((yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent, yaml.StreamEndEvent))


class ExpectedTree:
    """A tree with changes, noted by node. Changes of one node add up; a node that is replaced has no other change.

    New data becomes nodes only where a text is compared.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[str, Node, object, Any]] = []
        """What is done, the node, what identifies the change among others of the node, and what is new."""
        self._replaced: dict[int, Node] = {}
        self._added: dict[int, list[Any]] = {}
        self._inserted: dict[int, list[tuple[int, list[Any]]]] = {}
        self._removed: dict[int, set[int]] = {}

    def replace(self, node: Node, data: Any) -> None:
        """Plain data takes the place of this node."""
        self._changes.append(("replace", node, None, data))

    def replace_by_text(self, node: Node, text: str, new: Node) -> None:
        """The node that a text means takes the place of this one."""
        self._changes.append(("text", node, text, new))

    def extend(self, node: Mapping | Sequence, data: Any) -> None:
        """The members of plain data follow those of the node."""
        self._changes.append(("extend", node, None, data))

    def insert(self, node: Mapping | Sequence, index: int, data: Any) -> None:
        """The members of plain data come before the one at `index`, after those that were inserted there earlier."""
        self._changes.append(("insert", node, index, data))

    def remove(self, node: Mapping | Sequence, indexes: Iterable[int]) -> None:
        """The members of the node at these indexes are removed."""
        self._changes.append(("remove", node, tuple(indexes), None))

    def is_result(self, old: str, root: Node, new: str, splices: AbcSequence[Splice] | None) -> bool:
        """Whether an edited text means the tree `root` with these changes; raises SourceError.

        Edits of texts with one shape are verified once.

        Args:
            old: the text of `root`.
            root: the root of the old text.
            new: the edited text.
            splices: what made the new text out of the old one; None where there was more than splices.
        """
        asked = [(action, node, detail) for action, node, detail, _ in self._changes]
        key = None if splices is None else edit_key(old, splices, asked)
        if key is not None and key.is_verified:
            return True
        if not self.matches(root, new):
            return False
        if key is not None:
            key.remember(new, cast(Node, compose(new)))
        return True

    def _note(self) -> None:
        """Turns the changes into what `matches` looks up."""
        for action, node, detail, new in self._changes:
            match action:
                case "replace":
                    self._replaced[id(node)] = node_from_data(new)
                case "text":
                    self._replaced[id(node)] = new
                case "extend":
                    self._added.setdefault(id(node), []).extend(_members(node_from_data(new)))
                case "insert":
                    self._inserted.setdefault(id(node), []).append((cast(int, detail), _members(node_from_data(new))))
                case "remove":
                    self._removed.setdefault(id(node), set()).update(cast("tuple[int, ...]", detail))
        self._changes = []

    def matches(self, root: Node, text: str) -> bool:
        """Whether `text` means the tree `root` with exactly these changes: values, types, order, anchors and tags.

        Raises SourceError where the text cannot be read.
        """
        self._note()
        pending: list[Node | None] = [root]
        with source_errors():
            for event in events(text):
                kind = type(event)
                if kind in _FRAME:
                    continue
                if not pending:
                    return False
                node = pending.pop()
                if node is None:  # the end of a collection
                    if kind is not yaml.MappingEndEvent and kind is not yaml.SequenceEndEvent:
                        return False
                    continue
                node = self._replaced.get(id(node), node)
                if type(node) is Scalar:
                    if kind is not yaml.ScalarEvent or not _same_scalar(node, event):
                        return False
                    continue
                if kind is not _event_of(node) or event.anchor != node.anchor:
                    return False
                if kind is not yaml.AliasEvent:
                    if event.tag != node.tag:
                        return False
                    pending.append(None)
                    pending += reversed(self._members(node))
        return not pending

    def _members(self, node: Node) -> list[Node]:
        """Keys and values, or items, as they have to be in the new text."""
        members: list[Any] = _members(node)
        if removed := self._removed.get(id(node)):
            members = [member for i, member in enumerate(members) if i not in removed]
        for index, new in sorted(self._inserted.get(id(node), ()), key=lambda entry: entry[0])[::-1]:
            members = [*members[:index], *new, *members[index:]]
        if added := self._added.get(id(node)):
            members = [*members, *added]
        return [side for pair in members for side in pair] if isinstance(node, Mapping) else members


def _event_of(node: Node) -> type[Any]:
    """The event that a node which is no scalar begins with."""
    if isinstance(node, Mapping):
        return yaml.MappingStartEvent
    return yaml.SequenceStartEvent if isinstance(node, Sequence) else yaml.AliasEvent


def _members(node: Node) -> list[Any]:
    """Pairs of a mapping, items of a sequence."""
    return node.pairs if isinstance(node, Mapping) else node.items if isinstance(node, Sequence) else []


def _same_scalar(node: Scalar, event: Any) -> bool:
    style = event.style or None
    if event.value == node.value and event.tag == node.tag and event.anchor == node.anchor:
        if style == node.style:
            return True
        if node.tag is None:  # one of them is quoted, so the plain one has to be a string, too
            return (style is not None and node.style is not None) or emit.is_plain_string(node.value)
    other = Scalar(0, 0, 0, event.anchor, event.tag, event.value, style)
    if is_null(node) or is_null(other):
        return is_null(node) and is_null(other)
    if node.value != other.value or node.tag != other.tag or node.anchor != other.anchor:
        return False
    return _ambiguous(node) == _ambiguous(other)


def _ambiguous(node: Scalar) -> bool:
    """Whether a plain scalar may mean something other than a string, so that plain and quoted are not the same."""
    return node.style is None and not emit.is_plain_string(node.value)


def node_from_data(value: Any) -> Node:
    """Plain data as a node that is not part of a text."""
    if isinstance(value, dict):
        mapping = Mapping(0, 0, None, None, False)
        mapping.pairs = [(_string(k), node_from_data(v)) for k, v in value.items()]
        return mapping
    if isinstance(value, list):
        sequence = Sequence(0, 0, None, None, False)
        sequence.items = [node_from_data(v) for v in value]
        return sequence
    if isinstance(value, emit.Quoted | emit.JsonText | str):
        return _string(value if isinstance(value, str) else value.value)
    return Scalar(0, 0, 0, None, None, emit.scalar(value), None)


def _string(value: str) -> Scalar:
    return Scalar(0, 0, 0, None, None, value, '"')


def value_from_text(text: str, column: int = 0) -> Node | None:
    """The node that a value's text means after a key; None where it is not a value, or where a comment follows it.

    `column` is that of the key: `|2` is a block that is indented by two more.
    """
    try:
        node, start = _value_from_text(text, column)
    except SourceError:
        return None
    if node is None or (isinstance(node, Scalar) and node.style in ("|", ">")):
        return node
    rest = text[max(node.end - start, 0) :]
    # Where there is no value, the comments before the end of its mapping are part of the text.
    return None if (rest if node.end > node.start else rest.rpartition("\n")[2]).strip() else node


def _value_from_text(text: str, column: int) -> tuple[Node | None, int]:
    """The node, and where the text starts in what it was read from."""
    if text.strip()[:1] == '"':
        # It may be a JSON string with surrogate pairs.
        root = compose(f"[{text}]")
        return (root.items[0] if isinstance(root, Sequence) and len(root.items) == 1 else None), 1
    before = " " * column + ("k:" if text[:1] in ("", " ", "\n", "\r") else "k: ")
    root = compose(before + text)
    return (root.pairs[0][1] if isinstance(root, Mapping) and len(root.pairs) == 1 else None), len(before)
