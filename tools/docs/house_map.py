"""The map of a package, from the first sentences of its docstrings.

Nothing is imported: docstrings are read from the source, and the order of layers from pyproject.toml.
"""

from __future__ import annotations

import ast
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WIDTH = 118
COLUMN = 26


def package_map(name: str) -> str:
    """A text block with the packages and modules of a package, two levels deep.

    A package below the second level shows the names of its modules. Layers come first to last, as import-linter has
    them; everything else is sorted by name.

    Args:
        name: a folder in the root of the repository.
    """
    lines = [*_entry(f"{name}/", _first_sentence(ROOT / name))]
    for path in _members(ROOT / name, _layer_order(name)):
        lines += _entry(f"  {_label(path)}", _first_sentence(path))
        if path.is_dir():
            for inner in _members(path, lambda member: (0, member.name)):
                lines += _entry(f"    {_label(inner)}", _first_sentence(inner))
                if inner.is_dir() and (names := _names(inner)):
                    lines += textwrap.wrap(f"[{', '.join(names)}]", WIDTH, initial_indent=" " * COLUMN,
                                           subsequent_indent=" " * (COLUMN + 1))  # fmt: skip
    return "```text\n" + "\n".join(lines) + "\n```"


def docstring(path: Path) -> str:
    """The docstring of a module, or of a package's `__init__` or `__main__`; empty where there is none."""
    files = [path / "__init__.py", path / "__main__.py"] if path.is_dir() else [path]
    for file in files:
        if file.exists() and (text := ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))):
            return text
    return ""


def _first_sentence(path: Path) -> str:
    paragraph = " ".join(docstring(path).partition("\n\n")[0].split())
    sentence, _, _ = paragraph.partition(". ")
    return sentence.removesuffix(".").removesuffix(":")


def _entry(label: str, sentence: str) -> Iterator[str]:
    """One entry, wrapped, with the sentences of all entries in one column."""
    wrapped = textwrap.wrap(
        sentence,
        WIDTH,
        initial_indent=f"{label:<{COLUMN - 1}} ",
        subsequent_indent=" " * COLUMN,
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from wrapped or [label]


def _members(folder: Path, key: Callable[[Path], tuple[int, str]]) -> list[Path]:
    return sorted((path for path in folder.iterdir() if _is_code(path)), key=key)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.iterdir() if _is_code(path))


def _is_code(path: Path) -> bool:
    if path.is_dir():
        return any(path.glob("*.py"))
    return path.suffix == ".py" and not path.stem.startswith("__")


def _label(path: Path) -> str:
    return f"{path.name}/" if path.is_dir() else path.stem


def _layer_order(name: str) -> Callable[[Path], tuple[int, str]]:
    """A key that sorts members by the layer that import-linter gives them: highest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    layers: list[str] = next((c["layers"] for c in contracts if name in c.get("containers", ())), [])
    rank = {member.strip(): index for index, layer in enumerate(layers) for member in layer.split("|")}
    return lambda path: (rank.get(path.stem, len(rank)), path.stem)
