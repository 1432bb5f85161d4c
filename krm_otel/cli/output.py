"""What people read: lines with colors, on standard error or standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress

import click

from krm_otel.cli.pipe import write_stdout
from krm_otel.cli.terminal import has_color, styled
from krm_otel.views.lines import Line


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
    write_stdout([(text if has_color(sys.stdout) else click.unstyle(text)).encode()])
