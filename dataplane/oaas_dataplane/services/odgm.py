"""The object store: answers `get` and `set` on Zenoh, takes what is put and deleted, keeps it in SQLite."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping

from opentelemetry import trace
from starlette.applications import Starlette

from oaas_dataplane import names, settings
from oaas_dataplane.keys import OBJECT, SET, ObjectKey, parse
from oaas_dataplane.services.context import deployment_id
from oaas_dataplane.services.store import Store
from oaas_dataplane.services.web import probes, serve
from oaas_dataplane.zenoh import Bus, Failure, connect
from oaas_dataplane.zenoh.bus import Request

_logger = logging.getLogger(__name__)


def run(environ: Mapping[str, str]) -> None:
    given = settings.odgm(environ)
    try:
        store = Store(given.store)
    except (OSError, sqlite3.Error) as error:
        raise settings.SettingError(f"ODGM_STORE: {given.store} cannot be opened: {error}") from None
    bus = Bus(connect(given.zenoh))
    try:
        attach(store, bus, given.collections)
        serve(Starlette(routes=probes(lambda: bool(bus.routers()))), given.port)
    finally:
        bus.close()
        store.close()


def attach(store: Store, bus: Bus, collections: tuple[str, ...]) -> None:
    """Serves the objects of these classes on this session."""
    deployment = deployment_id()

    def identified(request: Request) -> ObjectKey:
        """What is known from the key, also where the sender sends no baggage."""
        key = parse(request.key)
        if key is None:
            raise Failure("the key is not that of one object")
        trace.get_current_span().set_attributes(
            {
                names.CLASS: key.class_name,
                names.PARTITION_ID: key.partition,
                names.OBJECT_ID: key.object_id,
                names.DEPLOYMENT_ID: deployment or key.class_name,
            }
        )
        return key

    def get(request: Request) -> bytes:
        found = store.get(identified(request))
        if found is None:
            raise Failure("object not found")
        return found

    def put(request: Request) -> None:
        key = identified(request)
        store.set(key, request.payload)
        _logger.info("stored %s", key)

    def set_(request: Request) -> bytes:
        put(request)
        return b""

    def delete(request: Request) -> None:
        key = identified(request)
        store.delete(key)
        _logger.info("deleted %s", key)

    for name in collections:
        every = str(ObjectKey(name, "*", "*"))
        bus.answer(every, get, template=OBJECT, operation="get")
        bus.answer(f"{every}/set", set_, template=SET, operation="set")
        bus.listen(every, put, delete, template=OBJECT)
    _logger.info("serving %s", ", ".join(collections))
