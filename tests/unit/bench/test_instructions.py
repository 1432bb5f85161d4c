"""The guard on speed: what it says of counts. CI counts."""

from __future__ import annotations

import json

import pytest

from bench.instructions import COMMITTED, FEW, FIRST, LIMIT, MANY, OTHER_BUILD, PATHS, YARDSTICK, Counts, compare

COUNTS: Counts = {
    YARDSTICK: 100.0,
    "cold": 50.0,
    "cold, no class": 20.0,
    "injected": 50.0 + MANY,
    "again": 2000.0,
    "uninject": 900.0,
    FIRST: 50.0 + FEW,
}


def times(counts: Counts, factor: float, *paths: str) -> Counts:
    return {path: value * factor if path in paths else value for path, value in counts.items()}


def test_the_same_counts_pass() -> None:
    verdict = compare(COUNTS, COUNTS)
    assert (verdict.faults, verdict.gains) == ([], [])
    for path in PATHS:
        assert any(line.startswith(path) for line in verdict.table), path


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_needs_more_than_committed_fails(path: str) -> None:
    fault = f"{path}: 2.5% more than committed, and 2% is the limit"
    assert fault in compare(times(COUNTS, 1.025, path), COUNTS).faults
    assert not any(line.startswith(path) for line in compare(times(COUNTS, 1 + LIMIT - 1e-6, path), COUNTS).faults)


def test_a_path_that_needs_less_passes_and_is_told() -> None:
    verdict = compare(times(COUNTS, 0.9, "again"), COUNTS)
    assert (verdict.faults, verdict.gains) == ([], ["again: 10.0% less than committed"])


def test_counts_are_multiples_of_the_yardstick() -> None:
    """Another build of Python changes all counts alike, more or less."""
    other = times(COUNTS, 1.3, *COUNTS)
    assert not compare(other, COUNTS).faults
    assert not compare(times(other, 1 + OTHER_BUILD - 0.01, "again"), COUNTS).faults
    (fault,) = compare(times(other, 1 + OTHER_BUILD + 0.01, "again"), COUNTS).faults
    assert fault == "again: 11.0% more than committed, and 10% is the limit"


def test_a_small_difference_of_the_yardstick_counts_too() -> None:
    assert compare(times(COUNTS, 1.025, "again"), times(COUNTS, 0.99, YARDSTICK)).faults == []
    assert compare(times(COUNTS, 1.035, "again"), times(COUNTS, 0.99, YARDSTICK)).faults


def test_time_that_grows_faster_than_the_input_fails() -> None:
    grown = {**COUNTS, "injected": COUNTS["injected"] + 0.06 * (MANY - FEW)}
    assert compare(grown, grown).faults == [f"growth: an item after {FEW} others needs 1.06 times one before"]


def test_a_path_without_a_committed_count_fails() -> None:
    fewer = {path: value for path, value in COUNTS.items() if path != "uninject"}
    assert compare(COUNTS, fewer).faults == ["uninject: not committed"]


def test_every_path_is_committed() -> None:
    assert json.loads(COMMITTED.read_text("utf-8")).keys() == {YARDSTICK, *PATHS}
