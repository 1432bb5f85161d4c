"""Contenders are real processes, and take turns."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.measuring import Contender, Failed, measure, peak_memory


def test_contenders_take_turns_and_each_round_begins_with_another_one() -> None:
    ran: list[str] = []

    def contender(name: str) -> Contender:
        return Contender(("true",), before=lambda: ran.append(name))

    rows = measure({name: contender(name) for name in "abc"}, 4, lambda _: None)
    assert "".join(ran) == "abc" + "abc" + "bca" + "cab" + "abc"
    assert all(len(row.seconds) == len(row.processor) == 4 for row in rows.values())


def test_a_contender_that_fails_ends_the_measurement() -> None:
    with pytest.raises(Failed, match="broken: exit code 1"):
        measure({"broken": Contender(("false",))}, 1, lambda _: None)


def test_input_and_cores_are_those_of_the_contender(tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text("exit(len(__import__('os').sched_getaffinity(0)) - 1)")
    row = measure({"one": Contender((sys.executable, "-"), source, 7, one_core=True)}, 1, lambda _: None)["one"]
    assert (row.items, row.bytes) == (7, source.stat().st_size)


@pytest.mark.slow
def test_memory_is_that_of_all_processes_together() -> None:
    hold = "x = bytearray(60_000_000); sum(x[:3_000_000])"
    assert 60 < peak_memory("one", Contender((sys.executable, "-c", hold))) < 90
    both = f"{hold}; import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    assert 120 < peak_memory("two", Contender((sys.executable, "-c", both))) < 150
