"""A function in the shape that Knative calls: `POST /` on $PORT, a CloudEvent in binary mode or a plain request.

echo      answers with what it was sent
record    merges a JSON object into the object it is called on, and answers with what is stored then
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from oaas_dataplane import names, settings
from oaas_dataplane.keys import OBJECT, SET, ObjectKey
from oaas_dataplane.services.context import deployment_id, known
from oaas_dataplane.services.web import fault, probes, serve
from oaas_dataplane.telemetry import instrument
from oaas_dataplane.zenoh import Bus, Failure, Unanswered, connect

_logger = logging.getLogger(__name__)


def run(environ: Mapping[str, str]) -> None:
    given = settings.function(environ)
    # echo has no state, so it needs no store.
    bus = Bus(connect(given.zenoh)) if given.handler == "record" else None
    try:
        serve(instrument.server(application(given, bus)), given.port)
    finally:
        if bus is not None:
            bus.close()


def application(given: settings.Function, bus: Bus | None) -> Starlette:
    async def called(request: Request) -> Response:
        headers = request.headers
        function = headers.get("ce-oaasfunction", given.handler)
        identity = {names.FUNCTION_KEY: function, names.DEPLOYMENT_ID: deployment_id()}
        if request_id := headers.get("ce-id") or headers.get(names.REQUEST_ID_HEADER):
            identity[names.REQUEST_ID] = request_id
        body = await request.body()
        with known({key: value for key, value in identity.items() if value}):
            if bus is None:
                return Response(body, media_type=headers.get("content-type", "application/octet-stream"))
            parts = [headers.get(f"ce-oaas{part}", "") for part in ("class", "partition", "object")]
            key = ObjectKey(*parts)
            if not key.valid():
                return fault(400, "record is called on an object: ce-oaasclass, ce-oaaspartition and ce-oaasobject")
            try:
                stored = await record(bus, key, body, given.timeout)
            except (ValueError, RecursionError):
                return fault(400, "the body is no JSON object")
            except Failure as failure:
                return fault(404 if str(failure) == "object not found" else 422, str(failure))
            except Unanswered as error:
                _logger.warning("%s", error)
                return fault(504, f"the object store does not answer: {error}")
            _logger.info("recorded %s", key)
            return Response(stored, media_type="application/json")

    ready: Callable[[], bool] = lambda: bus is None or bool(bus.routers())  # noqa: E731
    return Starlette(routes=[Route("/", called, methods=["POST"]), *probes(ready)])


async def record(bus: Bus, key: ObjectKey, body: bytes, timeout: float) -> bytes:
    """Reads the object, merges, writes it; what is stored then.

    Raises:
        ValueError, RecursionError: the body, or what is stored, is no JSON object.
        Failure, Unanswered: as `Bus.ask`.
    """
    change = json.loads(body or b"{}")
    found = json.loads(await bus.ask(str(key), template=OBJECT, operation="get", timeout=timeout))
    if not isinstance(change, dict) or not isinstance(found, dict):
        raise ValueError
    merged = json.dumps({**found, **change}, allow_nan=False).encode()
    await bus.ask(f"{key}/set", merged, template=SET, operation="set", timeout=timeout)
    return merged
