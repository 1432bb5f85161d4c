"""Logs: a JSON object on each line, with the ids of the span it was written in; over OTLP, too, where asked for."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

QUIET_SECONDS = 60.0
"""How long an exporter's complaints are counted after one was written."""
_LEVELS = {"trace": logging.DEBUG, "debug": logging.DEBUG, "warn": logging.WARNING, "error": logging.ERROR}


def configure() -> None:
    """Everything that is logged in this process goes to stderr, in this form. The level is OPRC_LOG's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RateLimit())
    root = logging.getLogger()
    # An SDK that was here first sends logs by a handler of its own.
    root.handlers = [handler, *(one for one in root.handlers if type(one).__module__.startswith("opentelemetry."))]
    root.setLevel(_LEVELS.get(os.environ.get("OPRC_LOG", "info").lower(), logging.INFO))
    for chatty in ("httpx", "uvicorn"):  # a line for each request, and for each step at start
        logging.getLogger(chatty).setLevel(logging.WARNING)


def send() -> None:
    """What is logged from now on goes through the SDK as well."""
    from opentelemetry.instrumentation.logging import LoggingInstrumentor

    before = list(logging.getLogger().handlers)
    LoggingInstrumentor().instrument()
    for handler in logging.getLogger().handlers:
        if handler not in before:
            # What the exporters complain of does not go out through them.
            handler.addFilter(lambda record: not record.name.startswith("opentelemetry."))


class JsonFormatter(logging.Formatter):
    """`trace_id` and `span_id` as OTLP writes them: lower-case hex."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        from opentelemetry import trace  # late: it is imported after OTEL_PROPAGATORS was looked at

        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            entry["trace_id"] = trace.format_trace_id(context.trace_id)
            entry["span_id"] = trace.format_span_id(context.span_id)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class RateLimit(logging.Filter):
    """The SDK says of every batch that it could not be sent: one line of that, then one a minute with their number."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("opentelemetry.") or record.levelno < logging.WARNING:
            return True
        source = ".".join(record.name.split(".")[:2])  # all exporters are one
        with self._lock:
            now = self._now()
            if now - self._told.get(source, -QUIET_SECONDS) < QUIET_SECONDS:
                self._held[source] = self._held.get(source, 0) + 1
                return False
            self._told[source] = now
            held = self._held.pop(source, 0)
        if held:
            record.msg, record.args = f"{record.getMessage()} (and {held} more since the last such line)", ()
        # A traceback of the SDK's own tells nothing that the message does not.
        record.exc_info = record.exc_text = None
        return True
