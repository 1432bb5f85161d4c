"""Standard error and the report: what a run has to say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from krm_otel.run import Outcome

T = TypeVar("T")
_STYLES = {"error": "red", "warning": "yellow", "info": "blue"}
_MANY = 200
"""From so many files or objects on it is worth to show how far a run is."""


def tell(outcome: Outcome, report: str | None) -> None:
    """A line for every workload, warnings and errors to standard error; the report to its file."""
    for line in outcome.lines():
        click.secho(line, err=True, fg=severity_colour(line.partition(":")[0]))
    write_report(outcome, report)


def severity_colour(severity: str) -> str | None:
    """The colour of a result on a terminal; None for anything else."""
    return _STYLES.get(severity)


def write_report(outcome: Outcome, report: str | None) -> None:
    """Writes results and actions as JSON; raises click.ClickException where the file cannot be written."""
    if report is None:
        return
    try:
        Path(report).write_text(json.dumps(outcome.report(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write the report {report}: {error.strerror}") from None


def track(things: Sequence[T], doing: str, /) -> Iterable[T]:
    """Goes over things; on a terminal, and where there are many, a bar on standard error shows how far."""
    if len(things) < _MANY or not sys.stderr.isatty():
        return things
    from rich.console import Console
    from rich.progress import track as bar

    return bar(things, doing, console=Console(stderr=True), transient=True)
