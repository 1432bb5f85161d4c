"""Standard error and the report: what a run has to say."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from krm_otel.run import Outcome

T = TypeVar("T")
_STYLES = {"error": "red", "warning": "yellow", "info": "blue"}
_MANY = 200
"""From so many files or objects on it is worth to show how far a run is."""


def tell(outcome: Outcome) -> None:
    """A line for every workload, warnings and errors to standard error."""
    for line in outcome.lines():
        click.secho(line, err=True, fg=severity_colour(line.partition(":")[0]))


def severity_colour(severity: str) -> str | None:
    """The colour of a result on a terminal; None for anything else."""
    return _STYLES.get(severity)


def write_report(outcome: Outcome, report: str | None) -> None:
    """Writes results and actions as JSON; raises click.ClickException where the file cannot be written.

    It comes before all other output, so that nothing is half done where it fails.
    """
    if not report:  # an empty variable says nothing
        return
    try:
        Path(report).write_text(json.dumps(outcome.report(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write the report {report}: {error.strerror}") from None


def read_stdin() -> bytes:
    """All of standard input; raises click.ClickException where that cannot be."""
    if sys.stdin is None:
        raise click.ClickException("cannot read standard input: it is closed")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise click.ClickException(f"cannot read standard input: {error.strerror or error}") from None


def write_stdout(data: bytes) -> None:
    """Writes to standard output; raises click.ClickException where that cannot be.

    Not for a pipe that nobody reads any more: click then ends the command, and says nothing.
    """
    if not data:
        return
    if sys.stdout is None:
        raise click.ClickException("cannot write to standard output: it is closed")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would be tried again at exit (Python, library reference, signal: SIGPIPE).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"cannot write to standard output: {error.strerror}") from None


def show(lines: Iterable[tuple[str, str | None]], color: str = "auto") -> None:
    """Writes lines, each with its colour, to standard output: coloured on a terminal, or `always` or `never`."""
    coloured = color == "always" or (color == "auto" and sys.stdout is not None and sys.stdout.isatty())
    text = "".join(f"{click.style(line, fg=fg) if coloured and fg else line}\n" for line, fg in lines)
    write_stdout(text.encode())


def track(things: Sequence[T], doing: str, /) -> Iterable[T]:
    """Goes over things; on a terminal, and where there are many, a bar on standard error shows how far."""
    if len(things) < _MANY or not sys.stderr.isatty():
        return things
    return _with_bar(things, doing)


def _with_bar(things: Sequence[T], doing: str) -> Iterator[T]:
    with click.progressbar(things, label=doing, file=sys.stderr) as bar:
        yield from bar
