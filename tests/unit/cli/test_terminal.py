"""What a terminal shows."""

from __future__ import annotations

import io
import sys

import click
import pytest

from krm_otel.cli.terminal import COLORS, color_by_environment, progress, styled, styled_diff
from krm_otel.views.lines import Line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "count", "shown"), [(Terminal, 300, True), (Terminal, 3, False), (io.StringIO, 300, False)]
)
def test_a_long_run_shows_a_progress_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], count: int, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", said := stream())
    assert list(progress(range(count), "reading")) == list(range(count))
    assert ("reading" in said.getvalue()) is shown


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"TERM": "xterm"}, None),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, None),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, None),
    ],
)
def test_the_environment_decides_on_colors(environ: dict[str, str], expected: bool | None) -> None:
    assert color_by_environment(environ) is expected


def test_only_file_and_severity_of_a_result_are_colored() -> None:
    """The sentence stays in the color of the terminal, which its user can read."""
    line = Line("a.yaml:3:5: error[empty] Pod p: error[x] is text", "error")
    text = styled(line)
    assert click.unstyle(text) == line.text
    assert text.endswith(" Pod p: error[x] is text")
    assert text.count("\x1b[0m") == 2
    assert styled(Line("Pod/p injected")) == "Pod/p injected"


def test_a_removed_document_separator_is_no_header() -> None:
    bold = [line for line in ("--- a/f", "+++ b/f", "----", "++++", " a") if styled_diff(line).startswith("\x1b[1m")]
    assert bold == ["--- a/f", "+++ b/f"]
    assert styled_diff(" a") == " a"


@pytest.mark.parametrize("color", sorted(set(COLORS.values())))
def test_colors_can_be_read_on_white_and_on_black(color: int) -> None:
    """The contrast (WCAG 2) with both is near to the best that one color can have with both, 4.58."""
    levels = (0, 95, 135, 175, 215, 255)  # the color cube of xterm
    channels = [levels[(color - 16) // step % 6] / 255 for step in (36, 6, 1)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert min(1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05) > 3.8
