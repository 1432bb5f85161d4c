"""What a run changes, as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def unified(old: str, new: str, name: str) -> Iterator[str]:
    """The lines of a unified diff of two texts, without line breaks; none where they are the same."""
    # Split at line feeds only, as git does: a form feed inside a value is no line break.
    yield from difflib.unified_diff(old.split("\n"), new.split("\n"), f"a/{name}", f"b/{name}", lineterm="", n=3)


def colour(line: str) -> str | None:
    """The colour of a line of a diff; None for context."""
    if line.startswith(("+++", "---")):
        return "bright_white"
    return _STYLES.get(line[:1])
