"""Limits of tail sampling in a real collector: a flood is cut, and of errors only the limit of all spans takes any.

What is decided is decided when the collector is stopped, all at once, so that no time matters.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.otelcol import received
from tests.tools.package import collecting, package
from tests.tools.prometheus import post

PLAIN, FAILING, LIMIT = 2000, 500, 20
FEW = 10 * LIMIT
"""More than a limit lets through at once, and much less than was sent."""


def kept(limits: dict[str, int], folder: Path) -> Counter[str]:
    """Of traces of one span each."""
    spans = folder / "spans.jsonl"
    made = package(
        {
            "collector": {
                "tail_sampling": {"decision_wait": "1h", "num_traces": 10_000, **limits},
                "volumes": {"own": {"path": str(folder), "empty_dir": True}},
            },
            "backends": {"spans": {"type": "file"}},
            "config": {"exporters": {"file/spans": {"path": str(spans)}}},
        },
        {"traces": "spans", "metrics": "debug", "logs": "debug"},
        mode="deployment",
    )
    with collecting(made, folder):
        post(f"http://{made.address('http')}/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": sent()}]}]})
    return Counter(span["name"] for span in received(spans.read_text()).spans())


def sent() -> list[dict[str, Any]]:
    kinds = ["plain"] * PLAIN + ["failing"] * FAILING
    return [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": kind,
            "kind": 2,
            "status": {"code": 2 if kind == "failing" else 1},
        }
        for number, kind in enumerate(kinds, 1)
    ]


@pytest.mark.parametrize("limit", ["spans_per_second", "bytes_per_second"])
def test_a_flood_is_cut_and_no_error_is_lost(limit: str, tmp_path: Path) -> None:
    found = kept({limit: LIMIT * (50 if limit.startswith("bytes") else 1)}, tmp_path)
    assert found["failing"] == FAILING
    assert 0 < found["plain"] < FEW


def test_the_limit_of_all_spans_takes_errors_too(tmp_path: Path) -> None:
    found = kept({"total_spans_per_second": LIMIT}, tmp_path)
    assert 0 < found["failing"] < FEW
    assert 0 < found["plain"] < FEW


def test_without_a_limit_all_are_kept(tmp_path: Path) -> None:
    """What is missing above was limited."""
    assert kept({}, tmp_path) == {"plain": PLAIN, "failing": FAILING}
