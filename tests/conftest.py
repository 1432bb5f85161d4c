"""The switch that rewrites expected output, and the mark of what needs other tools."""

from __future__ import annotations

from pathlib import Path

import pytest

E2E = [Path(__file__).with_name(name) for name in ("tools", "cluster")]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the expected files of every case that differs; the run still fails: read the diff",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in these folders is e2e; nobody has to remember to say so."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in E2E):
            item.add_marker(pytest.mark.e2e)
