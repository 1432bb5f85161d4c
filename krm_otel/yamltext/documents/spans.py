"""Where documents, their top-level keys and their list items are in a text."""

from __future__ import annotations

from krm_otel.dataclass import dataclass, field


@dataclass(slots=True)
class Span:
    """The span of a node in the text. The end of a block collection is the start of the next token.

    `api_version` and `kind` are the scalars of these keys, empty where there are none.
    """

    start: int
    end: int
    column: int
    flow: bool = False
    is_mapping: bool = False
    api_version: str = ""
    kind: str = ""
    aliases: set[str] | None = None
    """The anchors that a list item refers to; None where it has no alias."""


@dataclass(slots=True)
class Document:
    """One document: its root, its top-level keys, and the elements of a list `items`."""

    root: Span
    end: int
    """The end of the document: the next `---` or `...`, or the end of the text."""
    pairs: list[tuple[Span, Span]] = field(default_factory=list)
    """All top-level keys and their values, in the order of the text."""
    keys: dict[str, tuple[Span, Span]] = field(default_factory=dict)
    """The same by name; of duplicate keys, the last one."""
    duplicate: str = ""
    """A top-level key that is a duplicate; empty where there is none."""
    items: list[Span] | None = None
    """None where `items` does not exist or is not a list."""
    tag_handles: bool = False
    """Whether it has a `%TAG` directive, without which its parts may not be readable by themselves."""
