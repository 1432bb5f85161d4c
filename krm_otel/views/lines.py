"""What people read of a run: a line for each object, each result, and a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Ref, Result, Severity
from krm_otel.views.summary import Summary, Tense
from krm_otel.workloads.kinds import NO_CLASS

if TYPE_CHECKING:
    from krm_otel.krm.places import Places
    from krm_otel.run import Outcome

_NAMED: Final = 2
"""So many further objects are named where a result holds for several."""


Detail = Literal["quiet", "normal", "verbose"]
"""How much is printed: errors and warnings; also what happens to each object of a class, and the summary; also objects
without a class, infos, and each result by itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and the severity of the result that it is about."""

    text: str
    severity: Severity | None = None


def lines(
    outcome: Outcome,
    detail: Detail = "normal",
    tense: Tense = "done",
    files: Sequence[str] = (),
    end: str = "",
    ends: Mapping[str, str] = MappingProxyType({}),
) -> list[Line]:
    """The lines of a run for standard error.

    Args:
        outcome: what the run came to.
        detail: how much of it.
        tense: whether it is done, or only planned.
        files: what became of each file.
        end: the same in short, for the summary: `3 files written`.
        ends: the same for each package.
    """
    printed = list(result_lines(outcome.results, outcome.places, detail, infos=detail == "verbose"))
    if detail == "quiet":
        return printed
    if outcome.packages:
        objects = list(_package_lines(outcome, detail, tense, ends))
    else:
        objects = [
            Line(change.line())
            for change in outcome.changes
            if detail == "verbose" or (change.action, change.reason) != ("skipped", NO_CLASS)
        ]
    summary = Line(Summary.of(outcome).sentence(tense, end))
    return [*objects, *_switched_off(outcome), *printed, *map(Line, files), summary]


def _package_lines(outcome: Outcome, detail: Detail, tense: Tense, ends: Mapping[str, str]) -> Iterator[Line]:
    """A line that sums up each package that changes, or where nothing could be done; with all detail, of any package.

    Of a thousand packages, most stay as they are.
    """
    for name, package in outcome.packages.items():
        summary = Summary.of(package)
        if detail == "verbose":
            yield from (Line(change.line()) for change in package.changes)
        elif not (package.exit_code or summary.nothing or any(change.changes_something for change in package.changes)):
            continue
        yield Line(summary.sentence(tense, ends.get(name, ""), name))


def result_lines(
    results: Iterable[Result], places: Places, detail: Detail = "normal", *, infos: bool = True
) -> Iterator[Line]:
    """A line for each result; one line for a warning or info that holds for several objects."""
    shown = [result for result in results if infos or result.severity != "info"]
    groups = [[result] for result in shown] if detail == "verbose" else grouped(shown)
    for first, *others in groups:
        end = f" ({also(first, others)}; -v lists all)" if others else ""
        yield Line(first.line(places.of(first)) + end, first.severity)


def grouped(results: Iterable[Result]) -> list[list[Result]]:
    """Results that say the same of several objects, together; each error by itself, since each has to be mended."""
    groups: dict[object, list[Result]] = {}
    for result in results:
        key = id(result) if result.severity == "error" else (result.code, result.severity, result.message)
        groups.setdefault(key, []).append(result)
    return list(groups.values())


def also(first: Result, others: Sequence[Result]) -> str:
    """The other objects that a result holds for: a count, and the names of some."""
    named = list(dict.fromkeys(_name(other.ref) for other in others if other.ref != first.ref))
    more = len(named) - _NAMED
    listed = [*named[:_NAMED], f"{more} more"] if more > 0 else named
    end = f", also {', '.join(listed[:-1])}{' and ' if listed[1:] else ''}{listed[-1]}" if listed else ""
    return f"{len(others) + 1} times{end}"


def _name(ref: Ref) -> str:
    return str(ref) if ref.kind else ref.file


def _switched_off(outcome: Outcome) -> Iterator[Line]:
    removed = sum(change.action == "removed" for change in outcome.changes)
    pruned = sum(change.action == "pruned" for change in outcome.changes)
    if outcome.switched_off and (removed or pruned):
        done = f"injections removed: {removed}, generated objects pruned: {pruned}"
        yield Line(f"switched off by {outcome.switched_off}: {done}")
