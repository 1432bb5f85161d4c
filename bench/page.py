"""Results of measurements as Markdown: the generated blocks of docs/performance.md and of other pages.

`make docs` writes them from bench/results, so no figure in a page is typed by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from textwrap import fill
from typing import Any, Final

from bench import instructions, record
from bench.goals import Goal, judged

Rows = Mapping[str, Mapping[str, Any]]
NOT_MEASURED: Final = "Not measured yet."
WIDTH: Final = 120
MACHINE: Final = ("machine", "versions")
NAMES: Final = {"peer-kyaml": "kyaml", "peer-sdk": "krm-functions-sdk"}
"""Tool → its name in the documentation."""


def machine() -> str:
    """The machine and the versions of the large list."""
    found = record.read("large")
    return fill(f"{_machine(found)}.", WIDTH) if found else NOT_MEASURED


def goals() -> str:
    """Each goal, and what was reached."""

    def section(name: str) -> dict[str, Any]:
        if (found := record.read(name)) is None:
            raise KeyError(name)
        return found

    rows = [_goal(goal, figure) for goal, figure in judged(section)]
    return _table(("", "to reach", "aim", "reached", ""), rows, "lrrrl")


def large() -> str:
    """The large list, in every way."""

    def table(rows: Rows) -> str:
        first = _median(next(iter(rows.values())))
        lines = [
            (name, f"{_median(row):.2f}", f"{median(row['processor']):.2f}", f"{_median(row) / first:.2f}", _mb(row))
            for name, row in rows.items()
        ]
        return _table(("", "seconds", "of processors", "ratio", "peak memory"), lines, "lrrrr")

    return _section("large", table)


def cold() -> str:
    """Small packages, in multiples of a bare interpreter."""
    return _section("cold", _starts)


def image() -> str:
    """The same in the image."""
    return _section("image", _starts)


def sizes() -> str:
    """Microseconds of each item, for lists of several sizes."""

    def cell(row: Mapping[str, Any], _: str) -> str:
        return f"{_median(row) / row['items'] * 1e6:,.0f} µs, {row['memory']:,.0f} MB"

    return _section("sizes", lambda rows: _pivot(rows, cell))


def corpus() -> str:
    """Real lists."""

    def label(name: str, row: Mapping[str, Any]) -> str:
        return f"{name} ({row['items']} items, {row['bytes'] / 1e6:.1f} MB)"

    def cell(row: Mapping[str, Any], _: str) -> str:
        return f"{_median(row):.2f} s, {row['memory']:,.0f} MB"

    return _section("corpus", lambda rows: _pivot(rows, cell, label))


def clients() -> str:
    """Whole runs of kpt and kustomize with each function, and how much longer than with `cat`."""

    def table(rows: Rows) -> str:
        alone = {name.partition(" @ ")[2]: row for name, row in rows.items() if name.startswith("cat @ ")}
        return _pivot(
            rows,
            lambda row, client: f"{_median(row):.2f} s ({_median(row) - _median(alone[client]):+.2f})",
            lambda client, row: f"{client}, {row['items']:,} items",
        )

    return _section("clients", table)


def packages() -> str:
    """Many packages in one process."""

    def table(rows: Rows) -> str:
        everything, one = rows["all packages"], rows["one package"]
        count = everything["items"]
        lines = [
            (f"{count:,} packages in one process", f"{_median(everything):.2f} s", _mb(everything)),
            ("one package in a process of its own", f"{_median(one):.2f} s", _mb(one)),
            (f"{count:,} such processes would take", f"{_median(one) * count:.0f} s", ""),
        ]
        return _table(("", "time", "peak memory"), lines, "lrr")

    return _section("packages", table)


def instruction_counts() -> str:
    """The counts that CI holds."""
    counts: dict[str, float] = json.loads(instructions.COMMITTED.read_text(encoding="utf-8"))
    lines = [(meaning, f"{counts[path]:,.0f}") for path, meaning in instructions.PATHS.items() if path in counts]
    return _table(("", "million instructions"), lines, "lr")


def telemetry(name: str) -> str:
    """A table of bench/telemetry.py: milliseconds, and ratios to the row that each names as its base."""
    found = record.read("telemetry")
    if found is None or name not in found["tables"]:
        return NOT_MEASURED
    table = found["tables"][name]
    lines = []
    for title, row in table["rows"].items():
        base = table["rows"][row["base"]]["best"] if row["base"] else row["best"]
        cells = [f"{value:.1f} ms | {value / other:.2f}" for value, other in zip(row["best"], base, strict=True)]
        lines.append((title, *" | ".join(cells).split(" | ")))
    heads = ("", "median", "ratio", "p99", "ratio", "processor time", "ratio")
    words = (
        f"The best of {table['rounds']} rounds of {table['requests']} requests for each figure; {_when(found, table)}."
    )
    return f"{fill(words, WIDTH)}\n\n{_table(heads, lines, 'lrrrrrr')}"


def collectors() -> str:
    """Spans a second and core of collectors."""
    found = record.read("collectors")
    if found is None:
        return NOT_MEASURED
    first = next(iter(found["rows"].values()))["rate"]
    lines = [
        (name, f"{row['rate']:,.0f}", f"{row['rate'] / first:.2f}", f"{row['memory']:.0f} MB")
        for name, row in found["rows"].items()
    ]
    words = f"{found['spans']:,} spans, medians of {found['rounds']} rounds; {_when(found, found)}."
    return f"{fill(words, WIDTH)}\n\n{_table(('', 'spans a second and core', 'ratio', 'peak memory'), lines, 'lrrr')}"


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    "speed: machine": machine,
    "speed: goals": goals,
    "speed: large": large,
    "speed: sizes": sizes,
    "speed: cold": cold,
    "speed: image": image,
    "speed: corpus": corpus,
    "speed: clients": clients,
    "speed: packages": packages,
    "speed: instructions": instruction_counts,
    "telemetry: well": lambda: telemetry("well"),
    "telemetry: faults": lambda: telemetry("faults"),
    "collectors": collectors,
}
"""Name of a generated block → its text."""


def _goal(goal: Goal, figure: float | None) -> tuple[str, ...]:
    sign = "≤" if goal.at_most else "≥"
    reach, aim = f"{sign} {goal.reach:g}{goal.unit}", f"{sign} {goal.aim:g}{goal.unit}" if goal.aim else ""
    if figure is None:
        return goal.what, reach, aim, "", "not measured"
    if not goal.meets(figure, goal.reach):
        verdict = "**not reached**"
    else:
        verdict = "the aim too" if goal.aim and goal.meets(figure, goal.aim) else "reached"
    return goal.what, reach, aim, f"{figure:.2f}{goal.unit}", verdict


def _starts(rows: Rows) -> str:
    bare = 1.0
    lines = []
    for name, row in rows.items():
        bare = _median(row) if name.endswith("-c pass") else bare  # those below it are compared with it
        lines.append((name, f"{_median(row) * 1000:.1f} ms", f"{_median(row) / bare:.1f}", _mb(row)))
    return _table(("", "time", "ratio", "peak memory"), lines, "lrrr")


def _section(name: str, table: Callable[[Rows], str]) -> str:
    found = record.read(name)
    if found is None:
        return NOT_MEASURED
    rows: Rows = found["rows"]
    first = next(iter(rows.values()))
    size = f"{first['items']:,} items ({first['bytes'] / 1e6:.1f} MB), " if name == "large" else ""
    words = f"{size}medians of {found['rounds']} rounds; {_when(found, found)}."
    return f"{fill(words[0].upper() + words[1:], WIDTH)}\n\n{table(rows)}"


def _when(found: Mapping[str, Any], noise: Mapping[str, Any]) -> str:
    """The date and the load, and the machine where it is another one than that of the large list: the end of a line."""
    parts = [found["date"]]
    if "load" in noise:
        parts.append(f"load {noise['load']:.1f}")
    if "others" in noise:
        parts.append(f"others used {noise['others']:.2f} cores")
    reference = record.read("large") or {}
    if any(reference.get(key) != found[key] for key in MACHINE):
        parts.append(_machine(found))
    return ", ".join(parts)


def _machine(found: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{NAMES.get(name, name)} {version}" for name, version in found["versions"].items())
    return f"{found['machine']}, {versions}"


def _pivot(
    rows: Rows,
    cell: Callable[[Mapping[str, Any], str], str],
    label: Callable[[str, Mapping[str, Any]], str] = lambda name, _: name,
) -> str:
    """A table with a line for each input, and a column for each contender."""
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, row in rows.items():
        what, _, source = name.partition(" @ ")
        cells.setdefault(source, {})[what] = row
    columns = list(dict.fromkeys(what for line in cells.values() for what in line))
    lines = [
        (
            label(source, next(iter(line.values()))),
            *(cell(line[what], source) if what in line else "" for what in columns),
        )
        for source, line in cells.items()
    ]
    return _table(("", *columns), lines, "l" + "r" * len(columns))


def _table(heads: Iterable[str], lines: Iterable[Iterable[str]], sides: str) -> str:
    rule = "|".join("---" if side == "l" else "---:" for side in sides)
    head, *body = ("".join(f"| {cell} " if cell else "| " for cell in cells) + "|\n" for cells in (heads, *lines))
    return f"{head}|{rule}|\n{''.join(body)}"


def _median(row: Mapping[str, Any]) -> float:
    return float(median(row["seconds"]))


def _mb(row: Mapping[str, Any]) -> str:
    return f"{row['memory']:,.0f} MB" if row["memory"] else ""
