"""Marked blocks in Markdown: finding them, and replacing what is between the marks.

A block begins with the line `<!-- generated: NAME -->` and ends with the line `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

BLOCK = re.compile(r"^<!-- generated: (?P<name>.+?) -->\n(?P<body>.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)
START = re.compile(r"^<!-- generated: .+? -->$", re.MULTILINE)

Generators = Mapping[str, Callable[[], str]]
"""Name of a block → function that returns its Markdown, without the marks."""


class BlockError(Exception):
    """A mark that no generator or no end belongs to."""


def block_names(text: str) -> list[str]:
    """The names of a page's blocks, in the page's order."""
    return [match["name"] for match in BLOCK.finditer(text)]


def regenerate(text: str, generators: Generators) -> str:
    """A page with each block as its generator writes it now.

    Raises:
        BlockError: a block has no end, or no generator has its name.
    """
    if len(START.findall(text)) != len(block_names(text)):
        raise BlockError("a generated block has no line `<!-- end -->`")

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in generators:
            raise BlockError(f"no generator is called {name}: tools/docs/__main__.py has {', '.join(generators)}")
        return f"<!-- generated: {name} -->\n\n{generators[name]().strip()}\n\n<!-- end -->"

    return BLOCK.sub(block, text)
