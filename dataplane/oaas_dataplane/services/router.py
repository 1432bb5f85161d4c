"""A Zenoh router. It forwards attachments as they are, so traces go through it; it says who is connected to it."""

from __future__ import annotations

import atexit
import json
import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import zenoh
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from oaas_dataplane import settings
from oaas_dataplane.zenoh import listen

_logger = logging.getLogger(__name__)


def run(environ: Mapping[str, str]) -> None:
    given = settings.router(environ)
    session = listen(given)
    atexit.register(session.close)  # when telemetry has asked it for the last time how many are connected
    observe(session)
    _logger.info("router %s listens on port %d", session.zid(), port(session) or given.port)
    threading.Event().wait()  # until a signal ends it


def observe(session: zenoh.Session) -> None:
    """A metric: how many sessions there are, by what they are (client, peer, router)."""

    def sessions(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(number, {"oaas.zenoh.whatami": kind}) for kind, number in count(session).items()]

    metrics.get_meter("oaas_dataplane.router").create_observable_gauge(
        "oaas.zenoh.sessions", [sessions], "{session}", "Sessions that the router has."
    )


def port(session: zenoh.Session) -> int | None:
    """Where it listens, in its own words."""
    return next((int(one.rpartition(":")[2]) for one in _said(session).get("locators", ())), None)


def count(session: zenoh.Session) -> Mapping[str, int]:
    if session.is_closed():  # the last metrics are collected after the end
        return {}
    return Counter(one["whatami"] for one in _said(session).get("sessions", ()))


def _said(session: zenoh.Session) -> dict[str, Any]:
    """What the router says of itself in its admin space."""
    for reply in session.get(f"@/{session.zid()}/router", timeout=1.0):
        if reply.ok is not None:
            found: dict[str, Any] = json.loads(reply.ok.payload.to_string())
            return found
    return {}
