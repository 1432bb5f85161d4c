"""The switch that rewrites expected output, and the markers that follow from a test's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

MARKERS = {"tools": pytest.mark.e2e, "cluster": pytest.mark.e2e, "property": pytest.mark.slow}
"""Folder of tests → the marker that all its tests have, so that nobody has to remember it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the expected files of every case that differs; the run still fails: read the diff",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder, marker in MARKERS.items():
            if item.path.is_relative_to(Path(__file__).with_name(folder)):
                item.add_marker(marker)
