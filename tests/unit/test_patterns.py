"""No regular expression of the package takes more time than in line with the text: hostile input must not hang it."""

from __future__ import annotations

import ast
import inspect
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import krm_otel
from krm_otel.credential import texts

PACKAGE = Path(krm_otel.__file__).parent
ANYWHERE = ("search", "sub", "split", "findall", "finditer")
"""Functions that try a pattern at every place of a text; the others try it at one."""
PIECES = ("a:", "${", "$(", " \n", "a b ", "a.", "#\n", *" \n\ta-/:([{0.%'\"")
SHORT = 5_000


def patterns() -> Iterator[tuple[str, tuple[re.Pattern[Any], bool]]]:
    """Place → every pattern that is written out in the package, and whether it is tried anywhere in a text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and node.args and isinstance(first := node.args[0], ast.Constant)):
                continue
            owner, _, function = ast.unparse(node.func).rpartition(".")
            if owner == "re" or function == "regex":
                flags = re.MULTILINE if "MULTILINE" in ast.unparse(node) else re.NOFLAG
                anywhere = function in ANYWHERE
                line = text.splitlines()[node.lineno - 1]
                if function in ("compile", "regex") and (name := re.match(r"\w+", line)):
                    anywhere = re.search(rf"\b{name[0]}\.({'|'.join(ANYWHERE)})\(", text) is not None
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", (re.compile(first.value, flags), anywhere)


def forms_of_credentials() -> Iterator[tuple[str, tuple[re.Pattern[Any], bool]]]:
    """Those of credentials are put together from parts."""
    source = inspect.getsource(texts)
    for name, value in vars(texts).items():
        anywhere = isinstance(value, dict) or re.search(rf"\b{name}\.({'|'.join(ANYWHERE)})\(", source) is not None
        entries = value.items() if isinstance(value, dict) else [("", value)]
        for key, one in entries if name.isupper() else ():
            if hasattr(one, "finditer"):
                yield f"credential/texts.py:{name} {key}".strip(), (re.compile(one.pattern, one.flags), anywhere)


PATTERNS = {**dict(patterns()), **dict(forms_of_credentials())}


def seconds(pattern: re.Pattern[Any], piece: str, length: int, *, anywhere: bool) -> float:
    text: Any = piece * (length // len(piece)) + "!"
    if isinstance(pattern.pattern, bytes):
        text = text.encode()
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        if anywhere:
            for _found in pattern.finditer(text):
                pass
        else:
            pattern.match(text)
        best = min(best, time.process_time() - start)
        if best < 0.01:
            break
    return best


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 60
    assert sum(anywhere for _, anywhere in PATTERNS.values()) > 15


@pytest.mark.slow
@pytest.mark.parametrize("where", PATTERNS)
def test_the_time_grows_in_line_with_the_text(where: str) -> None:
    """Four times the text may take nine times as long, on a busy machine, but not sixteen times."""
    pattern, anywhere = PATTERNS[where]
    for piece in PIECES:
        long = seconds(pattern, piece, 4 * SHORT, anywhere=anywhere)
        if long > 0.05:
            short = seconds(pattern, piece, SHORT, anywhere=anywhere)
            assert long < 9 * short, (pattern.pattern, piece)
