"""What commands print for people."""

from __future__ import annotations

import io
import sys

import pytest

from krm_otel.cli.output import progress


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
