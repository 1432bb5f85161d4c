"""Standard streams and the report: how the commands read and print."""

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
_COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
_MIN_FOR_BAR = 200
"""A run over fewer files or objects is too short for a progress bar."""


def print_summary(outcome: Outcome) -> None:
    """Prints a line for every workload, warning and error to standard error."""
    for line in outcome.lines():
        click.secho(line, err=True, fg=severity_color(line.partition(":")[0]))


def severity_color(severity: str) -> str | None:
    """The color of a result on a terminal; None for anything else."""
    return _COLORS.get(severity)


def write_report(outcome: Outcome, report: str | None) -> None:
    """Writes results and actions as JSON; call it before all other output, so that nothing is half done if it fails.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if not report:  # the environment variable may be empty
        return
    try:
        Path(report).write_text(json.dumps(outcome.report(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write the report {report}: {error.strerror}") from None


def read_stdin() -> bytes:
    """All of standard input; raises click.ClickException where it cannot be read."""
    if sys.stdin is None:
        raise click.ClickException("cannot read standard input: it is closed")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise click.ClickException(f"cannot read standard input: {error.strerror or error}") from None


def write_stdout(data: bytes) -> None:
    """Writes to standard output; raises click.ClickException where that fails.

    A pipe without a reader raises BrokenPipeError: click then ends the command silently.
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
        # Python would write the rest of the buffer again at exit (library reference, signal: SIGPIPE).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"cannot write to standard output: {error.strerror}") from None


def print_lines(lines: Iterable[tuple[str, str | None]], color: str = "auto") -> None:
    """Prints lines, each with its color. `color`: `always`, `never`, or `auto`, which means on a terminal."""
    colored = color == "always" or (color == "auto" and sys.stdout is not None and sys.stdout.isatty())
    text = "".join(f"{click.style(line, fg=fg) if colored and fg else line}\n" for line, fg in lines)
    write_stdout(text.encode())


def progress(items: Sequence[T], label: str, /) -> Iterable[T]:
    """Iterates over items; if there are many, a bar on standard error shows the progress on a terminal."""
    return _with_bar(items, label) if len(items) >= _MIN_FOR_BAR and sys.stderr.isatty() else items


def _with_bar(items: Sequence[T], label: str) -> Iterator[T]:
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield from bar
