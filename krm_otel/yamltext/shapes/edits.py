"""Edits that were verified: another edit of the same shape, in the same places, gives a text of the same new shape.

An edit is verified once for its shape. What distinguishes two edits of one shape is in their key: the places of their
splices, the new lines without the content of plain strings in double quotes, and what was asked for. Trust is needed in
one thing only: a string of printable ASCII that the emitter puts into quotes means itself.

The first edit has to prove more than its meaning: each hole of the old text that is still there has to be a hole of the
new text, so that the lemma holds for the new text, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from krm_otel.regex import regex
from krm_otel.yamltext.nodes import Mapping, Node
from krm_otel.yamltext.shapes.lines import Shape, shape_of
from krm_otel.yamltext.shapes.template import Template, learn_at_once, template_of
from krm_otel.yamltext.splices import Splice

_MOST_EDITS: Final = 1_000
"""Edits that are remembered for a shape."""
_STRING: Final = regex(r'"[ !#-&(-\[\]-~]*"')
"""A string in double quotes that means itself, wherever it is: in single quotes and in literal blocks, too."""

Asked = tuple[str, Node, object]
"""A change of a node: what is done, the node, and what identifies it among other changes of the node."""


class EditKey:
    """What an edit of one text has in common with edits of other texts of the same shape."""

    __slots__ = ("_key", "_shape", "_splices", "_template")

    def __init__(self, shape: Shape, template: Template, splices: Sequence[Splice], key: tuple[object, ...]):
        self._shape = shape
        self._template = template
        self._splices = splices
        self._key = key

    @property
    def is_verified(self) -> bool:
        """Whether such an edit was verified before."""
        return self._key in self._template.verified_edits

    def remember(self, new_text: str, new_root: Node) -> None:
        """Remembers the edit, which was verified, if all holes that are left are holes of the new text.

        `new_root` is the root of the new text.
        """
        edits, new_shape = self._template.verified_edits, shape_of(new_text)
        if len(edits) >= _MOST_EDITS or new_shape is None:
            return
        if template_of(new_shape) is None:
            learn_at_once(new_shape, new_root)
        new_template = template_of(new_shape)
        if new_template is not None and self._holes_stay(new_shape, new_template):
            edits.add(self._key)

    def _holes_stay(self, new_shape: Shape, new_template: Template) -> bool:
        """Whether each hole of the old text is taken out as a whole, or is a hole of the new text."""
        new_holes = {new_shape.hole(line) for line in new_template.holes}
        splices = sorted(self._splices, key=lambda splice: splice[:2])
        for line in self._template.holes:
            start, end, mark = self._shape.hole(line)
            shift = 0
            for first, last, new in splices:
                if first <= start and end <= last and first < last:
                    break  # it is taken out
                if last <= start:
                    shift += len(new) - (last - first)
                elif first < end:
                    return False
            else:
                if (start + shift, end + shift, mark) not in new_holes:
                    return False
        return True


def _known_shape(text: str) -> tuple[Shape, Template] | None:
    """The shape of a text with its template; None where one of them is not known."""
    shape = shape_of(text)
    template = template_of(shape) if shape is not None else None
    return None if shape is None or template is None else (shape, template)


def cuts_of(
    text: str, node: Node, removed: Sequence[int], find: Callable[[], list[tuple[int, int, bool]] | None]
) -> list[tuple[int, int, bool]] | None:
    """The parts of a text that are removed with members of a node, as `find` finds them in the first text of a shape.

    Where they begin and end depends on lines, indentation and marks of comments, which are the same for all.
    """
    known_shape = _known_shape(text)
    if known_shape is None:
        return find()
    shape, template = known_shape
    key = (isinstance(node, Mapping), shape.place(node.start), shape.place(node.end), *removed)
    known = template.cuts.get(key)
    if known is not None:
        index = shape.index
        return [(index(start), index(end), is_open) for start, end, is_open in known]
    cuts = find()
    places = [(shape.place(start), shape.place(end), is_open) for start, end, is_open in cuts or ()]
    sure = [(start, end, is_open) for start, end, is_open in places if start is not None and end is not None]
    if cuts is not None and len(sure) == len(cuts) and len(template.cuts) < _MOST_EDITS:
        template.cuts[key] = sure
    return cuts


def list_indent_of(text: str, find: Callable[[], int]) -> int:
    """How far a text indents lists, as `find` finds it in the first text of a shape."""
    known_shape = _known_shape(text)
    if known_shape is None:
        return find()
    _, template = known_shape
    if template.list_indent is None:
        template.list_indent = find()
    return template.list_indent


def edit_key(text: str, splices: Sequence[Splice], asked: Sequence[Asked]) -> EditKey | None:
    """The key of an edit; None where the text has no template, or where the edit begins or ends inside a hole.

    Args:
        text: the old text.
        splices: the edit.
        asked: what the new text has to mean.
    """
    known_shape = _known_shape(text)
    if known_shape is None:
        return None
    shape, template = known_shape
    place = shape.place
    places = [place(index) for start, end, _ in splices for index in (start, end)]
    if None in places:
        return None
    texts = [_STRING.sub('""', new) for _, _, new in splices]
    # Of two nodes with one start and one end, one is a mapping.
    meant = [
        (action, isinstance(node, Mapping), place(node.start), place(node.end), detail)
        for action, node, detail in asked
    ]
    return EditKey(shape, template, splices, (*places, *texts, *meant))
