"""One object of the input, as a part of its text."""

from __future__ import annotations

from _weakref import ReferenceType, ref  # without the collections of `weakref`, 4 million instructions

from krm_otel.dataclass import dataclass, field
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.parse import compose


class UnreadableItemError(Exception):
    """An item that was cut out of its text by lines cannot be read: the text has to be read by events."""


@dataclass(slots=True)
class Item:
    """One object of the input.

    `start` and `end` are its span in `source`, the envelope's text. What follows an object up to the next one
    (comments, blank lines) is part of it where both are in block style.
    """

    source: str = field(repr=False)
    start: int
    end: int
    column: int
    position: int
    api_version: str
    kind: str
    file: str = ""
    index: int | None = None
    """Its index in `file`."""
    flow: bool = False
    by_lines: bool = False
    """Whether it was cut out by lines, so that nobody has read it yet."""
    _resource: ReferenceType[Resource] | None = None

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def text(self) -> str:
        """The object by itself, indented as it is in the input, so that columns are the same."""
        return indented(self.source[self.start : self.end], self.column)

    @property
    def resource(self) -> Resource | None:
        """The object; None where it is not a mapping, or cannot be read by itself (then the envelope has a result).

        Raises UnreadableItemError where no event was read of it before.

        It is composed on demand, and kept only while another object refers to it: all objects together would take most
        of a run's memory.
        """
        resource = self._resource() if self._resource is not None else None
        if resource is None:
            try:
                resource = self.read(self.text)
            except SourceError:
                if self.by_lines:
                    raise UnreadableItemError from None
                return None
            self._resource = None if resource is None else ref(resource)
        return resource

    def mentions(self, word: str) -> bool:
        """Whether a word is anywhere in the object's text: a cheap first check."""
        return self.source.find(word, self.start, self.end) >= 0

    def read(self, text: str) -> Resource | None:
        """Another text of the same object, such as an edited one; None where it is not a mapping. Raises
        SourceError."""
        root = compose(text)
        if not isinstance(root, Mapping):
            return None
        return Resource(root, self.position, self.file, self.index)


def indented(text: str, column: int) -> str:
    """The text of a node, with its first line indented to the node's column."""
    return " " * column + text
