"""Goals and tables follow from results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bench import page, record
from bench.goals import GOALS, Goal, judged
from bench.page import BLOCKS
from tools.docs.blocks import BLOCK


def row(seconds: float, *, memory: float = 10.0, items: int = 100) -> dict[str, Any]:
    return {
        "items": items,
        "bytes": 1_500_000,
        "memory": memory,
        "seconds": [99.0, seconds, 0.0],
        "processor": [seconds],
    }


def section(**rows: dict[str, Any]) -> dict[str, Any]:
    facts = {"date": "2026-01-02", "machine": "a machine", "versions": {"Python": "3.11"}}
    return {**facts, "rounds": 3, "load": 0.5, "others": 0.25, "rows": rows}


RESULTS = {
    "large": section(
        **{
            "krm-otel, injected": row(2.0, memory=90),
            "krm-otel, injected, two cores": row(1.0),
            "krm-otel, again, nothing changes": row(3.0),
            "krm-otel, again, other values": row(4.0),
            "krm-otel, class off": row(0.5, memory=50),
            "krm-otel, nothing of ours": row(0.25),
            "kpt's SDK, injected": row(6.0, memory=1260),
            "kyaml, injected": row(8.0, memory=1300),
            "kpt's SDK, nothing done": row(4.0, memory=1200),
            "kyaml, nothing done": row(3.0, memory=1000),
            "PyYAML (C), load and dump": row(10.0),
        }
    ),
    "sizes": section(
        **{
            f"krm-otel, injected @ {items}": row(seconds, items=items)
            for items, seconds in ((1000, 1.0), (10, 0.5), (10_000, 11.0), (100, 0.2))
        }
    ),
    "cold": section(
        **{"python -c pass": row(0.01), "krm-otel, quickstart": row(0.06), "krm-otel, no class": row(0.03)}
    ),
    "packages": section(**{"all packages": row(0.25), "one package": row(0.05, items=1)}),
}


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "read", RESULTS.get)


def test_goals_are_ratios_of_medians() -> None:
    figures = [round(figure, 2) for goal, figure in judged(RESULTS.__getitem__) if figure is not None]
    assert figures == [3.0, 6.0, 6.0, 12.0, 14.0, 20.0, 5.0, 0.55, 1.5, 2.0, 6.0, 3.0, 2.5]


def test_a_goal_that_was_not_measured_has_no_figure() -> None:
    missing = [goal.what for goal, figure in judged(RESULTS.__getitem__) if figure is None]
    assert missing == ["The same two in the image: quickstart", "The same two in the image: without a class"]


@pytest.mark.parametrize(
    ("figure", "at_most", "verdict"),
    [
        (1.9, False, "**not reached**"),
        (2.0, False, "reached"),
        (3.0, False, "the aim too"),
        (3.1, True, "**not reached**"),
        (3.0, True, "reached"),
    ],
)
def test_the_verdict(monkeypatch: pytest.MonkeyPatch, figure: float, at_most: bool, verdict: str) -> None:
    reach, aim = (3.0, 2.0) if at_most else (2.0, 3.0)
    goal = Goal("it", reach, aim, lambda _: figure, at_most)
    monkeypatch.setattr(page, "judged", lambda _: [(goal, figure)])
    assert page.goals().splitlines()[2].endswith(f"| {figure:.2f} | {verdict} |")


@pytest.mark.usefixtures("results")
def test_a_section_says_when_and_how_it_was_measured() -> None:
    text = page.large()
    assert text.startswith("100 items (1.5 MB), medians of 3 rounds; 2026-01-02, load 0.5, others used 0.25 cores.\n")
    assert "| kpt's SDK, injected | 6.00 | 6.00 | 3.00 | 1,260 MB |" in text


@pytest.mark.usefixtures("results")
def test_a_section_of_another_machine_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**RESULTS["cold"], "machine": "another one"}
    monkeypatch.setattr(record, "read", {**RESULTS, "cold": other}.get)
    assert "another one, Python 3.11." in page.cold()


@pytest.mark.usefixtures("results")
def test_many_packages_are_compared_with_as_many_processes() -> None:
    assert "| 100 such processes would take | 5 s | |" in page.packages()


@pytest.mark.parametrize("name", ["README.md", "docs/performance.md", "docs/why.md"])
def test_no_figure_of_speed_is_typed_by_hand(name: str) -> None:
    typed = BLOCK.sub("", (Path(__file__).parents[3] / name).read_text(encoding="utf-8"))
    assert re.findall(r"\d[\d.,]* ?(?:ms|µs|s|MB|GB|\xd7|%|times|seconds)(?!\w)", typed) == []


def test_every_block_can_be_written_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "read", lambda _: None)
    for name, block in BLOCKS.items():
        assert block(), name
    assert page.goals().count("not measured") == len(GOALS)
