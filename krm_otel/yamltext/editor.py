"""Changes of nodes → splices of the text that touch nothing else, checked.

An `Editor` takes changes in terms of nodes (append to this list, add that key, take this entry out). Each change is
noted twice: as a splice of the text, and as what the text has to mean afterwards. `finish` splices, reads the new text
again and compares, so that no edit can do more or less than it was asked for. What cannot be edited safely (an alias
on the way, a key that stands twice) raises `CannotEdit`, and nothing is written.

Rules of the text: new lines go after the last line of the collection and the comments that belong to it (those
deeper than the collection's own key or dash); a flow collection stays flow; every change can be taken back exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as AbcSequence
from functools import cached_property
from typing import Any

from krm_otel.yamltext import emit
from krm_otel.yamltext.layout import (
    Collection,
    after_line,
    behind_colon,
    blank_tail,
    content_end,
    flow_cuts,
    line_after,
    line_cuts,
    line_indent,
    line_start,
    list_indent,
    mapping_indent,
    spans,
    values,
)
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import direct, is_null
from krm_otel.yamltext.reach import CannotEdit, Path, Reach
from krm_otel.yamltext.verify import Expected, of_data, of_text

__all__ = ["CannotEdit", "Editor", "Path"]


class Editor:
    """Edits of one text with one root mapping; several may be made before `finish`.

    Two changes of one collection must be of one kind (only additions, or only removals); removals and additions of
    different collections may be mixed. A text with lines that do not end in a line feed raises CannotEdit.
    """

    def __init__(self, text: str, root: Mapping):
        self.text = text
        self.root = root
        self.reach = Reach(text, root)
        """Called with a path: the node there, where every step may be edited; None where a key is absent."""
        self._splices: list[tuple[int, int, int, str]] = []
        self._trim_end = False
        self._open_end = False
        self._expected = Expected()

    # --- additions -----------------------------------------------------------------------------------------------

    def append(self, parent: Mapping, key: str, entries: AbcSequence[Any]) -> str | None:
        """Appends to the list under `key`, which may be absent, null or empty.

        Returns what undoing needs: None where the list had items already, `"new"` where the key is ours, else the
        exact text between the key's colon and the end of its value, with a leading `=`.
        """
        return self._extend(parent, key, list(entries))

    def insert(self, parent: Mapping, key: str, index: int, entries: AbcSequence[Any]) -> None:
        """Puts entries before the one at `index` of a block list; comments above that one stay with it, but for the
        first: what stands above the whole list stays there."""
        node = direct(parent, key)
        if not isinstance(node, Sequence) or node.flow or not 0 <= index < len(node.items):
            raise CannotEdit(f"{key} is not a list with lines of its own", self._at(parent, key))
        self._expected.insert(node, index, of_data(list(entries)))
        lines = emit.block(list(entries))
        if index:
            self._write_lines(content_end(self.text, node.items[index - 1]), node.column, lines, node.column)
            return
        at = line_start(self.text, node.start)
        newline = line_after(self.text, at).newline
        self._splice(at, at, "".join(" " * node.column + line + newline for line in lines))

    def add(self, parent: Mapping, key: str, members: dict[str, Any]) -> str | None:
        """Adds members to the mapping under `key`; otherwise as `append`."""
        return self._extend(parent, key, members)

    def put(self, parent: Mapping, key: str, value: str | int) -> None:
        """Gives a mapping a key that it does not have."""
        self._put(parent, self.reach.owner_column(parent), {key: value})

    def state(self, parent: Mapping, key: str) -> str | None:
        """What `append` or `add` would return for this key, before anything is added."""
        node = direct(parent, key)
        if node is None:
            return "new"
        if not (is_null(node) or (isinstance(node, Collection) and not values(node))):
            return None
        old = self._value_text(parent, key, node)[1]
        kept_flow = isinstance(node, Collection) and (parent.flow or "\n" in old)
        return None if kept_flow else "=" + old

    def _at(self, parent: Mapping, key: str) -> Path:
        return (*self.reach.path(parent), key)

    def _value_text(self, parent: Mapping, key: str, node: Node) -> tuple[int, str]:
        """(index behind the key's colon, the text from there to the end of the value)."""
        key_node = next(k for k, _ in parent.pairs if isinstance(k, Scalar) and k.value == key)
        start = behind_colon(self.text, key_node)
        if start is None:
            raise CannotEdit(f"no colon follows the key {key!r}: write it as {key}:", self._at(parent, key))
        return start, self.text[start : max(node.end, start)]

    def _extend(self, parent: Mapping, key: str, new: list[Any] | dict[str, Any]) -> str | None:
        state = self.state(parent, key)
        if state == "new":
            self._put(parent, self.reach.owner_column(parent), {key: new})
            return state
        node = direct(parent, key)
        assert node is not None
        if state is not None:
            self._open(parent, key, node, new)
        elif isinstance(node, Sequence if isinstance(new, list) else Mapping):
            self._put(node, node.column if parent.flow else parent.column, new)
        else:
            raise CannotEdit(f"{key} is not a {'list' if isinstance(new, list) else 'mapping'}", self._at(parent, key))
        return state

    def _open(self, parent: Mapping, key: str, node: Node, new: list[Any] | dict[str, Any]) -> None:
        """Gives a null or empty value members: as lines of their own, or in flow style where there is no room."""
        start, old = self._value_text(parent, key, node)
        self._expected.replace(node, of_data(new))
        if parent.flow or "\n" in old:
            self._splice(start, start + len(old), " " + emit.flow(new))
            return
        self._splice(start, start + len(old), "")
        indent = self._list_indent if isinstance(new, list) else mapping_indent(self.root)
        self._write_lines(start + len(old), parent.column, emit.block(new, self._list_indent), parent.column + indent)

    def _put(self, node: Collection, owner: int, new: list[Any] | dict[str, Any]) -> None:
        """Adds members at the end of a collection that has some, or of an empty flow collection."""
        end = 0 if node.flow else content_end(self.text, node)
        if isinstance(node, Mapping) and not node.flow and len(node.pairs) > 1 and self._comments(end, node, owner):
            # Comments at the column of the keys end the mapping. Behind them, kpt would take them for the new key's;
            # between them and the last key, it would write them twice (tried). So the last key keeps them.
            last = len(node.pairs) - 1
            self._expected.insert(node, last, of_data(new))
            end, owner = content_end(self.text, node.pairs[last - 1][1]), node.column
        else:
            self._expected.extend(node, of_data(new))
        if node.flow:
            self._put_flow(node, new)
        elif isinstance(new, dict):
            lines = [line for k, v in new.items() for line in emit.entry(k, v, self._list_indent)]
            self._write_lines(end, owner, lines, node.column)
        else:
            self._write_lines(end, owner, emit.block(new), node.column)

    def _comments(self, end: int, node: Mapping, owner: int) -> bool:
        """Whether comments at the column of a mapping's keys follow its end."""
        return after_line(self.text, end, owner).at > after_line(self.text, end, node.column).at

    def _put_flow(self, node: Collection, new: list[Any] | dict[str, Any]) -> None:
        if isinstance(new, dict):
            texts = [f"{emit.quote(k)}: {emit.flow(v)}" for k, v in new.items()]
        else:
            texts = [emit.flow(v) for v in new]
        members = spans(node)
        if not members:
            at = self.text.index("{" if isinstance(node, Mapping) else "[", node.start) + 1
            self._splice(at, at, ", ".join(texts))
            return
        start, at = members[-1]
        line = line_start(self.text, start)
        before = self.text[line:start]
        parent = self.reach.parent(node)
        if line > node.start and not before.strip():
            # The last member has a line of its own: so do ours.
            separator = "," + line_after(self.text, line).newline + before
        elif parent is not None and not parent.flow:
            newline = "\r\n" if "\r\n" in self.text else "\n"
            separator = "," + newline + " " * (line_indent(self.text, node.start) + 2)
        else:
            separator = ", "
        self._splice(at, at, "".join(separator + text for text in texts))

    def replace(self, node: Scalar, value: str | emit.SingleQuoted | None) -> str:
        """Gives a scalar another string value, or null; returns its exact old text."""
        old = self.text[node.start : node.end]
        tail = blank_tail(old) if node.style in ("|", ">") else ""
        parent = self.reach.parent(node)
        single = isinstance(value, emit.SingleQuoted) and not (parent and parent.flow)
        text = emit.scalar(value) if single else emit.flow(value)
        gap = "" if old else " "
        self._splice(node.start, node.end, gap + text + tail)
        self._expected.replace(node, of_data(value))
        return old

    # --- removals ------------------------------------------------------------------------------------------------

    def restore(self, node: Scalar, old: str) -> None:
        """Takes `replace` back: writes the old text of a scalar again."""
        end, tail = node.end, blank_tail(old)
        self._expect_text(node, old)
        if self.text.startswith(tail, end):
            end += len(tail)
        elif self.text[end : line_after(self.text, end).at].strip():
            raise CannotEdit("something stands behind the value")
        else:
            # Somebody changed the blank lines: theirs stay.
            old = old.removesuffix(tail)
        # In front of a value where there was none, `replace` has put a space.
        start = node.start if old or self.text[node.start - 1] != " " else node.start - 1
        self._splice(start, end, old)

    def remove(self, parent: Mapping, key: str, members: Iterable[int], opened: str | None) -> None:
        """Takes members (by index) out of the collection under `key`.

        `opened` is what `append` or `add` returned. Where nothing is left the key goes if it was ours, or gets its
        old text back; a collection that we neither made nor opened is left empty.
        """
        node = direct(parent, key)
        assert isinstance(node, Collection)
        gone = sorted(set(members))
        if len(gone) < len(values(node)):
            self._remove(node, gone)
        elif opened == "new":
            self.remove_key(parent, key)
        elif opened is not None:
            self._close(parent, key, node, opened[1:])
        elif node.flow:
            self._remove(node, gone)
        else:
            self._close(parent, key, node, " []" if isinstance(node, Sequence) else " {}")

    def remove_key(self, parent: Mapping, key: str) -> None:
        """Takes a key and its value out of a mapping."""
        index = next(i for i, (k, _) in enumerate(parent.pairs) if isinstance(k, Scalar) and k.value == key)
        self._remove(parent, [index])

    def _close(self, parent: Mapping, key: str, node: Collection, old: str) -> None:
        """Puts `old` behind the key's colon and takes the lines of the value out, comments between them not."""
        at, text = self._value_text(parent, key, node)
        if node.flow:
            self._splice(at, at + len(text), old)
        else:
            self._cut(node, range(len(values(node))))
            self._splice(at, at, old)
        self._expect_text(node, old)

    def _remove(self, node: Collection, gone: list[int]) -> None:
        self._expected.drop(node, gone)
        if not node.flow and len(gone) == len(values(node)):
            raise CannotEdit("nothing would be left of it")
        self._cut(node, gone)

    def _cut(self, node: Collection, gone: Iterable[int]) -> None:
        for cut in flow_cuts(node, gone) if node.flow else line_cuts(self.text, node, gone):
            if cut is None:
                raise CannotEdit("its lines cannot be told apart from others: write it out")
            # The text ended without a line break before, and is to end so again.
            self._trim_end |= cut.open_end
            self._splice(cut.start, cut.end, "")

    # --- the text ------------------------------------------------------------------------------------------------

    def spliced(self) -> str:
        """The new text, not checked; raises CannotEdit where two edits overlap."""
        pieces: list[str] = []
        at = 0
        for start, end, _, new in sorted(self._splices):
            if start < at:
                raise CannotEdit("two edits overlap")
            pieces += (self.text[at:start], new)
            at = end
        pieces.append(self.text[at:])
        text = "".join(pieces)
        return text.removesuffix("\n").removesuffix("\r") if self._trim_end else text

    def finish(self, known: str | None = None) -> str:
        """The new text; raises CannotEdit where it does not read as the changes said.

        `known` is a text from which the opposite changes gave this one's and were checked: it is not checked again.
        """
        text = self.spliced()
        if text == known:
            return text
        try:
            met = self._expected.met_by(self.root, text)
        except SourceError as error:
            raise CannotEdit(f"the result would not be readable ({error})") from None
        if met:
            return text
        if self._open_end:
            raise CannotEdit("the text ends in a block scalar without a line break: add one")
        raise CannotEdit("the result would not mean what was asked for")

    def _splice(self, start: int, end: int, new: str) -> None:
        self._splices.append((start, end, len(self._splices), new))

    def _write_lines(self, behind: int, owner: int, lines: list[str], indent: int) -> None:
        """Writes lines below the one of `behind` and the comments that are deeper than column `owner`."""
        place = after_line(self.text, behind, owner)
        self._open_end |= place.open_end
        body = [" " * indent + line if line else line for line in lines]
        if place.open_end:
            text = "".join(place.newline + line for line in body)
        else:
            text = "".join(line + place.newline for line in body)
        self._splice(place.at, place.at, text)

    def _expect_text(self, node: Node, text: str) -> None:
        try:
            expected = of_text(text)
        except SourceError:
            expected = None
        if expected is None:
            raise CannotEdit("what is recorded of the text before is no value")
        self._expected.replace(node, expected)

    @cached_property
    def _list_indent(self) -> int:
        return list_indent(self.root)
