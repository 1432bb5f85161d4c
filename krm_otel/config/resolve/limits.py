"""What a ClassRuntime's author may not exceed. Limits bind only values from a ClassRuntime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve.request import Request
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Rule
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.otlp import Protocol, url_parts, with_port
from krm_otel.regex import fits


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern fits: `*` matches any text, `?` one character; other characters have no special meaning."""
    # fnmatch's own translation never backtracks over a `*`, so that no pattern can make it slow.
    return fits(text, pattern.replace("[", "[[]"))


def endpoint_matches(url: str, pattern: str) -> bool:
    """As `matches`, part by part: a path that ends like `http://*.example.com:4318` must not fool this pattern.

    A pattern without a scheme fits any; one without a path fits only URLs that have none. `*` alone fits all.
    """
    if pattern == "*":
        return True
    scheme, separator, rest = pattern.partition("://")
    if not separator:
        scheme, rest = "*", pattern
    host, slash, path = rest.partition("/")
    parts = url_parts(url)
    return (
        matches(parts.scheme, scheme)
        and matches(parts.netloc, host)
        and matches(parts.path, (slash + path).rstrip("/"))
    )


def sampling_rate(request: Request) -> Sourced[float]:
    """The rate, not above the limit; the source of a clamped rate is the limit."""
    rate: Sourced[float] = request.layers.get("telemetry", "sampling_rate")
    highest = request.config.limits.sampling_rate
    if highest is None or not rate.is_from_class or rate.value <= highest:
        return rate
    return Sourced(highest, request.config_source, ("limits", "sampling_rate"))


def check_rate(request: Request) -> Iterator[Result]:
    """A warning where the rate is clamped."""
    written: Sourced[float] = request.layers.get("telemetry", "sampling_rate")
    used = sampling_rate(request).value
    if used != written.value:
        text = f"is above the limit of the OTelConfig, so {used} is used"
        yield written.report(rules.LIMIT_SAMPLING_RATE, text, fix=f"write {used} or less", proposed=used)


def check_image(request: Request) -> Iterator[Result]:
    """An error where the collector's image is not allowed."""
    image: Sourced[str] | None = request.layers.find("collector", "image")
    allowed = request.config.limits.images
    if image and allowed is not None and not any(matches(image.value, pattern) for pattern in allowed):
        yield from _refused(rules.LIMIT_IMAGE, "image", image, allowed)


def check_endpoint(endpoint: Sourced[str], request: Request, protocol: Protocol) -> Iterator[Result]:
    """An error where an endpoint is not allowed, neither as it is written nor with the port that it gets."""
    allowed = request.config.limits.endpoints
    urls = (endpoint.value, with_port(endpoint.value, protocol))
    if allowed is not None and not any(endpoint_matches(url, pattern) for pattern in allowed for url in urls):
        yield from _refused(rules.LIMIT_ENDPOINT, "endpoint", endpoint, allowed)


def check_backend(backend: Sourced[str], request: Request) -> Iterator[Result]:
    """An error where a backend is not allowed."""
    allowed = request.config.limits.backends
    if allowed is not None and not any(matches(backend.value, pattern) for pattern in allowed):
        yield from _refused(rules.LIMIT_BACKEND, "backend", backend, allowed)


def _refused(rule: Rule, what: str, name: Sourced[str], allowed: Sequence[str]) -> Iterator[Result]:
    if not name.is_from_class:
        return
    why = "which the OTelConfig does not allow" if allowed else "but the OTelConfig allows none in a ClassRuntime"
    fix = f"write one that fits {listed(allowed)}" if allowed else "leave it out"
    yield name.report(rule, f"names the {what} {name.value}, {why}", fix=fix)
