"""Trace context and baggage in a Zenoh attachment.

The attachment is a map of text to text in Zenoh's own serialization (`ze_serialize`, the "ext" format of every
binding): the number of entries, then key and value of each; a number is LEB128, a text its length in bytes and UTF-8.
The keys are those that the configured propagators write as HTTP headers, in lower case: `traceparent`, `tracestate`
and `baggage` for W3C, `b3` or `x-b3-*` for B3. Other keys may stand beside them and are left alone.

    02  0b "traceparent"  37 "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        07 "baggage"      12 "oaas.request_id=42"

Upstream's Rust reads it with `z_deserialize::<HashMap<String, String>>(query.attachment()?)` and gives it to the same
`Extractor` that it has for the `options` of an invocation, in which it carries the same three W3C keys itself. A
receiver that knows nothing of attachments is not disturbed by one.
"""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry import propagate
from opentelemetry.context import Context
from zenoh import ZBytes
from zenoh.ext import z_serialize


def inject(context: Context | None = None, beside: Mapping[str, str] | None = None) -> ZBytes | None:
    """The attachment for what is sent in this context; None where there is nothing to carry.

    Args:
        context: by default the current one.
        beside: entries of the application's own.
    """
    carrier = dict(beside or {})
    propagate.inject(carrier, context)
    return z_serialize({key.lower(): value for key, value in carrier.items()}) if carrier else None


def extract(attachment: ZBytes | None) -> Context:
    """The sender's context, on top of an empty one; empty where the attachment is somebody else's."""
    return propagate.extract(read(attachment), Context())


def read(attachment: ZBytes | None) -> dict[str, str]:
    """What an attachment holds; nothing where it is no map of texts.

    Zenoh's own reader is not asked: it believes the lengths that it reads, and the process ends where memory does.
    """
    if attachment is None:
        return {}
    data, found = attachment.to_bytes(), {}
    try:
        entries, at = _number(data, 0)
        for _ in range(entries):
            key, at = _text(data, at)
            found[key], at = _text(data, at)
    except ValueError:  # UnicodeDecodeError is one
        return {}
    return found if at == len(data) else {}


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, at = _number(data, at)
    end = at + length
    if end > len(data):
        raise ValueError
    return data[at:end].decode(), end


def _number(data: bytes, at: int) -> tuple[int, int]:
    """LEB128: seven bits of each byte, the lowest first, until one without the eighth."""
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            break
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError
