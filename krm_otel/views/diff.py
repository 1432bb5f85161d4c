"""What a run changes, as a unified diff: a patch that `git apply` and `patch` take."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_NO_END = "\\ No newline at end of file"


def unified(old: str | None, new: str | None, name: str) -> Iterator[str]:
    """The lines of a unified diff of two texts, without line breaks; none where they are the same.

    Args:
        old: the text as it is; None where there is no such file yet.
        new: the text as it will be; None where the file goes.
        name: the file's path, for the headers.
    """
    before, after = _header("a", old, name), _header("b", new, name)
    lines = difflib.unified_diff(_lines(old or ""), _lines(new or ""), before, after, lineterm="", n=3)
    yield from itertools.islice(lines, 2)
    for line in lines:
        yield line.removesuffix("\n")
        if not line.startswith("@") and not line.endswith("\n"):
            yield _NO_END


def colour(line: str) -> str | None:
    """The colour of a line of a diff; None for context."""
    if line.startswith(("+++ ", "--- ")):  # with its blank: a removed `---` is a line as any other
        return "bright_white"
    return _STYLES.get(line[:1])


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only a line feed ends one, as for git: a form feed inside a value does not."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _header(side: str, text: str | None, name: str) -> str:
    if text is None:
        return "/dev/null"
    # The tab is git's way to say where a name with blanks ends.
    return f"{side}/{name}\t" if " " in name else f"{side}/{name}"
