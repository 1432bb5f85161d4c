"""Configures the SDK from the environment, once, and flushes it at the end."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from oaas_dataplane import names
from oaas_dataplane.telemetry import logs, propagators

FLUSH_SECONDS = 5.0
"""How long the end of a service may wait for a collector that does not take what is left."""
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

    def shutdown(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Sends what is queued; whether all of it went out in time. Nothing is emitted after it."""
        # Side by side, each in a thread that does not hold up the process: exporters retry for longer than that.
        threads = [threading.Thread(target=one.shutdown, daemon=True) for one in self.providers]
        for thread in threads:
            thread.start()
        left = threading.Event()
        timer = threading.Timer(seconds, left.set)
        timer.daemon = True
        timer.start()
        for thread in threads:
            while thread.is_alive() and not left.is_set():
                thread.join(0.05)
        timer.cancel()
        return not any(thread.is_alive() for thread in threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if not self.shutdown():
            _logger.warning("telemetry that the collector did not take in %.0f s is lost", FLUSH_SECONDS)


def configure() -> Telemetry:
    """Sets up logs, propagators and the SDK. A second call, from wherever, returns what the first one came to."""
    with _lock:
        if not _configured:
            _configured.append(_configure())
        return _configured[0]


def _configure() -> Telemetry:
    logs.configure()
    propagators.keep_installed(os.environ)
    try:
        import opentelemetry.distro  # noqa: F401  (there where the extra is)
    except ImportError:
        return _off("the SDK is not installed: pip install 'oaas-dataplane[otel]'")
    from opentelemetry import trace

    # Somebody was here first, `opentelemetry-instrument` or the application itself: two SDKs send everything twice.
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return Telemetry(False, "an SDK is already configured")
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        return Telemetry(True, providers=_sdk())
    except Exception as error:
        # Whatever is in the environment, it does not stop the service.
        return _off(str(error) or type(error).__name__)


def _sdk() -> tuple[Any, ...]:
    from opentelemetry import _logs, metrics, trace
    from opentelemetry.distro import OpenTelemetryConfigurator
    from opentelemetry.instrumentation.propagators import TraceResponsePropagator, set_global_response_propagator

    configurator: Any = OpenTelemetryConfigurator  # contrib has no types here
    configurator().configure()
    tracers: Any = trace.get_tracer_provider()
    if hasattr(tracers, "add_span_processor"):  # not where OTEL_SDK_DISABLED is true
        from opentelemetry.processor.baggage import BaggageSpanProcessor

        tracers.add_span_processor(BaggageSpanProcessor(_ours))
    respond: Any = set_global_response_propagator
    respond(TraceResponsePropagator())
    if os.environ.get("OTEL_LOGS_EXPORTER", "none") not in ("", "none"):
        logs.send()
    given = (tracers, metrics.get_meter_provider(), _logs.get_logger_provider())
    return tuple(provider for provider in given if hasattr(provider, "shutdown"))


def _ours(key: str) -> bool:
    return key.startswith(names.OURS)


def _off(reason: str) -> Telemetry:
    """Says so only where telemetry was asked for."""
    asked = any(os.environ.get(f"OTEL_{signal}_EXPORTER", "none") != "none" for signal in ("TRACES", "METRICS", "LOGS"))
    if asked and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        _logger.warning("telemetry is off: %s", reason)
    return Telemetry(False, reason)
