"""The gateway: HTTP in; functions are called over HTTP, the object store is reached through Zenoh.

    POST   /api/class/{class}/{partition}/invokes/{function}
    POST   /api/class/{class}/{partition}/objects/{object}/invokes/{function}
    GET    /api/class/{class}/{partition}/objects/{object}
    PUT    /api/class/{class}/{partition}/objects/{object}        answered once it is stored
    DELETE /api/class/{class}/{partition}/objects/{object}        handed over, not waited for

The paths are upstream's. A function gets the body as it came, as a CloudEvent in binary mode: its context is in
`ce-*` headers. The answer has the trace id in `x-trace-id` and `traceresponse`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from oaas_dataplane import names, settings
from oaas_dataplane.keys import OBJECT, SET, ObjectKey
from oaas_dataplane.services.context import known
from oaas_dataplane.services.web import fault, probes, serve
from oaas_dataplane.telemetry import instrument
from oaas_dataplane.zenoh import Bus, Failure, Unanswered, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

IDLE_SECONDS = 4.0
"""How long a connection to a function is kept: less than servers keep one that is idle, such as the 5 s of uvicorn."""
_logger = logging.getLogger(__name__)


def run(environ: Mapping[str, str]) -> None:
    given = settings.gateway(environ)
    bus = Bus(connect(given.zenoh))
    try:
        serve(instrument.server(application(given, bus)), given.port)
    finally:
        bus.close()


def application(given: settings.Gateway, bus: Bus) -> Starlette:
    gateway = _Gateway(given, bus)
    base = "/api/class/{cls}/{partition}"
    return Starlette(
        routes=[
            Route(f"{base}/invokes/{{function}}", gateway.invoke, methods=["POST"]),
            Route(f"{base}/objects/{{object}}/invokes/{{function}}", gateway.invoke, methods=["POST"]),
            Route(f"{base}/objects/{{object}}", gateway.object, methods=["GET", "PUT", "DELETE"]),
            *probes(lambda: bool(bus.routers())),
        ],
        lifespan=gateway.lifespan,
    )


class _Gateway:
    def __init__(self, given: settings.Gateway, bus: Bus) -> None:
        self._given = given
        self._bus = bus
        # As many as there are requests: with a limit, a function that is silent would take all, and the others wait.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=IDLE_SECONDS)
        self._client = instrument.client(httpx.AsyncClient(timeout=given.timeout, limits=limits))

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        _logger.info("routes: %s", ", ".join(self._given.routes) or "none")
        async with self._client:
            yield

    async def invoke(self, request: Request) -> Response:
        """A function of a class, or of an object of it, which has to be there."""
        where, function = request.path_params, request.path_params["function"]
        key = ObjectKey(where["cls"], where["partition"], where.get("object", "none"))
        url = self._given.routes.get(f"{key.class_name}/{function}")
        with known(self._identity(request, key, {names.FUNCTION_KEY: function})):
            if not key.valid():
                return fault(
                    400, "class, partition and object are letters, digits and . _ : -; a partition is a number"
                )
            if url is None:
                return fault(404, f"no route to {key.class_name}/{function}: OPRC_GW_FN_ROUTES has none")
            body = await self._body(request)
            if isinstance(body, Response):
                return body
            if "object" in where:
                found = await self._ask(key, None, OBJECT, "get")
                if isinstance(found, Response):
                    return found
            return await self._call(url, request, key, function, body)

    async def object(self, request: Request) -> Response:
        where = request.path_params
        key = ObjectKey(where["cls"], where["partition"], where["object"])
        with known(self._identity(request, key, {})):
            if not key.valid():
                return fault(
                    400, "class, partition and object are letters, digits and . _ : -; a partition is a number"
                )
            if request.method == "DELETE":
                await self._bus.delete(str(key), template=OBJECT)
                return Response(status_code=204)
            if request.method == "PUT":
                body = await self._body(request)
                if isinstance(body, Response):
                    return body
                stored = await self._ask(key, body, SET, "set")
                return stored if isinstance(stored, Response) else Response(status_code=204)
            found = await self._ask(key, None, OBJECT, "get")
            return found if isinstance(found, Response) else Response(found, media_type="application/json")

    async def _body(self, request: Request) -> bytes | Response:
        """What is sent. It is read as far as it is allowed to go, since it need not say how long it is."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > self._given.max_payload:
                refused = fault(413, f"a body has at most {self._given.max_payload} bytes")
                refused.headers["connection"] = "close"  # else the rest of it would be read, and thrown away
                return refused
        return body

    async def _ask(self, key: ObjectKey, payload: bytes | None, template: str, operation: str) -> bytes | Response:
        """What the object store answers, or what is to be answered in its place."""
        path = f"{key}/set" if template == SET else str(key)
        try:
            return await self._bus.ask(
                path, payload, template=template, operation=operation, timeout=self._given.timeout
            )
        except Failure as failure:
            return fault(404 if str(failure) == "object not found" else 422, str(failure))
        except Unanswered as error:
            _logger.warning("%s", error)
            return fault(504, f"the object store does not answer: {error}")

    async def _call(self, url: str, request: Request, key: ObjectKey, function: str, body: bytes) -> Response:
        kind = request.headers.get("content-type", "")
        headers = {
            "content-type": kind if _plain(kind) else "application/json",
            "ce-specversion": "1.0",
            "ce-type": "oaas.invoke",
            "ce-source": "/oaas/gateway",
            "ce-id": self._request_id(request),
            "ce-subject": key.object_id if "object" in request.path_params else function,
            "ce-oaasclass": key.class_name,
            "ce-oaaspartition": key.partition,
            "ce-oaasfunction": function,
        }
        if "object" in request.path_params:
            headers["ce-oaasobject"] = key.object_id
        try:
            answer = await self._client.post(url, content=body, headers=headers)
        except httpx.TimeoutException:
            return fault(504, f"{function} did not answer in {self._given.timeout:g} s")
        except httpx.HTTPError as error:
            _logger.warning("%s: %s", url, str(error) or type(error).__name__)
            return fault(502, f"{function} cannot be reached")
        kind = answer.headers.get("content-type", "application/octet-stream")
        return Response(answer.content, answer.status_code, media_type=kind)

    def _identity(self, request: Request, key: ObjectKey, more: Mapping[str, str]) -> dict[str, str]:
        found = {
            names.REQUEST_ID: self._request_id(request),
            names.DEPLOYMENT_ID: key.class_name,  # upstream deploys a class under its own name
            names.CLASS: key.class_name,
            names.PARTITION_ID: key.partition,
            **more,
        }
        if "object" in request.path_params:
            found[names.OBJECT_ID] = key.object_id
        return found

    def _request_id(self, request: Request) -> str:
        if not hasattr(request.state, "id"):
            given = request.headers.get(names.REQUEST_ID_HEADER, "")
            request.state.id = given if len(given) <= 128 and _plain(given) else str(uuid.uuid4())
        found: str = request.state.id
        return found


def _plain(header: str) -> bool:
    """Whether there is something that can be sent on as it is: bytes beyond ASCII arrive, and cannot."""
    return header.isascii() and header.isprintable() and header != ""
