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
    try:
        providers, meters = _sdk()
        return Telemetry(True, providers=providers, meters=meters)
    except Exception as error:
        # Whatever is in the environment, it does not stop the service.
        return _off(str(error) or type(error).__name__)


def _sdk() -> tuple[tuple[Any, ...], tuple[Any, ...]]:
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
    if _asked("LOGS"):
        logs.send()
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


def _off(reason: str) -> Telemetry:
    """Says so only where telemetry was asked for."""
    if any(map(_asked, ("TRACES", "METRICS", "LOGS"))) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        _logger.warning("telemetry is off: %s", reason)
    return Telemetry(False, reason)
