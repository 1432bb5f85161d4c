"""The pages in docs/, and the tables in them."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table row in a text, but for heads and rules; code ticks are left in."""
    found: list[list[str]] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if line.startswith("|") and not re.match(r"\|[-| ]+\|$", line) and not re.match(r"\|[-| ]+\|$", below):
            found.append([cell.strip() for cell in line.strip("|").split(" |")])
    return found


def table(text: str, mark: str) -> list[list[str]]:
    """The rows of the table behind a mark."""
    _, _, rest = text.partition(f"<!-- {mark} -->\n\n")
    assert rest.startswith("|"), f"no table behind <!-- {mark} -->"
    return rows(rest.partition("\n\n")[0])


def ticked(cell: str) -> str:
    found = re.fullmatch(r"`([^`]+)`", cell)
    assert found, f"{cell} is not one name in ticks"
    return found[1]
