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

# Temporary: what is still to be cut or documented. Empty this list, then delete it.
TEMPORARY = {
    "cli",
    "krm/envelope.py",
    "workloads/match.py",
    "yamltext/editor.py",
    "inject/sdk/variables.py:desired",
    "plan/__init__.py:make_plan",
    "plan/objects/planner.py:plan_objects",
    "yamltext/parse.py:_build",
    "cli/main.py:cli",
    "inject/__init__.py",
    "workloads/__init__.py",
    "inject/patch/strip.py:strip_list",
    "inject/sdk/environment.py:Present.get",
    "krm/resource.py:Resource.annotations",
    "krm/resource.py:Resource.api_version",
    "krm/resource.py:Resource.kind",
    "krm/resource.py:Resource.labels",
    "krm/resource.py:Resource.name",
    "krm/resource.py:Resource.namespace",
    "plan/objects/ownership.py:Existing.owner",
    "run.py:Outcome.exit_code",
}


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


@pytest.mark.parametrize(
    "find",
    [large_packages, long_modules, long_functions, undocumented, private_imports],
    ids=lambda find: find.__name__,
)
def test_nothing_is_over_a_limit(find: Callable[[], set[str]]) -> None:
    assert sorted(find() - TEMPORARY) == []
