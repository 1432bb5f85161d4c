"""Standard streams and the report: how the commands read and print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from krm_otel.cli.terminal import has_color, styled
from krm_otel.run import Outcome
from krm_otel.views.lines import Line
from krm_otel.views.report import as_json
from krm_otel.views.report import report as report_of


def print_lines(lines: Iterable[Line], *, err: bool = True) -> None:
    """Prints lines to standard error or standard output, each with the color of its severity."""
    write_text(*map(styled, lines), err=err)


def write_text(*lines: str, err: bool = False) -> None:
    """Writes lines to standard output or standard error; without colors where it has none."""
    text = "".join(f"{line}\n" for line in lines)
    if err:
        with suppress(OSError):  # nobody can be told, and the output is what matters
            click.echo(text, err=True, nl=False)
        return
    write_stdout((text if has_color(sys.stdout) else click.unstyle(text)).encode())


def write_report(outcome: Outcome, report: str | None) -> None:
    """Writes results and actions as JSON; call it before all other output, so that nothing is half done if it fails.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if not report:  # the environment variable may be empty
        return
    with _report_faults(report):
        Path(report).write_text(as_json(report_of(outcome)) + "\n", encoding="utf-8")


def check_report(report: str | None) -> None:
    """Where the output is written bit by bit, before the report: raises click.ClickException if that cannot be written.

    What is in the file stays.
    """
    if report:
        with _report_faults(report):
            Path(report).open("ab").close()


@contextmanager
def _report_faults(report: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"cannot write the report {report}: {error.strerror}") from None


def read_stdin() -> bytes:
    """All of standard input; raises click.ClickException where it cannot be read."""
    if sys.stdin is None:
        raise click.ClickException("cannot read standard input: it is closed")
    if sys.stdin.isatty():
        click.echo("krm-otel reads manifests from the terminal: end them with Ctrl-D, or stop with Ctrl-C", err=True)
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise click.ClickException(f"cannot read standard input: {error.strerror or error}") from None


def write_stdout(data: bytes) -> None:
    """Writes to standard output; raises click.ClickException where that fails.

    A pipe without a reader raises BrokenPipeError: the command then ends silently.
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
