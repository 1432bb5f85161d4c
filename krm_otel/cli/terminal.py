"""What a terminal shows: colors, and the progress of a long run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final, TypeVar

import click

from krm_otel.regex import regex
from krm_otel.views.lines import Line

T = TypeVar("T")

COLORS: Final = {"error": 160, "warning": 130, "info": 30, "+": 28, "-": 160, "@": 30}
"""Severity, or first character of a line of a diff → color of the 256 that terminals have (xterm).

These are as readable on white as on black. The first eight are not: yellow is lost on white, and blue on black.
"""

_HEAD: Final = regex(r"(?P<where>.*?)(?P<head>(?P<severity>error|warning|info)\[[a-z0-9-]+\])")
_MIN_FOR_BAR: Final = 200
"""A run over fewer files, objects or packages is too short for a progress bar."""


def color_by_environment(environ: Mapping[str, str]) -> bool | None:
    """Whether the environment asks for colors; None: a terminal has them, and a file has not.

    Source: no-color.org, force-color.org; a terminal that is `dumb` knows no escape sequences.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return False if environ.get("TERM") == "dumb" else None


def has_color(stream: IO[Any] | None) -> bool:
    """Whether what goes to a stream has colors."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    return stream is not None and stream.isatty()


def styled(line: Line) -> str:
    """A line with the colors of its severity; the file and its line are bold."""
    match = _HEAD.match(line.text) if line.severity else None
    if match is None:
        return line.text
    head = click.style(match["head"], fg=COLORS[match["severity"]], bold=True)
    where = click.style(match["where"], bold=True) if match["where"] else ""
    return where + head + line.text[match.end() :]


def styled_diff(line: str) -> str:
    """A line of a diff with its color."""
    if line.startswith(("+++ ", "--- ")):  # with the space: a removed `---` is an ordinary line
        return click.style(line, bold=True)
    color = COLORS.get(line[:1])
    return click.style(line, fg=color) if color is not None else line


def styled_stat(line: str) -> str:
    """A line of `--stat` with a colored bar."""
    name, separator, rest = line.rpartition(" | ")
    bar = re.sub(r"\++", lambda plus: click.style(plus[0], fg=COLORS["+"]), rest)
    return name + separator + re.sub(r"-+", lambda minus: click.style(minus[0], fg=COLORS["-"]), bar)


def progress(items: Sequence[T], label: str, /) -> Iterable[T]:
    """Iterates over items; if there are many, a bar on standard error shows the progress on a terminal."""
    return _with_bar(items, label) if has_bar(items) else items


def has_bar(items: Sequence[object]) -> bool:
    """Whether the progress over items is shown."""
    return len(items) >= _MIN_FOR_BAR and sys.stderr.isatty()


def _with_bar(items: Sequence[T], label: str) -> Iterator[T]:
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield from bar
