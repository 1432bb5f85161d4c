"""Contrib's instrumentations; where they are not installed, context is passed on and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import httpx
from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oaas_dataplane import names

PROBES = "^[a-z]+://[^/]+/(health|readyz)$"
"""Kubernetes asks every few seconds; nobody wants to see that as traces. Objects may have these names, too."""


def server(app: Starlette) -> ASGIApp:
    """A span for each request, named after its route, below the caller's; the trace id in the answer."""
    answering = _TraceIdHeader(app)

    def details(scope: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        method = scope.get("method", "HTTP")
        for route in app.routes:
            match, _ = route.matches(dict(scope))
            if match is not Match.NONE:
                return f"{method} {route.path}", {"http.route": route.path}  # type: ignore[attr-defined]
        return str(method), {}

    try:
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    except ImportError:
        return _Continued(answering)
    traced: Any = OpenTelemetryMiddleware(
        answering, excluded_urls=PROBES, default_span_details=details, exclude_spans=["send", "receive"]
    )
    asgi: ASGIApp = traced
    return asgi


def client(found: httpx.AsyncClient) -> httpx.AsyncClient:
    """A span for each request that is sent, and its context in the headers."""
    try:
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    except ImportError:
        found.event_hooks["request"].append(_pass_on)
        return found
    HTTPXClientInstrumentor.instrument_client(found)
    return found


def database(connection: sqlite3.Connection) -> Any:
    """A span for each statement."""
    try:
        from opentelemetry.instrumentation.dbapi import instrument_connection
    except ImportError:
        return connection
    traced: Any = instrument_connection("oaas_dataplane.store", connection, "sqlite")
    return traced


class _Continued:
    """The caller's context is that of the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        token = contexts.attach(propagate.extract(headers))
        try:
            await self._app(scope, receive, send)
        finally:
            contexts.detach(token)


async def _pass_on(request: httpx.Request) -> None:
    propagate.inject(request.headers)


class _TraceIdHeader:
    """For people: `traceresponse`, which the instrumentation writes, has the same id inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = trace.get_current_span().get_span_context()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and context.is_valid:
                MutableHeaders(scope=message)[names.TRACE_ID_HEADER] = trace.format_trace_id(context.trace_id)
            await send(message)

        await self._app(scope, receive, answer if scope["type"] == "http" else send)
