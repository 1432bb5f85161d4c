"""Changes of nodes → splices of the text that touch nothing else, and a check of the result.

Every method of `Editor` that edits takes the path of what it changes and checks that the node there can be edited: no
alias, anchor, merge key or duplicate key may lie on the path. Each change is noted twice: as a splice of the text, and
as what the text has to mean afterwards. `finish` splices, reads the new text and compares, so that an edit does no
more and no less than it should. Where an edit is not safe, `CannotEdit` is raised and nothing is written.

Rules of the text: new lines go after the last line of the collection and the comments that belong to it (those that
are indented deeper than the collection's own key or dash). A flow collection stays in flow style. Every change can be
undone exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as AbcSequence
from functools import cached_property, partial
from typing import Any

from krm_otel.yamltext import emit, layout
from krm_otel.yamltext.editable import CannotEdit, EditableNodes, Path, key_index
from krm_otel.yamltext.layout import Collection
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.query import is_null
from krm_otel.yamltext.shapes.edits import cuts_of, list_indent_of
from krm_otel.yamltext.splices import OverlapError, Splice, spliced
from krm_otel.yamltext.verify import ExpectedTree, value_from_text


class Editor:
    """Edits of one text with one root mapping; several edits may be made before `finish`.

    Two changes of one collection must be of one kind (only additions, or only removals). Removals and additions of
    different collections may be mixed. A text with a line that does not end in a line feed raises CannotEdit.
    """

    def __init__(self, text: str, root: Mapping):
        self.text = text
        self.root = root
        self._nodes = EditableNodes(text, root)
        self._splices: list[Splice] = []
        self._trim_end = False
        self._open_end = False
        self._expected = ExpectedTree()

    def editable(self, *path: str | int) -> Node | None:
        """The node at a path where every step can be edited; None where a step does not exist. Raises CannotEdit."""
        return self._nodes.node(path)

    # --- additions -----------------------------------------------------------------------------------------------

    def original(self, path: Path) -> str | None:
        """What undoing an addition to the list or mapping at `path` needs to know.

        Returns:
            None where it has members; `"new"` where the key does not exist; otherwise `=` and the exact text between
            the key's colon and the end of its value.
        """
        parent, node = self._nodes.parent(path), self._nodes.node(path)
        if node is None:
            return "new"
        if not (is_null(node) or (isinstance(node, Collection) and not layout.values(node))):
            return None
        old = self._value_text(path, node)[1]
        stays_flow = isinstance(node, Collection) and (parent.flow or "\n" in old)
        return None if stays_flow else "=" + old

    def append(self, path: Path, entries: AbcSequence[Any]) -> str | None:
        """Appends to the list at `path`, which may be missing, null or empty. Returns what `original` returned."""
        return self.add(path, list(entries))

    def add(self, path: Path, new: list[Any] | dict[str, Any]) -> str | None:
        """Adds to the list or mapping at `path`, which may be missing, null or empty. Returns what `original` did."""
        original, parent, node = self.original(path), self._nodes.parent(path), self._nodes.node(path)
        if node is None:
            self._add_members(parent, self._nodes.enclosing(path[:-1]), {str(path[-1]): new})
        elif original is not None:
            self._fill(path, node, new)
        elif isinstance(node, Sequence if isinstance(new, list) else Mapping):
            self._add_members(node, parent, new)
        else:
            raise CannotEdit(f"{path[-1]} is not a {'list' if isinstance(new, list) else 'mapping'}", path)
        return original

    def put(self, path: Path, value: str | int) -> None:
        """Adds a key with a value to a mapping that does not have the key."""
        self._add_members(self._nodes.parent(path), self._nodes.enclosing(path[:-1]), {str(path[-1]): value})

    def insert(self, path: Path, index: int, entries: AbcSequence[Any]) -> None:
        """Inserts entries before the one at `index` of the list at `path`.

        In block style, comments above that entry stay with it. Comments above the first entry stay above the list.
        """
        node = self._nodes.node(path)
        if not isinstance(node, Sequence) or not 0 <= index < len(node.items):
            raise CannotEdit(f"{path[-1]} has no entry {index}", path)
        self._expected.insert(node, index, list(entries))
        if node.flow:
            self._splices.append(layout.flow_insertion(self.text, node, index, emit.flow_members(list(entries))))
            return
        lines = emit.block(list(entries))
        if index:
            self._write_lines(layout.content_end(self.text, node.items[index - 1]), node.column, lines, node.column)
            return
        self._splices.append(layout.lines_above(self.text, node, lines))

    def _value_text(self, path: Path, node: Node) -> tuple[int, str]:
        """(index after the key's colon, the text from there to the end of the value)."""
        parent, key = self._nodes.parent(path), path[-1]
        start = layout.index_after_colon(self.text, parent.pairs[key_index(parent, key)][0])
        if start is None:
            raise CannotEdit(f"no colon follows the key {key!r}: write it as {key}:", path)
        return start, self.text[start : max(node.end, start)]

    def _fill(self, path: Path, node: Node, new: list[Any] | dict[str, Any]) -> None:
        """Gives a null or empty value members: on their own lines, or in flow style where lines are not possible."""
        parent = self._nodes.parent(path)
        start, old = self._value_text(path, node)
        self._expected.replace(node, new)
        if parent.flow or "\n" in old:
            self._splices.append((start, start + len(old), " " + emit.flow(new)))
            return
        self._splices.append((start, start + len(old), ""))
        indent = self._list_indent if isinstance(new, list) else layout.mapping_indent(self.root)
        self._write_lines(start + len(old), parent.column, emit.block(new, self._list_indent), parent.column + indent)

    def _add_members(self, node: Collection, parent: Collection | None, new: list[Any] | dict[str, Any]) -> None:
        """Adds members at the end of a collection that has some, or of an empty flow collection."""
        owner = -1 if parent is None else parent.column
        end = 0 if node.flow else layout.content_end(self.text, node)
        point = layout.insertion_point
        if (
            isinstance(node, Mapping)
            and not node.flow
            and len(node.pairs) > 1
            and point(self.text, end, owner).start > point(self.text, end, node.column).start
        ):
            # Comments at the column of the keys end the mapping. If the new key followed them, kpt would take them for
            # comments of the new key. If it came between them and the last key, kpt would write them twice (tried).
            # So the new key goes before the last one, which keeps its comments.
            last = len(node.pairs) - 1
            self._expected.insert(node, last, new)
            end, owner = layout.content_end(self.text, node.pairs[last - 1][1]), node.column
        else:
            self._expected.extend(node, new)
        if node.flow:
            self._add_flow_members(node, parent, new)
        elif isinstance(new, dict):
            lines = [line for k, v in new.items() for line in emit.entry(k, v, self._list_indent)]
            self._write_lines(end, owner, lines, node.column)
        else:
            self._write_lines(end, owner, emit.block(new), node.column)

    def _add_flow_members(self, node: Collection, parent: Collection | None, new: list[Any] | dict[str, Any]) -> None:
        texts = emit.flow_members(new)
        members = layout.spans(node)
        if not members:
            end = self.text.index("{" if isinstance(node, Mapping) else "[", node.start) + 1
            self._splices.append((end, end, ", ".join(texts)))
            return
        separator = layout.flow_separator(self.text, node, parent)
        end = members[-1][1]
        self._splices.append((end, end, "".join(separator + text for text in texts)))

    # --- values --------------------------------------------------------------------------------------------------

    def replace(self, path: Path, value: str | emit.JsonText | None) -> str:
        """Gives the scalar at `path` another string value, or null. Returns its exact old text."""
        node, parent = self._nodes.scalar(path), self._nodes.enclosing(path)
        old = self.text[node.start : node.end]
        tail = layout.blank_tail(old) if node.style in ("|", ">") else ""
        text = emit.flow(value)
        if isinstance(value, emit.JsonText) and parent is not None and not parent.flow:
            text = emit.below(value, parent.column, layout.newline_of(self.text))
            if "\n" in text and not tail and not layout.ends_line(self.text, node.end):
                raise CannotEdit("other text follows the value on its line", path)
        self._splices.append((node.start, node.end, ("" if old else " ") + text + tail))
        self._expected.replace(node, value)
        return old

    def restore(self, path: Path, old: str) -> None:
        """Undoes `replace`: writes the old text of the scalar at `path` again."""
        node, parent = self._nodes.scalar(path), self._nodes.enclosing(path)
        end, tail = node.end, layout.blank_tail(old)
        self._expect_text(node, old, 0 if parent is None or parent.flow else parent.column)
        if self.text.startswith(tail, end):
            end += len(tail)
        elif self.text[end : layout.next_line(self.text, end).start].strip():
            raise CannotEdit("other text follows the value on its line")
        else:
            # Somebody has changed the blank lines since: the changed ones stay.
            old = old.removesuffix(tail)
        # `replace` writes a space before a value that was empty.
        start = node.start if old or self.text[node.start - 1] != " " else node.start - 1
        self._splices.append((start, end, old))

    # --- removals ------------------------------------------------------------------------------------------------

    def remove(self, path: Path, members: Iterable[int], original: str | None) -> None:
        """Removes members (by index) of the collection at `path`.

        Args:
            path: the path of the collection.
            members: indexes of the members.
            original: what `append` or `add` returned. Where no member is left, the key is removed if it was new, or
                gets its old text back. A collection that had members before is left empty.
        """
        node = self._nodes.node(path)
        if not isinstance(node, Collection):
            raise CannotEdit("it is not a list or mapping", path)
        removed = sorted(set(members))
        if len(removed) < len(layout.values(node)):
            self._remove(node, removed)
        elif original == "new":
            self.remove_key(path)
        elif original is not None:
            self._empty(path, node, original[1:])
        elif node.flow:
            self._remove(node, removed)
        else:
            self._empty(path, node, " []" if isinstance(node, Sequence) else " {}")

    def remove_key(self, path: Path) -> None:
        """Removes a key and its value from a mapping that has it."""
        self._nodes.node(path)
        parent = self._nodes.parent(path)
        self._remove(parent, [key_index(parent, path[-1])])

    def _empty(self, path: Path, node: Collection, old: str) -> None:
        """Writes `old` after the key's colon and removes the lines of the value, but not the comments between them."""
        start, text = self._value_text(path, node)
        if node.flow:
            self._splices.append((start, start + len(text), old))
        else:
            self._cut(node, range(len(layout.values(node))))
            self._splices.append((start, start, old))
        self._expect_text(node, old)

    def _remove(self, node: Collection, removed: list[int]) -> None:
        self._expected.remove(node, removed)
        if not node.flow and len(removed) == len(layout.values(node)):
            raise CannotEdit("nothing would be left of it")
        self._cut(node, removed)

    def _cut(self, node: Collection, removed: Iterable[int]) -> None:
        chosen = sorted(set(removed))
        find = partial(layout.line_cuts, self.text, node, chosen)
        cuts = layout.flow_cuts(layout.spans(node), chosen) if node.flow else cuts_of(self.text, node, chosen, find)
        if cuts is None:
            raise CannotEdit("its lines cannot be separated from other lines: write each entry on its own lines")
        for start, end, open_end in cuts:
            # The original text ended without a line break, so the new one does.
            self._trim_end |= open_end
            self._splices.append((start, end, ""))

    # --- the text ------------------------------------------------------------------------------------------------

    def finish(self, known: str | None = None) -> str:
        """The new text; raises CannotEdit where it does not mean what the changes say, or where two edits overlap.

        Args:
            known: a text whose edit in the other direction resulted in this editor's text and was checked. If the
                new text is the same, it is not checked again.
        """
        try:
            text = spliced(self.text, self._splices)
        except OverlapError:
            raise CannotEdit("two edits overlap") from None
        if self._trim_end:
            text = text.removesuffix("\n").removesuffix("\r")
        if text == known:
            return text
        try:
            splices = None if self._trim_end else self._splices
            is_as_expected = self._expected.is_result(self.text, self.root, text, splices)
        except SourceError as error:
            raise CannotEdit(f"the edited text would not be readable ({error})") from None
        if not is_as_expected:
            open_end = "the text ends in a block scalar without a line break: add one"
            raise CannotEdit(open_end if self._open_end else "the edited text would not mean what it should")
        return text

    def _write_lines(self, index: int, owner: int, lines: list[str], indent: int) -> None:
        """Writes lines after the line of `index` and the comments that are deeper than column `owner`."""
        point, pad = layout.insertion_point(self.text, index, owner), " " * indent
        self._open_end |= point.open_end
        text = point.as_lines([pad + line if line else line for line in lines])
        self._splices.append((point.start, point.start, text))

    def _expect_text(self, node: Node, text: str, column: int = 0) -> None:
        expected = value_from_text(text, column)
        if expected is None or (isinstance(node, Scalar) and not isinstance(expected, Scalar)):
            raise CannotEdit("the recorded old text is not a value")
        self._nodes.refuse_used_anchor(expected)
        self._expected.replace_by_text(node, text, expected)

    @cached_property
    def _list_indent(self) -> int:
        return list_indent_of(self.text, partial(layout.list_indent, self.root))
