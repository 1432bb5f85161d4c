"""Queries and samples between two sessions and a real router."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
import zenoh
from oaas_dataplane.zenoh import Bus, Failure, Unanswered
from oaas_dataplane.zenoh.bus import Request
from opentelemetry import baggage, trace
from opentelemetry import context as contexts
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.processes import until

TEMPLATE = "test/{name}"
UNSAMPLED = trace.set_span_in_context(
    trace.NonRecordingSpan(trace.SpanContext(1, 2, True, trace.TraceFlags(0))), contexts.Context()
)
pytestmark = pytest.mark.usefixtures("w3c")


def finished(spans: InMemorySpanExporter, number: int) -> list[ReadableSpan]:
    """The receiving side's span ends a moment after the sender has its answer."""
    return list(
        until(
            lambda: found if len(found := spans.get_finished_spans()) >= number else None,
            lambda: f"{[span.name for span in spans.get_finished_spans()]}",
        )
    )


def one(spans: list[ReadableSpan], kind: SpanKind) -> ReadableSpan:
    (found,) = [span for span in spans if span.kind == kind]
    return found


def answered(bus: Bus, key: str) -> bytes:
    """The route to a queryable is there a moment after it was declared."""
    return until(lambda: _ask(bus, key), lambda: f"nobody answers {key}")


def _ask(bus: Bus, key: str) -> bytes | None:
    token = contexts.attach(UNSAMPLED)  # so that these leave no spans
    try:
        return asyncio.run(bus.ask(key, template=TEMPLATE, operation="get", timeout=5))
    except (Unanswered, Failure):
        return None
    finally:
        contexts.detach(token)


def test_query(buses: tuple[Bus, Bus], spans: InMemorySpanExporter, router: tuple[zenoh.Session, str]) -> None:
    """CLIENT and SERVER in one trace, the one below the other, baggage beside them, through this router."""
    here, there = buses
    there.answer("test/query/*", lambda request: request.payload[::-1], template=TEMPLATE, operation="get")
    answered(here, "test/query/a")
    spans.clear()
    token = contexts.attach(baggage.set_baggage("oaas.request_id", "42"))
    answer = asyncio.run(here.ask("test/query/a", b"abc", template=TEMPLATE, operation="get", timeout=5))
    contexts.detach(token)
    assert answer == b"cba"
    found = finished(spans, 2)
    client, server = one(found, SpanKind.CLIENT), one(found, SpanKind.SERVER)
    assert client.name == server.name == "get test/{name}"
    assert client.parent is None
    assert server.parent is not None and client.context is not None and server.context is not None
    assert (server.parent.span_id, server.parent.is_remote) == (client.context.span_id, True)
    assert server.context.trace_id == client.context.trace_id
    assert server.attributes is not None and client.attributes is not None
    assert server.attributes["oaas.request_id"] == "42"
    assert client.attributes["oaas.zenoh.router"] == (str(router[0].zid()),)
    assert client.attributes["messaging.client.id"] == str(here.session.zid())
    assert dict(server.attributes) == {
        "oaas.request_id": "42",
        "messaging.system": "zenoh",
        "messaging.operation.name": "get",
        "messaging.operation.type": "process",
        "messaging.destination.name": "test/query/a",
        "messaging.destination.template": "test/{name}",
        "messaging.client.id": str(there.session.zid()),
        "messaging.message.body.size": 3,
    }


def test_sample(buses: tuple[Bus, Bus], spans: InMemorySpanExporter) -> None:
    """PRODUCER and CONSUMER, for what is put and for what is deleted."""
    here, there = buses
    got: list[tuple[str, Request]] = []
    arrived = threading.Event()

    def put(request: Request) -> None:
        got.append(("put", request))
        arrived.set()

    def deleted(request: Request) -> None:
        got.append(("delete", request))
        arrived.set()

    there.listen("test/sample/*", put, deleted, template=TEMPLATE)
    until(lambda: _arrives(here, arrived), lambda: "nothing arrives")
    sends: list[Callable[[], None]] = [
        lambda: asyncio.run(here.put("test/sample/a", b"x", template=TEMPLATE)),
        lambda: asyncio.run(here.delete("test/sample/a", template=TEMPLATE)),
    ]
    for send in sends:
        spans.clear()
        got.clear()
        send()
        found = finished(spans, 2)
        producer, consumer = one(found, SpanKind.PRODUCER), one(found, SpanKind.CONSUMER)
        assert consumer.parent is not None and producer.context is not None
        assert consumer.parent.span_id == producer.context.span_id
        assert producer.name == consumer.name == f"{got[0][0]} test/{{name}}"
    assert got == [("delete", Request("test/sample/a", b""))]


def _arrives(bus: Bus, arrived: threading.Event) -> bool | None:
    token = contexts.attach(UNSAMPLED)
    asyncio.run(bus.put("test/sample/first", b"", template=TEMPLATE))
    contexts.detach(token)
    return arrived.wait(0.1) or None


def test_failures(buses: tuple[Bus, Bus], spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture) -> None:
    """Those that the handler means are the caller's, as spans on both sides say; a bug is not told to the caller."""
    here, there = buses

    def fails(request: Request) -> bytes:
        if request.payload == b"bug":
            raise RuntimeError("secret")
        raise Failure("no such thing")

    there.answer("test/fails", fails, template=TEMPLATE, operation="get")
    there.answer("test/works", lambda _: b"", template=TEMPLATE, operation="get")
    answered(here, "test/works")
    spans.clear()
    with pytest.raises(Failure, match=r"^no such thing$"):
        asyncio.run(here.ask("test/fails", template=TEMPLATE, operation="get", timeout=5))
    for span in finished(spans, 2):
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes is not None and span.attributes["error.type"] == "Failure"
    with caplog.at_level(logging.ERROR), pytest.raises(Failure, match=r"^internal error$"):
        asyncio.run(here.ask("test/fails", b"bug", template=TEMPLATE, operation="get", timeout=5))
    assert "test/fails failed" in caplog.text
    spans.clear()
    with pytest.raises(Unanswered, match="nobody answered test/nobody"):
        asyncio.run(here.ask("test/nobody", template=TEMPLATE, operation="get", timeout=5))
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert not span.events, "the status says it; exceptions belong in the log"


def test_timeout(buses: tuple[Bus, Bus]) -> None:
    here, there = buses
    done = threading.Event()

    def slow(_: Request) -> bytes:
        done.wait(20)
        return b""

    there.answer("test/slow", slow, template=TEMPLATE, operation="get")
    there.answer("test/ready", lambda _: b"", template=TEMPLATE, operation="get")
    answered(here, "test/ready")
    with pytest.raises(Unanswered):
        asyncio.run(here.ask("test/slow", template=TEMPLATE, operation="get", timeout=0.2))
    done.set()


def test_many_at_once(buses: tuple[Bus, Bus]) -> None:
    """Those who wait for an answer hold up nobody: far more than there are threads wait for one that does not come yet,
    and another query is answered."""
    here, there = buses
    held: list[zenoh.Query] = []
    queryable = there.session.declare_queryable("test/silent/*", held.append)
    there.answer("test/prompt", lambda _: b"here", template=TEMPLATE, operation="get")
    answered(here, "test/prompt")

    async def asks() -> list[bytes]:
        waiting = [
            asyncio.create_task(here.ask(f"test/silent/{one}", template=TEMPLATE, operation="get", timeout=60))
            for one in range(200)
        ]
        await asyncio.to_thread(until, lambda: len(held) == len(waiting) or None, lambda: f"{len(held)} have come")
        assert await here.ask("test/prompt", template=TEMPLATE, operation="get", timeout=60) == b"here"
        assert not any(task.done() for task in waiting)
        for query in held:
            with query:
                query.reply(query.key_expr, str(query.key_expr).encode())
        return await asyncio.gather(*waiting)

    # Each gets the answer to what it has asked.
    assert asyncio.run(asks()) == [f"test/silent/{one}".encode() for one in range(200)]
    del queryable


def test_the_end_before_the_answer(buses: tuple[Bus, Bus], caplog: pytest.LogCaptureFixture) -> None:
    """A query that outlives the loop in which it was asked ends without a word."""
    here, there = buses
    held: list[zenoh.Query] = []
    queryable = there.session.declare_queryable("test/late", held.append)
    there.answer("test/soon", lambda _: b"", template=TEMPLATE, operation="get")

    async def leaves() -> bool | None:
        asked = asyncio.create_task(here.ask("test/late", template=TEMPLATE, operation="get", timeout=60))
        await asyncio.to_thread(until, lambda: held or asked.done() or None, lambda: "nothing comes of it")
        asked.cancel()
        return bool(held) or None

    until(lambda: asyncio.run(leaves()), lambda: "nobody takes the query")
    with held[0] as query:
        query.reply(query.key_expr, b"late")
    answered(here, "test/soon")  # by then the other has come, too: they are taken in turn
    assert caplog.records == []
    del queryable


def test_decision_of_the_sender(buses: tuple[Bus, Bus], spans: InMemorySpanExporter) -> None:
    """What the sender does not sample, the receiver does not either; what comes without context starts a trace."""
    here, there = buses
    there.answer("test/sampling", lambda _: b"", template=TEMPLATE, operation="get")
    answered(here, "test/sampling")
    spans.clear()
    token = contexts.attach(UNSAMPLED)
    asyncio.run(here.ask("test/sampling", template=TEMPLATE, operation="get", timeout=5))
    contexts.detach(token)
    replies: Any = here.session.get("test/sampling", timeout=5.0)  # somebody without telemetry
    assert len(list(replies)) == 1
    (server,) = finished(spans, 1)
    assert (server.kind, server.parent) == (SpanKind.SERVER, None)
