"""`krm-otel`: the console script, from its start to its exit code.

Without arguments it is the KRM function, which is started for each package of a pipeline. So nothing is imported here
that the function does not need: click, with the commands, takes 90 million instructions.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    import signal
else:
    import _signal as signal  # without the names of `signal`, 3 million instructions

CANNOT: Final = 2
"""Exit code where krm-otel cannot do what was asked for: misuse, a file that cannot be read, a bug."""
STOPPED: Final = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

TERMINATED: Final = 128 + signal.SIGTERM


def main() -> None:
    """The console script.

    The process ends as soon as its output is written. To take all modules and objects apart before that, as Python
    does, needs 13 to 27 million instructions.
    """
    try:
        command()
    except SystemExit as end:
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):
            raise end from None  # Python says what cannot be written
        os._exit(end.code if isinstance(end.code, int) else 0)


def command() -> NoReturn:
    """Runs the command, and ends with its exit code."""
    # Nodes have no reference cycles: Python's garbage collection frees nothing and costs a third of the run.
    gc.disable()
    # As for Ctrl-C: what is being written is cleaned up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        sys.exit(_call())
    except BrokenPipeError:  # nobody reads the output any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except (Exception, KeyboardInterrupt) as error:
        sys.exit(_failed(error))


def _call() -> int:
    """Runs what the arguments ask for, and returns the exit code."""
    if _is_function_in_pipe():
        from krm_otel.cli.pipe import function, print_plain

        return function(print_plain)
    from krm_otel.cli.commands.group import cli

    code: int | None = cli.main(prog_name="krm-otel", standalone_mode=False)
    return code or 0


def _is_function_in_pipe() -> bool:
    """Whether this is the function alone, and nothing asks for options, help, completion or colors."""
    return (
        len(sys.argv) == 1
        and not any(name.startswith(("KRM_OTEL_", "_KRM_OTEL_", "FORCE_COLOR")) for name in os.environ)
        and not any(stream is None or stream.isatty() for stream in (sys.stdin, sys.stderr))
        and sys.stderr.encoding == "utf-8"
    )


def _failed(error: BaseException) -> int:
    """Says why there is no output, and returns the exit code."""
    import click

    from krm_otel.cli.terminal import COLORS

    if isinstance(error, click.ClickException):
        error.show()
        return CANNOT
    if isinstance(error, click.Abort | KeyboardInterrupt):
        # click has ended the line in which a terminal shows ^C.
        start = "" if isinstance(error, click.Abort) else "\n"
        click.echo(f"{start}stopped: Ctrl-C", err=True)
        return STOPPED
    # A bug: clients need an exit code and no output, users a sentence.
    if os.environ.get("KRM_OTEL_DEBUG"):
        raise error
    click.secho(
        f"krm-otel: internal error, nothing is changed: {type(error).__name__}: {error}\n"
        "This is a bug. Set KRM_OTEL_DEBUG=1 to see where, and please report it.",
        err=True,
        fg=COLORS["error"],
    )
    return CANNOT
