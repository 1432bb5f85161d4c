"""Changes of nodes → splices of the text that touch nothing else, checked.

An `Editor` takes changes in terms of nodes (append to this list, add that key, take this entry out). Each change is
written twice: as a splice of the text, and on a model of the decoded data. `finish` splices, reads the new text
again and compares it with the model, so that no edit can do more or less than it was asked for. What cannot be
edited safely (an alias on the way, a key that stands twice) raises `CannotEdit`, and nothing is written.

Rules of the text: new lines go after the last line of the collection and the comments that belong to it (those
deeper than the collection's own key or dash); a flow collection stays flow; every change can be taken back exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as AbcSequence
from typing import Any, Final

from krm_otel.yamltext import emit
from krm_otel.yamltext.source import (
    Alias,
    Mapping,
    Node,
    Scalar,
    Sequence,
    SourceError,
    compose,
    direct,
    duplicate_key,
    is_null,
    merge_sources,
    walk,
)

Path = tuple[str | int, ...]


class CannotEdit(Exception):
    """The text at `path` cannot be edited without changing something else; `reason` says why, for people."""

    def __init__(self, reason: str, path: Path = ()):
        super().__init__(reason)
        self.reason = reason
        self.path = path


class Editor:
    """Edits of one text with one root mapping; several may be made before `finish`.

    Two changes of one collection must be of one kind (only additions, or only removals); removals and additions of
    different collections may be mixed.
    """

    def __init__(self, text: str, root: Mapping):
        self.text = text
        self.root = root
        self._splices: list[tuple[int, int, int, str]] = []
        self._trim_end = False
        self._models: dict[int, _Model] = {}
        self._model = self._model_of(root)
        self._aliased = {node.anchor for node in walk(root) if isinstance(node, Alias)}
        self._parents: dict[int, Mapping | Sequence] = {}
        for node in walk(root):
            if isinstance(node, Mapping | Sequence):
                self._parents.update((id(member), node) for member in _members(node))

    # --- finding the place ---------------------------------------------------------------------------------------

    def reach(self, *path: str | int) -> Node | None:
        """The node at `path`, every step of which may be edited; None where a key is absent.

        Raises CannotEdit where the way leads through an alias, an anchor that is used elsewhere, a key that a merge
        brings in, or a key that stands twice.
        """
        node: Node | None = self.root
        for depth, step in enumerate(path):
            here = path[: depth + 1]
            if isinstance(step, int):
                node = node.items[step] if isinstance(node, Sequence) and step < len(node.items) else None
            elif isinstance(node, Mapping):
                node = self._child(node, step, here)
            else:
                return None
            if node is None:
                return None
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
            for source in merge_sources(mapping):
                if source is None or _brings(source, key, 0):
                    raise CannotEdit(f"a merge key (<<) brings {key!r} in: write it out", here)
        return found

    # --- additions -----------------------------------------------------------------------------------------------

    def append(self, parent: Mapping, key: str, values: AbcSequence[Any]) -> str | None:
        """Appends to the list under `key`, which may be absent, null or empty.

        Returns what undoing needs: None where the list had items already, `"new"` where the key is ours, else the
        exact text between the key's colon and the end of its value, with a leading `=`.
        """
        return self._extend(parent, key, list(values))

    def add(self, parent: Mapping, key: str, members: dict[str, Any]) -> str | None:
        """Adds members to the mapping under `key`; otherwise as `append`."""
        return self._extend(parent, key, members)

    def state(self, parent: Mapping, key: str) -> str | None:
        """What `append` or `add` would return for this key, before anything is added."""
        node = direct(parent, key)
        if node is None:
            return "new"
        if not (is_null(node) or (isinstance(node, Mapping | Sequence) and not _members(node))):
            return None
        old = self._value_text(parent, key, node)[1]
        kept_flow = isinstance(node, Mapping | Sequence) and (parent.flow or "\n" in old)
        return None if kept_flow else "=" + old

    def _value_text(self, parent: Mapping, key: str, node: Node) -> tuple[int, str]:
        """(index behind the key's colon, the text from there to the end of the value)."""
        key_node = next(k for k, _ in parent.pairs if isinstance(k, Scalar) and k.value == key)
        colon = self.text.index(":", key_node.end)
        return colon + 1, self.text[colon + 1 : max(node.end, colon + 1)]

    def _extend(self, parent: Mapping, key: str, new: list[Any] | dict[str, Any]) -> str | None:
        state = self.state(parent, key)
        if state == "new":
            self._put(parent, self._owner_column(parent), {key: new})
            return state
        node = direct(parent, key)
        if state is not None:
            self._open(parent, key, node, new)
            return state
        if isinstance(node, Sequence) is not isinstance(new, list) or not isinstance(node, Mapping | Sequence):
            raise CannotEdit(f"{key} is not a {'list' if isinstance(new, list) else 'mapping'}", (key,))
        self._put(node, node.column if parent.flow else parent.column, new)
        return None

    def _open(self, parent: Mapping, key: str, node: Node | None, new: list[Any] | dict[str, Any]) -> None:
        """Gives a null or empty value members: as lines of their own, or in flow style where there is no room."""
        assert node is not None
        start, old = self._value_text(parent, key, node)
        self._models[id(node)].become(_model_of_data(new))
        if parent.flow or "\n" in old:
            self._splice(start, start + len(old), " " + emit.flow(new))
            return
        at, newline, open_end = self._after_line(start + len(old), parent.column)
        self._splice(start, start + len(old), "")
        indent = parent.column + (self._list_indent() if isinstance(new, list) else self._step())
        self._write_lines(at, newline, open_end, emit.block(new, self._list_indent()), indent)

    def _put(self, node: Mapping | Sequence, owner: int, new: list[Any] | dict[str, Any]) -> None:
        """Adds members at the end of a collection that has some, or of an empty flow collection."""
        self._models[id(node)].extend(_model_of_data(new))
        if node.flow:
            self._put_flow(node, new)
            return
        if isinstance(new, dict):
            lines = [line for k, v in new.items() for line in emit.entry(k, v, self._list_indent())]
        else:
            lines = emit.block(new)
        at, newline, open_end = self._after_line(self.content_end(node), owner)
        self._write_lines(at, newline, open_end, lines, node.column)

    def _put_flow(self, node: Mapping | Sequence, new: list[Any] | dict[str, Any]) -> None:
        spans = _spans(node)
        texts = (
            [f"{emit.quote(k)}: {emit.flow(v)}" for k, v in new.items()]
            if isinstance(new, dict)
            else [emit.flow(v) for v in new]
        )
        if not spans:
            at = self.text.index("{" if isinstance(node, Mapping) else "[", node.start) + 1
            self._splice(at, at, ", ".join(texts))
            return
        start, at = spans[-1]
        line = self.text.rfind("\n", 0, start) + 1
        before = self.text[line:start]
        newline = "\r\n" if self.text[:line].endswith("\r\n") else "\n"
        if line > 0 and not before.strip() and (len(spans) > 1 or self.text.rfind("\n", node.start, start) >= 0):
            separator = "," + newline + before
        elif self._in_block(node):
            newline = "\r\n" if "\r\n" in self.text else "\n"
            separator = "," + newline + " " * (self._line_indent(node.start) + 2)
        else:
            separator = ", "
        self._splice(at, at, "".join(separator + text for text in texts))

    def replace(self, node: Scalar, value: str) -> str:
        """Gives a scalar another string value; returns its exact old text."""
        old = self.text[node.start : node.end]
        tail = _line_breaks(old) if node.style in ("|", ">") else ""
        self._splice(node.start, node.end, emit.quote(value) + tail)
        self._models[id(node)].become(_model_of_data(emit.Quoted(value)))
        return old

    # --- removals ------------------------------------------------------------------------------------------------

    def restore(self, node: Scalar, old: str) -> None:
        """Takes `replace` back: writes the old text of a scalar again."""
        end = node.end
        if old.endswith("\n"):
            tail = _line_breaks(old)
            if self.text.startswith(tail, end):
                end += len(tail)
            else:
                end, _, at_end = self._line_after(end)
                if at_end or self.text[node.end : end].strip():
                    raise CannotEdit("something stands behind the value")
        self._splice(node.start, end, old)
        self._models[id(node)].become(_model_of_text(old))

    def remove(self, parent: Mapping, key: str, members: Iterable[int], opened: str | None) -> None:
        """Takes members (by index) out of the collection under `key`.

        `opened` is what `append` or `add` returned. Where nothing is left the key goes if it was ours, or gets its
        old text back; a collection that we neither made nor opened is left empty.
        """
        node = direct(parent, key)
        assert isinstance(node, Mapping | Sequence)
        gone = sorted(set(members))
        left = len(_members(node)) - len(gone)
        if left == 0 and opened == "new":
            self.remove_key(parent, key)
        elif left == 0 and not node.flow:
            self._close(parent, key, node, opened[1:] if opened else (" []" if isinstance(node, Sequence) else " {}"))
        elif left == 0 and opened is not None:
            self._close(parent, key, node, opened[1:])
        elif node.flow:
            self._remove_flow(node, gone)
        else:
            self._remove_lines(node, gone)

    def remove_key(self, parent: Mapping, key: str) -> None:
        """Takes a key and its value out of a mapping."""
        index = next(i for i, (k, _) in enumerate(parent.pairs) if isinstance(k, Scalar) and k.value == key)
        if parent.flow:
            self._remove_flow(parent, [index])
        else:
            self._remove_lines(parent, [index])

    def _close(self, parent: Mapping, key: str, node: Node, old: str) -> None:
        """Puts `old` behind the key's colon and takes the lines of the value out, comments between them not."""
        at, text = self._value_text(parent, key, node)
        model = self._models[id(node)]
        if node.start < node.end and isinstance(node, Mapping | Sequence) and not node.flow:
            for start, end in self._line_spans(node, range(len(_members(node)))):
                self._splice(start, end, "")
            self._splice(at, at, old)
        else:
            self._splice(at, at + len(text), old)
        model.become(_model_of_text(old))

    def _remove_lines(self, node: Mapping | Sequence, gone: list[int]) -> None:
        count = len(_members(node))
        if len(gone) == count:
            raise CannotEdit("nothing would be left of it")
        for start, end in self._line_spans(node, gone):
            self._splice(start, end, "")
        self._models[id(node)].drop(gone)

    def _line_spans(self, node: Mapping | Sequence, gone: Iterable[int]) -> list[tuple[int, int]]:
        """Whole lines of members of a block collection."""
        members, spans = _spans(node), []
        chosen = list(gone)
        for i in chosen:
            start = self._member_start(node, i)
            line = self.text.rfind("\n", 0, start) + 1
            if self.text[line:start].strip():
                # It shares its first line with a dash: what follows takes its place.
                after = members[i + 1][0] if i + 1 < len(members) else None
                if after is None or i + 1 in chosen:
                    raise CannotEdit("its first entry stands behind a dash: write it out")
                spans.append((start, after))
                continue
            end = self.content_end(_members(node)[i])
            end, _, at_end = self._line_after(max(end, start))
            # The text ended without a line break before, and is to end so again.
            self._trim_end |= at_end
            spans.append((line, end))
        return spans

    def _member_start(self, node: Mapping | Sequence, i: int) -> int:
        if isinstance(node, Mapping):
            return node.pairs[i][0].start
        if i == 0:
            return node.start
        at = self._line_after(self.content_end(node.items[i - 1]))[0]
        while True:
            line_end = self.text.find("\n", at)
            line = self.text[at : line_end if line_end >= 0 else len(self.text)]
            if line[node.column : node.column + 1] == "-" and not line[: node.column].strip():
                return at + node.column
            assert line_end >= 0
            at = line_end + 1

    def _remove_flow(self, node: Mapping | Sequence, gone: list[int]) -> None:
        spans = _spans(node)
        lead = 0
        while lead in gone:
            lead += 1
        if lead == len(spans):
            self._splice(spans[0][0], spans[-1][1], "")
        else:
            if lead:
                self._splice(spans[0][0], spans[lead][0], "")
            for i in gone:
                if i > lead:
                    self._splice(spans[i - 1][1], spans[i][1], "")
        self._models[id(node)].drop(gone)

    # --- the text ------------------------------------------------------------------------------------------------

    def finish(self) -> str:
        """The new text; raises CannotEdit where it does not read as the changes said."""
        pieces: list[str] = []
        at = 0
        for start, end, _, new in sorted(self._splices):
            if start < at:
                raise CannotEdit("two edits overlap")
            pieces += (self.text[at:start], new)
            at = end
        pieces.append(self.text[at:])
        text = "".join(pieces)
        if self._trim_end:
            text = text.removesuffix("\n").removesuffix("\r")
        try:
            root = compose(text)
        except SourceError as error:
            raise CannotEdit(f"the result would not be readable ({error})") from None
        if root is None or not self._model.same(_build_model(root)):
            raise CannotEdit("the result would not mean what was asked for")
        return text

    def _splice(self, start: int, end: int, new: str) -> None:
        self._splices.append((start, end, len(self._splices), new))

    def content_end(self, node: Node) -> int:
        """The index behind the last character of a node that is not blank or comment."""
        while isinstance(node, Mapping | Sequence) and not node.flow:
            members = _members(node)
            if not members:
                return node.start
            last = members[-1]
            if isinstance(last, Scalar) and last.start == last.end:
                # An empty value: its mark is behind the colon or the dash.
                return last.end
            node = last
        if isinstance(node, Scalar) and node.style in ("|", ">"):
            header = self.text[node.start : self.text.find("\n", node.start)]
            if "+" in header.split("#")[0]:
                end = node.end
                while (line_end := self.text.find("\n", end)) >= 0 and not self.text[end:line_end].strip():
                    end = line_end + 1
                return end
        return node.end

    def _line_after(self, index: int) -> tuple[int, str, bool]:
        """(start of the next line, line break of this one, whether the text ends before one)."""
        if index > 0 and self.text[index - 1] == "\n":
            return index, "\r\n" if self.text[:index].endswith("\r\n") else "\n", False
        end = self.text.find("\n", index)
        if end < 0:
            return len(self.text), "\r\n" if "\r\n" in self.text else "\n", True
        return end + 1, "\r\n" if self.text[end - 1 : end] == "\r" else "\n", False

    def _after_line(self, index: int, owner: int) -> tuple[int, str, bool]:
        """The place for new lines behind `index`: after the comments that are deeper than column `owner`."""
        at, newline, at_end = self._line_after(index)
        probe = at
        while not at_end and probe < len(self.text):
            end = self.text.find("\n", probe)
            line = self.text[probe : end if end >= 0 else len(self.text)]
            content = line.strip()
            if content.startswith("#") and len(line) - len(line.lstrip(" ")) > owner:
                at, at_end = (end + 1, False) if end >= 0 else (len(self.text), True)
            elif content or end < 0:
                break
            probe = end + 1 if end >= 0 else len(self.text)
        return at, newline, at_end

    def _write_lines(self, at: int, newline: str, open_end: bool, lines: list[str], indent: int) -> None:
        body = [" " * indent + line if line else line for line in lines]
        text = "".join(newline + line for line in body) if open_end else "".join(line + newline for line in body)
        self._splice(at, at, text)

    def _owner_column(self, mapping: Mapping) -> int:
        """The column of the key or dash that a block mapping belongs to; -1 for the root of the text."""
        parent = self._parents.get(id(mapping))
        return -1 if parent is None else parent.column

    def _list_indent(self) -> int:
        """How far this text indents lists below their key: as its first block list does, else not at all."""
        for node in walk(self.root):
            if isinstance(node, Mapping) and not node.flow:
                for _, value in node.pairs:
                    if isinstance(value, Sequence) and not value.flow and value.items:
                        return max(value.column - node.column, 0)
        return 0

    def _step(self) -> int:
        """How far this text indents mappings below their key."""
        for node in walk(self.root):
            if isinstance(node, Mapping) and not node.flow:
                for _, value in node.pairs:
                    if isinstance(value, Mapping) and not value.flow and value.column > node.column:
                        return value.column - node.column
        return 2

    def _in_block(self, flow: Node) -> bool:
        """Whether a flow collection stands directly in a block collection."""
        parent = self._parents.get(id(flow))
        return parent is not None and not parent.flow

    def _line_indent(self, index: int) -> int:
        line = self.text.rfind("\n", 0, index) + 1
        return len(self.text[line:index]) - len(self.text[line:index].lstrip(" -"))

    def _model_of(self, node: Node) -> _Model:
        return _build_model(node, self._models)


def _line_breaks(text: str) -> str:
    """The line breaks that a text ends with."""
    return text[len(text.rstrip("\r\n")) :]


def _members(node: Mapping | Sequence) -> list[Node]:
    return [value for _, value in node.pairs] if isinstance(node, Mapping) else node.items


def _spans(node: Mapping | Sequence) -> list[tuple[int, int]]:
    if isinstance(node, Mapping):
        return [(k.start, max(k.end, v.end)) for k, v in node.pairs]
    return [(item.start, item.end) for item in node.items]


def _brings(source: Node, key: str, hops: int) -> bool:
    if not isinstance(source, Mapping) or hops > 100:
        return True
    if direct(source, key) is not None:
        return True
    return any(inner is None or _brings(inner, key, hops + 1) for inner in merge_sources(source))


# --- the model: what the text must read as afterwards -------------------------------------------------------------

_NULL_MODEL: Final = ("null",)


class _Model:
    """Decoded data that can be compared: a leaf (typed text) or the children in order, keys included."""

    __slots__ = ("children", "gone", "leaf")

    def __init__(self, leaf: tuple[Any, ...] | None, children: list[Any] | None):
        self.leaf = leaf
        self.children = children
        self.gone: set[int] = set()

    def become(self, other: _Model) -> None:
        self.leaf, self.children, self.gone = other.leaf, other.children, set()

    def extend(self, other: _Model) -> None:
        assert self.children is not None and other.children is not None
        self.children += other.children

    def drop(self, indexes: Iterable[int]) -> None:
        self.gone.update(indexes)

    def left(self) -> list[Any] | None:
        if not self.gone or self.children is None:
            return self.children
        return [child for i, child in enumerate(self.children) if i not in self.gone]

    def same(self, other: _Model) -> bool:
        pending: list[tuple[Any, Any]] = [(self, other)]
        while pending:
            a, b = pending.pop()
            if isinstance(a, tuple):
                pending += zip(a, b, strict=True)
                continue
            ours, theirs = a.left(), b.left()
            if a.leaf != b.leaf or (ours is None) != (theirs is None):
                return False
            if ours is not None:
                if len(ours) != len(theirs):
                    return False
                pending += zip(ours, theirs, strict=True)
        return True


def _build_model(node: Node, index: dict[int, _Model] | None = None) -> _Model:
    if isinstance(node, Mapping):
        pairs = [(_build_model(k, index), _build_model(v, index)) for k, v in node.pairs]
        model = _Model(("map", node.tag, node.anchor), pairs)
    elif isinstance(node, Sequence):
        model = _Model(("seq", node.tag, node.anchor), [_build_model(item, index) for item in node.items])
    elif isinstance(node, Alias):
        model = _Model(("alias", node.anchor), None)
    else:
        assert isinstance(node, Scalar)
        if is_null(node):
            model = _Model(_NULL_MODEL, None)
        else:
            model = _Model((node.tag, node.anchor, node.style is None and _ambiguous(node.value), node.value), None)
    if index is not None:
        index[id(node)] = model
    return model


def _ambiguous(value: str) -> bool:
    """Whether a plain scalar may read as something else than a string: then plain and quoted are not the same."""
    return not emit.is_plain_string(value)


def _model_of_data(value: Any) -> _Model:
    if isinstance(value, dict):
        return _Model(
            ("map", None, None), [(_model_of_data(emit.Quoted(k)), _model_of_data(v)) for k, v in value.items()]
        )
    if isinstance(value, list):
        return _Model(("seq", None, None), [_model_of_data(v) for v in value])
    if isinstance(value, emit.Quoted | emit.SingleQuoted):
        return _Model((None, None, False, value.value), None)
    if isinstance(value, str):
        return _Model((None, None, False, value), None)
    if value is None:
        return _Model(_NULL_MODEL, None)
    return _Model((None, None, True, emit.scalar(value)), None)


def _model_of_text(text: str) -> _Model:
    """What a value's text reads as behind its key."""
    root = compose("k:" + (text if text[:1] in ("", " ", "\n") else " " + text))
    assert isinstance(root, Mapping)
    return _build_model(root.pairs[0][1])


__all__ = ["CannotEdit", "Editor", "Path", "duplicate_key"]
