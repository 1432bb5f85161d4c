"""What travels in attachments: the bytes, all formats of context, and other people's attachments."""

from __future__ import annotations

import pytest
import zenoh
from hypothesis import given
from hypothesis import strategies as st
from oaas_dataplane.zenoh import attachment
from opentelemetry import baggage, propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from zenoh.ext import z_deserialize, z_serialize

TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
FORMATS: dict[str, TextMapPropagator] = {
    "w3c": CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()]),
    "b3": B3SingleFormat(),
    "b3multi": B3MultiFormat(),
}


def sent_in(sampled: bool = True) -> Context:
    state = trace.TraceState([("vendor", "x")])
    span = trace.SpanContext(TRACE, SPAN, False, trace.TraceFlags(int(sampled)), state)
    return trace.set_span_in_context(trace.NonRecordingSpan(span), Context())


@pytest.fixture
def propagator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(propagate, "_HTTP_TEXT_FORMAT", FORMATS[request.param])


@pytest.mark.parametrize("propagator", ["w3c"], indirect=True)
@pytest.mark.usefixtures("propagator")
def test_bytes() -> None:
    """As documented: a change here cuts traces between this version and others."""
    made = attachment.inject(baggage.set_baggage("oaas.request_id", "42", sent_in()))
    assert made is not None
    assert made.to_bytes() == (
        b"\x03"
        b"\x0btraceparent\x3700-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        b"\x0atracestate\x08vendor=x"
        b"\x07baggage\x12oaas.request_id=42"
    )
    assert z_deserialize(dict[str, str], made)["tracestate"] == "vendor=x"


@pytest.mark.parametrize("propagator", FORMATS, indirect=True)
@pytest.mark.parametrize("sampled", [True, False])
@pytest.mark.usefixtures("propagator")
def test_context_comes_back(sampled: bool) -> None:
    """With the caller's decision, in every format; keys are in lower case whatever the propagator writes."""
    made = attachment.inject(sent_in(sampled))
    assert all(key == key.lower() for key in attachment.read(made))
    found = trace.get_current_span(attachment.extract(made)).get_span_context()
    assert (found.trace_id, found.span_id, found.trace_flags.sampled) == (TRACE, SPAN, sampled)
    assert found.is_remote


@pytest.mark.parametrize("propagator", ["w3c"], indirect=True)
@pytest.mark.usefixtures("propagator")
def test_of_others() -> None:
    """An attachment that is no map of texts, or a map without context, is left alone."""
    for foreign in (
        b"",
        b"\xff",
        b"pubsub attachment",
        z_serialize([1, 2]).to_bytes(),
        z_serialize({"a": "b"}).to_bytes(),
    ):
        context = attachment.extract(zenoh.ZBytes(foreign))
        assert not trace.get_current_span(context).get_span_context().is_valid
    assert attachment.extract(None) == Context()
    assert attachment.inject(Context()) is None
    beside = attachment.inject(sent_in(), {"method": "x"})
    assert attachment.read(beside)["method"] == "x"


@given(st.binary(max_size=200))
def test_any_bytes(given_bytes: bytes) -> None:
    """Whatever stands there, nothing is raised."""
    attachment.extract(zenoh.ZBytes(given_bytes))


@given(st.dictionaries(st.text(max_size=200), st.text(max_size=200)))
def test_as_zenoh_writes_it(entries: dict[str, str]) -> None:
    made = z_serialize(entries)
    assert attachment.read(made) == entries == z_deserialize(dict[str, str], made)
