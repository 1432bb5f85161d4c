"""A fault that can be switched: a TCP address that takes connections and data, and holds them back while it is shut.

What stands behind it looks to its clients like a server that answers late, as late as a test wants. It knows nothing of
what goes through it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Gate:
    """Stands before a port of the loopback; open at first."""

    def __init__(self, server: socket.socket, behind: int) -> None:
        self.port: int = server.getsockname()[1]
        self._server, self._behind = server, behind
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self._connections: list[socket.socket] = []

    def shut(self) -> None:
        """From now on nothing gets through, in either direction."""
        self._open.clear()

    def open(self) -> None:
        """Everything that was held back goes on its way."""
        self._open.set()

    def serve(self) -> None:
        with suppress(OSError):  # the server was closed
            while True:
                client, _ = self._server.accept()
                backend = socket.create_connection(("127.0.0.1", self._behind))
                self._connections += [client, backend]
                for source, target in ((client, backend), (backend, client)):
                    threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def end(self) -> None:
        self._ended = True
        self._open.set()
        for one in (self._server, *self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._open.wait()
                if self._ended:
                    return
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def gate(behind: int) -> Iterator[Gate]:
    """A gate before this port, until the end of the block."""
    found = Gate(socket.create_server(("127.0.0.1", 0)), behind)
    thread = threading.Thread(target=found.serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.end()
        thread.join(10)
