"""HTTP for services: uvicorn as it is to run in a pod."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from oaas_dataplane.settings import SettingError

IDLE_SECONDS = 75
"""How long a connection may be idle: longer than clients keep one, who would send into its end now and then else."""
_logger = logging.getLogger(__name__)


def serve(app: ASGIApp, port: int) -> None:
    """Until the process is told to stop; requests that are being answered are answered.

    Args:
        port: 0 is one that is free; the log says which.

    Raises:
        SettingError: it cannot listen there.
    """
    listening = listen(port)
    _logger.info("listens on port %d", listening.getsockname()[1])
    # Logs are ours, and one line for each request is what spans are for.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=10, timeout_keep_alive=IDLE_SECONDS
    )
    uvicorn.Server(config).run([listening])


def listen(port: int) -> socket.socket:
    # The protocol is named: asyncio switches Nagle's algorithm off only where it is, and answers wait for 40 ms else.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("0.0.0.0", port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SettingError(f"no server on port {port}: {error.strerror}") from None
    return listening


def probes(ready: Callable[[], bool]) -> list[Route]:
    """`/health`: it runs. `/readyz`: it can do its work."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        good = ready()
        return JSONResponse({"status": "ok" if good else "not connected"}, 200 if good else 503)

    return [Route("/health", health), Route("/readyz", readyz)]


def fault(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
