"""HTTP on its own."""

from __future__ import annotations

import asyncio
import socket

import httpx
from oaas_dataplane.services import gateway, web


def test_answers_are_not_held_back() -> None:
    """TCP sends what is written at once, and does not wait for the acknowledgement of what went before."""
    found: list[int] = []

    async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: socket.socket = writer.get_extra_info("socket")
        found.append(mine.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def connects() -> None:
        async with await asyncio.start_server(connected, sock=web.listen(0)) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    asyncio.run(connects())
    assert found == [1]


def test_idle_connections() -> None:
    """Clients give them up before servers do: who sends at the moment in which the server closes gets no answer."""
    of_httpx = httpx.Limits().keepalive_expiry
    assert of_httpx is not None
    assert gateway.IDLE_SECONDS < of_httpx < web.IDLE_SECONDS
