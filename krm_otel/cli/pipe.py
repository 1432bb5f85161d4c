"""The function itself: standard input to standard output, and the report. Nothing here needs click to go well."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from krm_otel.cli.pass_through import pass_through
from krm_otel.views.lines import Detail, Line, lines
from krm_otel.views.summary import Summary

if TYPE_CHECKING:
    from krm_otel.run import Outcome


def function(tell: Callable[[Iterable[Line]], None], report: str | None = None, detail: Detail = Detail.NORMAL) -> int:
    """Runs the function over standard input, and returns its exit code.

    Args:
        tell: prints the lines for people.
        report: the file for the report, if any.
        detail: how much is printed.
    """
    data = read_stdin()
    if detail is Detail.NORMAL and not report and (passed := pass_through(data, os.environ)):
        write_stdout([passed.output])
        tell([Line(Summary.without_class(passed.workloads).sentence())])
        return 0
    from krm_otel.run import Source, run  # nearly everything else

    outcome = run([Source(data)], os.environ)
    write_report(outcome, report)
    if (text := outcome.new_texts[0]) is not None:
        write_stdout(piece.encode() for piece in text.pieces())
    tell(lines(outcome, detail))
    return outcome.exit_code


def print_plain(lines: Iterable[Line]) -> None:
    """Prints lines to standard error, without colors."""
    with suppress(OSError):  # nobody can be told, and the output is what matters
        sys.stderr.write("".join(f"{line.text}\n" for line in lines))
        sys.stderr.flush()


def cannot(message: str) -> Exception:
    """The error that ends a command with a sentence and exit code 2."""
    from click import ClickException  # where all goes well, the function does without click

    return ClickException(message)


def write_report(outcome: Outcome, report: str | None) -> None:
    """Writes results and actions as JSON; call it before all other output, so that nothing is half done if it fails.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if not report:  # the environment variable may be empty
        return
    from krm_otel.views.report import as_json
    from krm_otel.views.report import report as report_of

    with _report_faults(report):
        from pathlib import Path

        Path(report).write_text(as_json(report_of(outcome)) + "\n", encoding="utf-8")


def check_report(report: str | None) -> None:
    """Where the output is written bit by bit, before the report: raises click.ClickException if that cannot be written.

    What is in the file stays.
    """
    if report:
        with _report_faults(report):
            from pathlib import Path

            Path(report).open("ab").close()


@contextmanager
def _report_faults(report: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot(f"cannot write the report {report}: {error.strerror}") from None


def read_stdin() -> bytes:
    """All of standard input; raises click.ClickException where it cannot be read."""
    if sys.stdin is None:
        raise cannot("cannot read standard input: it is closed")
    if sys.stdin.isatty():
        from click import echo

        echo("krm-otel reads manifests from the terminal: end them with Ctrl-D, or stop with Ctrl-C", err=True)
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise cannot(f"cannot read standard input: {error.strerror or error}") from None


def write_stdout(pieces: Iterable[bytes]) -> None:
    """Writes to standard output, piece by piece; raises click.ClickException where that fails.

    A pipe without a reader raises BrokenPipeError: the command then ends silently.
    """
    try:
        for piece in filter(None, pieces):
            if sys.stdout is None:
                raise cannot("cannot write to standard output: it is closed")
            sys.stdout.buffer.write(piece)
        if sys.stdout is not None:
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would write the rest of the buffer again at exit (library reference, signal: SIGPIPE).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise cannot(f"cannot write to standard output: {error.strerror}") from None
