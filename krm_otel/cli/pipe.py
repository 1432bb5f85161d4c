"""The function itself: standard input to standard output. Nothing here needs click to go well."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from krm_otel.cli.pass_through import pass_through
from krm_otel.views.lines import Detail, Line, lines
from krm_otel.views.summary import Summary


def function(tell: Callable[[Iterable[Line]], None], report: str | None = None, detail: Detail = "normal") -> int:
    """Runs the function over standard input, and returns its exit code.

    Args:
        tell: prints the lines for people.
        report: the file for the report, if any.
        detail: how much is printed.
    """
    data = read_stdin()
    if detail == "normal" and not report and (passed := pass_through(data, os.environ)):
        write_stdout([passed.output])
        tell([Line(Summary.without_class(passed.workloads).sentence())])
        return 0
    from krm_otel.run import Source, run  # nearly everything else

    sources = [Source(data, is_read_once=True)]
    del data
    outcome = run(sources, os.environ, two_processes=True)
    if report:
        from krm_otel.cli.output import write_report  # an option, so click is there anyway

        write_report(outcome, report)
    if (text := outcome.new_texts[0]) is not None:
        write_stdout(piece.encode() for piece in text.pieces())
    tell(lines(outcome, detail))
    return outcome.exit_code


def print_plain(lines: Iterable[Line]) -> None:
    """Prints lines to standard error, without colors."""
    try:
        sys.stderr.write("".join(f"{line.text}\n" for line in lines))
        sys.stderr.flush()
    except OSError:  # nobody can be told, and the output is what matters
        pass


def cannot(message: str) -> Exception:
    """The error that ends a command with a sentence and exit code 2."""
    from click import ClickException  # where all goes well, the function does without click

    return ClickException(message)


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
