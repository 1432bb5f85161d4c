"""Ports for what is started on this machine."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Iterator


def untaken() -> Iterator[int]:
    """Ports that nobody listens on, and that nobody else is given: below those of outgoing connections, each once."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    # Another run on this machine has the same workers: it begins elsewhere.
    first, begin = 12_000 + worker % 8 * 2_500, os.getpid() * 97
    for number in itertools.count(begin):
        port = first + number % 2_500
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        yield port


class Shared(Iterator[int]):
    """An iterator that several threads may ask."""

    def __init__(self, source: Iterator[int]):
        self._source, self._lock = source, threading.Lock()

    def __next__(self) -> int:
        with self._lock:
            return next(self._source)


FREE = Shared(untaken())
