"""A router for all tests of a process, sessions on it, and spans that are kept in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zenoh
from oaas_dataplane.services.router import port
from oaas_dataplane.settings import Zenoh
from oaas_dataplane.zenoh import Bus, connect, listen
from opentelemetry import propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.processor.baggage import BaggageSpanProcessor
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    """The SDK of this process; the API takes one only once."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(ALWAYS_ON))
    provider.add_span_processor(BaggageSpanProcessor(lambda key: key.startswith("oaas.")))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)
    return memory


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    exporter.clear()
    return exporter


@pytest.fixture
def w3c() -> Iterator[None]:
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()]))
    yield
    propagate.set_global_textmap(before)


@pytest.fixture(scope="session")
def router() -> Iterator[tuple[zenoh.Session, str]]:
    """A real router, and its address."""
    with listen(Zenoh(port=0), "127.0.0.1") as session:
        yield session, f"tcp/127.0.0.1:{port(session)}"


@pytest.fixture
def buses(router: tuple[zenoh.Session, str], exporter: InMemorySpanExporter) -> Iterator[tuple[Bus, Bus]]:
    """Two sides, joined by nothing but the router."""
    del exporter  # tracers are taken from its provider
    sides = Bus(connect(Zenoh((router[1],)))), Bus(connect(Zenoh((router[1],))))
    yield sides
    for side in sides:
        side.close()
