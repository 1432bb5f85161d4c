"""What services send and receive, with a span at each end and the context between them.

| here | there | spans |
|---|---|---|
| `ask` | `answer` | CLIENT → SERVER |
| `put`, `delete` | `listen` | PRODUCER → CONSUMER |

A router between them makes no span: it forwards attachments as they are. The sending span names it in
`oaas.zenoh.router`.

Senders are coroutines: who waits for an answer holds no thread, so one that does not come delays nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import NamedTuple

import zenoh
from opentelemetry import context as contexts
from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from oaas_dataplane import names
from oaas_dataplane.zenoh import attachment

_logger = logging.getLogger(__name__)
_MEASURED = (
    names.MESSAGING_SYSTEM,
    names.MESSAGING_OPERATION_NAME,
    names.MESSAGING_OPERATION_TYPE,
    names.MESSAGING_TEMPLATE,
)
"""Attributes that metrics have: those of which there are few values."""
SENDERS = 4
"""Threads that hand over to Zenoh, which makes them wait for some seconds where the router takes nothing."""
Entities = zenoh.Queryable[None] | zenoh.Subscriber[None]


class Failure(Exception):
    """The other side answered that it cannot do this; its own words."""


class Unanswered(Exception):
    """Nobody answered: there is nobody for this key, or it took too long."""


class Request(NamedTuple):
    """What a handler is given."""

    key: str
    payload: bytes


Answer = Callable[[Request], bytes]
"""Raises `Failure` to say that it cannot."""
Listener = Callable[[Request], None]


class Bus:
    """A session, and the instruments that measure what goes through it."""

    def __init__(self, session: zenoh.Session) -> None:
        self.session = session
        self._entities: list[Entities] = []
        self._senders = ThreadPoolExecutor(SENDERS, "zenoh")
        self._tracer = trace.get_tracer("oaas_dataplane.zenoh")
        meter = metrics.get_meter("oaas_dataplane.zenoh")
        self._sent = meter.create_histogram(names.MESSAGING_CLIENT_DURATION, "s", "Duration of what is sent.")
        self._processed = meter.create_histogram(names.MESSAGING_PROCESS_DURATION, "s", "Duration of processing.")

    # --- sending ---

    async def ask(
        self, key: str, payload: bytes | None = None, *, template: str, operation: str, timeout: float
    ) -> bytes:
        """The first answer to a query.

        Args:
            template: the key with placeholders, which names the span.
            operation: what is asked for, such as get or set.

        Raises:
            Failure: the answer is that it cannot be done.
            Unanswered: there is none.
        """
        with self._sending(SpanKind.CLIENT, key, payload, template, operation):
            loop = asyncio.get_running_loop()
            first: asyncio.Future[zenoh.Reply | None] = loop.create_future()

            def settle(reply: zenoh.Reply | None) -> None:
                if not first.done():
                    first.set_result(reply)

            def came(reply: zenoh.Reply | None = None) -> None:
                with suppress(RuntimeError):  # the loop has ended before the query
                    loop.call_soon_threadsafe(settle, reply)

            sent = attachment.inject()
            await self._handed_over(
                lambda: self.session.get(
                    key,
                    # At the end of the query, too. Directly: each query had a thread of its own otherwise.
                    zenoh.handlers.Callback(came, came, indirect=False),
                    payload=payload,
                    attachment=sent,
                    timeout=timeout,
                    consolidation=zenoh.ConsolidationMode.NONE,
                    congestion_control=zenoh.CongestionControl.BLOCK,
                )
            )
            reply = await first
            if reply is not None and reply.ok is not None:
                return bytes(reply.ok.payload.to_bytes())
            text = reply.err.payload.to_string() if reply is not None and reply.err is not None else ""
            if reply is None or text == "Timeout":  # Zenoh's own word for it
                raise Unanswered(f"nobody answered {key} in {timeout:g} s")
            raise Failure(text)

    async def put(self, key: str, payload: bytes, *, template: str) -> None:
        with self._sending(SpanKind.PRODUCER, key, payload, template, "put"):
            sent, block = attachment.inject(), zenoh.CongestionControl.BLOCK
            await self._handed_over(lambda: self.session.put(key, payload, attachment=sent, congestion_control=block))

    async def delete(self, key: str, *, template: str) -> None:
        with self._sending(SpanKind.PRODUCER, key, None, template, "delete"):
            sent, block = attachment.inject(), zenoh.CongestionControl.BLOCK
            await self._handed_over(lambda: self.session.delete(key, attachment=sent, congestion_control=block))

    async def _handed_over(self, send: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._senders, send)

    # --- receiving ---

    def answer(self, key: str, handler: Answer, *, template: str, operation: str) -> None:
        """Answers queries for a key expression, one after another."""

        def received(query: zenoh.Query) -> None:
            request = Request(str(query.key_expr), _bytes(query.payload))
            with query:
                try:
                    with self._receiving(SpanKind.SERVER, request, query.attachment, template, operation):
                        query.reply(query.key_expr, handler(request))
                except Failure as failure:
                    query.reply_err(str(failure))
                except Exception:
                    _logger.exception("%s failed", request.key)
                    query.reply_err("internal error")

        self._entities.append(self.session.declare_queryable(key, received))

    def listen(self, key: str, put: Listener, deleted: Listener, *, template: str) -> None:
        """Takes what is put to a key expression, and what is deleted there."""

        def received(sample: zenoh.Sample) -> None:
            request = Request(str(sample.key_expr), _bytes(sample.payload))
            operation, handler = ("delete", deleted) if sample.kind == zenoh.SampleKind.DELETE else ("put", put)
            try:
                with self._receiving(SpanKind.CONSUMER, request, sample.attachment, template, operation):
                    handler(request)
            except Exception:
                _logger.exception("%s of %s failed", operation, request.key)

        self._entities.append(self.session.declare_subscriber(key, received))

    # --- state ---

    def routers(self) -> list[str]:
        """Zenoh IDs of the routers that the session is connected to now."""
        return [str(zid) for zid in self.session.info.routers_zid()]

    def close(self) -> None:
        close: Callable[[], object] = self.session.close  # it says no types
        close()
        self._senders.shutdown(wait=False)

    # --- spans ---

    @contextmanager
    def _sending(
        self, kind: SpanKind, key: str, payload: bytes | None, template: str, operation: str
    ) -> Iterator[None]:
        attributes = self._attributes(key, template, operation, "send", payload)
        with self._span(kind, attributes, self._sent) as span:
            if span.is_recording():
                span.set_attribute(names.ROUTER, self.routers())
            yield

    @contextmanager
    def _receiving(
        self, kind: SpanKind, request: Request, sent: zenoh.ZBytes | None, template: str, operation: str
    ) -> Iterator[None]:
        attributes = self._attributes(request.key, template, operation, "process", request.payload)
        token = contexts.attach(attachment.extract(sent))
        try:
            with self._span(kind, attributes, self._processed):
                yield
        finally:
            contexts.detach(token)

    @contextmanager
    def _span(
        self, kind: SpanKind, attributes: dict[str, AttributeValue], duration: metrics.Histogram
    ) -> Iterator[Span]:
        """A span and a measurement of the same thing. Of an error both say the type; tracebacks belong in the log."""
        labels = {key: attributes[key] for key in _MEASURED}
        start = time.monotonic()
        name = " ".join(str(attributes[part]) for part in (names.MESSAGING_OPERATION_NAME, names.MESSAGING_TEMPLATE))
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                labels[names.ERROR_TYPE] = type(error).__name__
                span.set_attribute(names.ERROR_TYPE, type(error).__name__)
                span.set_status(StatusCode.ERROR, str(error))
                raise
            finally:
                duration.record(time.monotonic() - start, labels)

    def _attributes(
        self, key: str, template: str, operation: str, kind: str, payload: bytes | None
    ) -> dict[str, AttributeValue]:
        return {
            names.MESSAGING_SYSTEM: names.ZENOH,
            names.MESSAGING_OPERATION_NAME: operation,
            names.MESSAGING_OPERATION_TYPE: kind,
            names.MESSAGING_DESTINATION: key,
            names.MESSAGING_TEMPLATE: template,
            names.MESSAGING_CLIENT_ID: str(self.session.zid()),
            names.MESSAGING_BODY_SIZE: len(payload or b""),
        }


def _bytes(payload: zenoh.ZBytes | None) -> bytes:
    return payload.to_bytes() if payload is not None else b""
