"""The peers in Go that `make bench` compares krm-otel with: they do the same, or the comparison would say nothing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bench.inputs import resource_list
from tests.tools.clients import run
from tests.tools.function import FUNCTION
from tools.build import require

INPUT = "".join(resource_list(10))
PEERS = ("peer-kyaml", "peer-sdk")


def items(text: bytes) -> dict[str, dict[str, Any]]:
    """Kind and name → the object, without what a client or krm-otel notes on it."""
    found = {f"{item['kind']}/{item['metadata']['name']}": item for item in yaml.safe_load(text)["items"]}
    for item in found.values():
        annotations = item["metadata"].get("annotations", {})
        item["metadata"]["annotations"] = {
            key: value for key, value in annotations.items() if "config.k" not in key and "otel-injected" not in key
        }
    return found


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_gives_the_same_variables_to_the_same_containers(peer: str) -> None:
    ours, theirs = (items(run([tool], stdin=INPUT.encode()).ok().stdout) for tool in (FUNCTION, require(peer)))
    assert ours.keys() == theirs.keys()
    injected = [name for name in ours if name.startswith("Deployment/")]
    assert len(injected) == 3
    for name in injected:
        assert theirs[name] == ours[name]


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_changes_nothing_as_identity(peer: str) -> None:
    assert items(run([require(peer), "identity"], stdin=INPUT.encode()).ok().stdout) == items(INPUT.encode())
