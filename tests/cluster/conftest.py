"""One cluster for all tests of this folder: started before the first, ended after the last, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.kubernetes import Cluster
from tools.build import ToolError
from tools.cluster import cluster as machinery
from tools.cluster import knative

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is e2e; nobody has to remember to say so."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    was_there = machinery.running() is not None
    try:
        knative.install()
        found = Cluster()
        found.start_sink()
        yield found
    except (machinery.ClusterError, ToolError) as error:
        pytest.fail(str(error))
    finally:
        if not was_there:  # one that somebody has started by hand stays
            machinery.down()
            assert machinery.left() == []
