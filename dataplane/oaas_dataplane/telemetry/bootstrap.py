"""Configures the SDK from the environment, once, and flushes it at the end."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from oaas_dataplane import names
from oaas_dataplane.telemetry import environment, logs

FLUSH_SECONDS = 5.0
"""How long the end of a service may wait for a collector that does not take what is left."""
METRICS_SECONDS = 2.0
"""How much of it is kept for metrics."""
DEFAULTS = {
    # The stable names of the conventions, such as http.server.request.duration; contrib still has the old ones.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
    # The SDK counts what it drops: otel.sdk.processor.span.processed with error.type=queue_full.
    "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": "true",
}
_logger = logging.getLogger(__name__)
_lock = threading.Lock()
_configured: list[Telemetry] = []


@dataclass(frozen=True)
class Telemetry:
    """What `configure` came to. As a context manager it flushes at the end.

    Attributes:
        enabled: whether the SDK is there and configured.
        reason: why not.
    """

    enabled: bool
    reason: str = ""
    providers: tuple[Any, ...] = field(default=(), repr=False)
    meters: tuple[Any, ...] = field(default=(), repr=False)

    def shutdown(self) -> bool:
        """Sends what is queued; whether all of it went out in time. Nothing is emitted after it."""
        sent = _end(self.providers, FLUSH_SECONDS - METRICS_SECONDS)
        # Metrics end after the others, so that they count what those have lost.
        return _end(self.meters, METRICS_SECONDS) and sent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if not self.shutdown():
            _logger.warning("telemetry that the collector did not take in time is lost")


def configure() -> Telemetry:
    """Sets up logs, propagators and the SDK. A second call, from wherever, returns what the first one came to."""
    with _lock:
        if not _configured:
            _configured.append(_configure())
        return _configured[0]


def _configure() -> Telemetry:
    logs.configure()
    environment.prepare(os.environ)
    try:
        import opentelemetry.distro  # noqa: F401  (there where the extra is)
    except ImportError:
        return _off("the SDK is not installed: pip install 'oaas-dataplane[otel]'")
    except Exception as error:  # it reads some of its limits at import
        return _off(str(error) or type(error).__name__)
    from opentelemetry import trace

    # Somebody was here first, `opentelemetry-instrument` or the application itself: two SDKs send everything twice.
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return Telemetry(False, "an SDK is already configured")
    environment.prepare_sdk(os.environ)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    reason = _sdk()
    providers, meters = _completed()
    if reason:
        return _off(reason, providers, meters)
    if _asked("LOGS"):
        logs.send()
    return Telemetry(True, "", providers, meters)


def _sdk() -> str:
    """Why not all of it is configured: whatever is in the environment, it does not stop the service."""
    from opentelemetry.distro import OpenTelemetryConfigurator

    configurator: Any = OpenTelemetryConfigurator  # contrib has no types here
    try:
        configurator().configure()
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


def _completed() -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Adds what is not configured by variables to what is there; all that has to be ended, metrics apart."""
    from opentelemetry import _logs, metrics, trace
    from opentelemetry.instrumentation.propagators import TraceResponsePropagator, set_global_response_propagator

    tracers: Any = trace.get_tracer_provider()
    if hasattr(tracers, "add_span_processor"):  # not where OTEL_SDK_DISABLED is true
        from opentelemetry.processor.baggage import BaggageSpanProcessor

        tracers.add_span_processor(BaggageSpanProcessor(_ours))
    respond: Any = set_global_response_propagator
    respond(TraceResponsePropagator())
    return _that_end(tracers, _logs.get_logger_provider()), _that_end(metrics.get_meter_provider())


def _that_end(*providers: Any) -> tuple[Any, ...]:
    return tuple(provider for provider in providers if hasattr(provider, "shutdown"))


def _end(providers: tuple[Any, ...], seconds: float) -> bool:
    """Side by side, each in a thread that does not hold up the process: exporters retry for longer than that."""
    threads = [threading.Thread(target=one.shutdown, daemon=True) for one in providers]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def _ours(key: str) -> bool:
    return key.startswith(names.OURS)


def _asked(signal: str) -> bool:
    return os.environ.get(f"OTEL_{signal}_EXPORTER", "none").lower() != "none"


def _off(reason: str, providers: tuple[Any, ...] = (), meters: tuple[Any, ...] = ()) -> Telemetry:
    """Says so only where telemetry was asked for. Signals come one after the other: some may work."""
    if any(map(_asked, ("TRACES", "METRICS", "LOGS"))) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        _logger.warning("telemetry is %s: %s", "not complete" if providers or meters else "off", reason)
    return Telemetry(False, reason, providers, meters)
