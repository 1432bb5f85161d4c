"""The function reads nothing but its input: no socket, no clock, no chance, no file."""

from __future__ import annotations

import builtins
import os
import random
import socket
import time
from pathlib import Path

import pytest

from krm_otel.run import Source, run

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


def test_run_is_hermetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that reaches outside is taken away, and the run is as before."""
    data = b"---\n".join(path.read_bytes() for path in sorted(QUICKSTART.glob("*.yaml")))
    expected = run([Source(data)], {}).texts

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("the function reached outside")

    for module, name in (
        (socket, "socket"),
        (time, "time"),
        (time, "time_ns"),
        (random, "random"),
        (os, "urandom"),
        (builtins, "open"),
    ):
        monkeypatch.setattr(module, name, refuse)
    assert run([Source(data)], {}).texts == expected
