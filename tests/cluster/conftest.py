"""One cluster for all tests of this folder: started before the first, ended after the last, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.kubernetes import Cluster
from tools.build import ToolError
from tools.cluster import cluster as machinery
from tools.cluster import knative


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
            assert machinery.leftovers() == []
