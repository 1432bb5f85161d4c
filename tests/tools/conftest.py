"""The real tools as fixtures. One that is missing fails the test: a skip would look like a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.clients import Kpt, Kustomize
from tools.build import ToolError, require


@pytest.fixture(scope="session")
def kpt() -> Kpt:
    return Kpt(_path("kpt"))


@pytest.fixture(scope="session")
def kustomize() -> Kustomize:
    return Kustomize(_path("kustomize"))


@pytest.fixture(scope="session")
def otelcol() -> Path:
    return _path("otelcol")


def _path(name: str) -> Path:
    try:
        return require(name)
    except ToolError as error:
        pytest.fail(str(error), pytrace=False)
