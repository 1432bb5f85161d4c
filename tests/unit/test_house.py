"""The house stays in order: sizes of packages, modules and functions, docstrings, and private names.

`make check-house` runs this alone. Only the source is read, so it is fast.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import krm_otel

PACKAGE = Path(krm_otel.__file__).parent
MODULES = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}

MODULES_IN_PACKAGE = 11
"""`__init__` and subpackages are not counted: a reader has to choose among these at one look."""
LINES_IN_MODULE = 300
LINES_IN_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def large_packages() -> set[str]:
    """Packages with too many modules."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    sizes = {folder: sum(path.name != "__init__.py" for path in folder.glob("*.py")) for folder in folders}
    return {str(folder.relative_to(PACKAGE)) for folder, size in sizes.items() if size > MODULES_IN_PACKAGE}


def long_modules() -> set[str]:
    """Modules with too many lines."""
    return {name for name in MODULES if len((PACKAGE / name).read_text("utf-8").splitlines()) > LINES_IN_MODULE}


def functions() -> Iterator[tuple[str, Function, bool]]:
    """`module:Class.name`, the function, and whether it is public, for each function and method."""
    for module, tree in MODULES.items():
        for prefix, nodes, is_public in [
            ("", tree.body, True),
            *((f"{n.name}.", n.body, not n.name.startswith("_")) for n in tree.body if isinstance(n, ast.ClassDef)),
        ]:
            for node in nodes:
                if isinstance(node, Function):
                    yield f"{module}:{prefix}{node.name}", node, is_public and not node.name.startswith("_")


def long_functions() -> set[str]:
    """Functions with too many lines, from `def` to the last one."""
    return {
        name for name, node, _ in functions() if (node.end_lineno or node.lineno) - node.lineno >= LINES_IN_FUNCTION
    }


def undocumented() -> set[str]:
    """Public functions, public classes and modules without a docstring."""
    names = {name for name, node, is_public in functions() if is_public and not ast.get_docstring(node)}
    for module, tree in MODULES.items():
        if not ast.get_docstring(tree):
            names.add(module)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node):
                names.add(f"{module}:{node.name}")
    return names


def private_imports() -> set[str]:
    """`module:name` for each private name that a module takes from another one."""
    return {
        f"{module}:{alias.name}"
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    }


def compiled_at_import() -> set[str]:
    """`module:line` for each regular expression that is compiled where a module is imported: `regex` is for these."""
    return {
        f"{module}:{node.lineno}"
        for module, tree in MODULES.items()
        for statement in tree.body
        if not isinstance(statement, Function | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    }


@pytest.mark.parametrize(
    "find",
    [large_packages, long_modules, long_functions, undocumented, private_imports, compiled_at_import],
    ids=lambda find: find.__name__,
)
def test_nothing_is_over_a_limit(find: Callable[[], set[str]]) -> None:
    assert sorted(find()) == []
