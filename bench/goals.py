"""The goals of speed and memory, each a ratio of figures from one run of `make bench`, stated once.

A goal on krm-otel alone is measured on one core, where it has no second process; a peer has all cores. That is strict:
both can use what is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from bench.sections import IDENTITY, INJECTED, KYAML, NOTHING, OFF, SDK

Sections = Callable[[str], dict[str, Any]]
"""Name of a section → its results; raises KeyError where it was not measured."""


@dataclass(frozen=True)
class Goal:
    """A goal.

    Attributes:
        what: what is compared with what.
        reach: what has to be reached.
        aim: what to strive for beyond that; None: nothing.
        figure: what was reached, from the results.
        at_most: whether less is better.
        unit: what stands behind a figure; nothing for a ratio.
    """

    what: str
    reach: float
    aim: float | None
    figure: Callable[[Figures], float]
    at_most: bool = False
    unit: str = ""

    def meets(self, figure: float, limit: float) -> bool:
        """Whether a figure is as good as a limit."""
        return figure <= limit if self.at_most else figure >= limit


@dataclass(frozen=True)
class Figures:
    """The figures of all sections."""

    sections: Sections

    def seconds(self, section: str, name: str) -> float:
        """The median of a contender's times."""
        return float(median(self._rows(section)[name]["seconds"]))

    def fastest(self, section: str, names: Iterable[str]) -> float:
        """The time of the fastest of several contenders."""
        return min(self.seconds(section, name) for name in names)

    def memory(self, section: str, name: str) -> float:
        """A contender's peak memory in MB."""
        return float(self._rows(section)[name]["memory"])

    def least(self, section: str, names: Iterable[str]) -> float:
        """The peak memory of the contender that needs least."""
        return min(self.memory(section, name) for name in names)

    def each(self, section: str, name: str) -> float:
        """A contender's time per item."""
        return self.seconds(section, name) / int(self._rows(section)[name]["items"])

    def growth(self, section: str, what: str) -> float:
        """Time per item of the largest input, in multiples of that of the second smallest one."""
        rows = self._rows(section)
        names = [name for name in rows if name.partition(" @ ")[0] == what]
        _, second, *_, last = sorted(names, key=lambda name: int(rows[name]["items"]))
        return self.each(section, last) / self.each(section, second)

    def _rows(self, section: str) -> dict[str, Any]:
        rows: dict[str, Any] = self.sections(section)["rows"]
        return rows


GO_INJECTED: Final = (f"{SDK}, injected", f"{KYAML}, injected")
GO_IDENTITY: Final = (f"{SDK}, {IDENTITY}", f"{KYAML}, {IDENTITY}")
PYYAML: Final = "PyYAML (C), load and dump"
BARE: Final = "python -c pass"

GOALS: Final = (
    Goal("All injected, in one process: times as fast as the faster Go peer", 1.7, 3,
         lambda f: f.fastest("large", GO_INJECTED) / f.seconds("large", INJECTED)),
    Goal("All injected, with two free cores: times as fast as the faster Go peer", 2.6, 5,
         lambda f: f.fastest("large", GO_INJECTED) / f.seconds("large", f"{INJECTED}, two cores")),
    Goal("The class is off: times as fast as the faster Go peer that does nothing", 4, 8,
         lambda f: f.fastest("large", GO_IDENTITY) / f.seconds("large", OFF)),
    Goal("Nothing of ours: times as fast as the faster Go peer that does nothing", 8, 12,
         lambda f: f.fastest("large", GO_IDENTITY) / f.seconds("large", NOTHING)),
    Goal("All injected: memory of the smaller Go peer, in multiples of ours", 14, None,
         lambda f: f.least("large", GO_INJECTED) / f.memory("large", INJECTED)),
    Goal("The class is off: memory of the smaller Go peer that does nothing, in multiples of ours", 20, None,
         lambda f: f.least("large", GO_IDENTITY) / f.memory("large", OFF)),
    Goal("All injected: times as fast as PyYAML's load and dump", 6, None,
         lambda f: f.seconds("large", PYYAML) / f.seconds("large", INJECTED)),
    Goal("Time per item of the largest list, in multiples of that of a hundredth of it", 1.1, None,
         lambda f: f.growth("sizes", INJECTED), at_most=True),
    Goal("Again, and nothing changes: multiples of the first run", 1.2, None,
         lambda f: f.seconds("large", "krm-otel, again, nothing changes") / f.seconds("large", INJECTED), at_most=True),
    Goal("Again, and the values change: multiples of the first run", 2, None,
         lambda f: f.seconds("large", "krm-otel, again, other values") / f.seconds("large", INJECTED), at_most=True),
    Goal("Cold start on the quickstart: multiples of a bare interpreter", 6.5, 5,
         lambda f: f.seconds("cold", "krm-otel, quickstart") / f.seconds("cold", BARE), at_most=True),
    Goal("Cold start without a class: multiples of a bare interpreter", 3.2, None,
         lambda f: f.seconds("cold", "krm-otel, no class") / f.seconds("cold", BARE), at_most=True),
    Goal("The same two in the image: quickstart", 6.5, 5,
         lambda f: f.seconds("image", "krm-otel, quickstart") / f.seconds("image", BARE), at_most=True),
    Goal("The same two in the image: without a class", 3.2, None,
         lambda f: f.seconds("image", "krm-otel, no class") / f.seconds("image", BARE), at_most=True),
    Goal("1,000 packages of the size of the quickstart, in one process", 2, None,
         lambda f: 1000 * f.each("packages", "all packages"), at_most=True, unit=" s"),
)  # fmt: skip


def judged(sections: Sections) -> Iterator[tuple[Goal, float | None]]:
    """Each goal with what was reached; None where it was not measured."""
    figures = Figures(sections)
    for goal in GOALS:
        try:
            yield goal, goal.figure(figures)
        except KeyError:
            yield goal, None
