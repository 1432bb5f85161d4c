"""What a ClassRuntime's author may not exceed. Limits bind only what stands in a ClassRuntime."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from krm_otel.config.provenance import Place
from krm_otel.config.schema.otel_config import Limits
from krm_otel.config.settings import Sourced
from krm_otel.config.sources.layers import Found, Say
from krm_otel.diagnostics.suggestion import listed


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern fits: `*` stands for any text, `?` for one character, nothing else is special."""
    # fnmatch's own translation never goes back over a `*`, so that no pattern can make it slow.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def endpoint_matches(url: str, pattern: str) -> bool:
    """As `matches`, part by part: `http://*.example.com:4318` must not be fooled by a path that ends so.

    A pattern without a scheme fits any; one without a path fits only URLs that have none. `*` alone fits all.
    """
    if pattern == "*":
        return True
    scheme, separator, rest = pattern.partition("://")
    if not separator:
        scheme, rest = "*", pattern
    host, slash, path = rest.partition("/")
    parts = urlsplit(url)
    return (
        matches(parts.scheme, scheme)
        and matches(parts.netloc, host)
        and matches(parts.path, (slash + path).rstrip("/"))
    )


def limit_rate(rate: Found[float], limits: Limits | None, at: Place, say: Say) -> Sourced[float]:
    """The rate, clamped to the limit with a warning; the origin of a clamped rate is the limit."""
    highest = limits.sampling_rate if limits else None
    if highest is None or not rate.by_class or rate.value <= highest:
        return rate.sourced()
    text = f"is above the limit of the OTelConfig, {highest} is used: write {highest} or less"
    say(rate.result("limit-sampling-rate", "warning", text, highest))
    return Sourced(highest, at.origin(("limits", "sampling_rate")))


def limit_image(image: Found[str], limits: Limits | None, say: Say) -> None:
    """An error where the image is not allowed."""
    allowed = limits.images if limits else None
    if allowed is not None and image.by_class and not any(matches(image.value, pattern) for pattern in allowed):
        say(image.result("limit-image", "error", _refused("image", image.value, allowed)))


def limit_endpoint(endpoint: Found[str], limits: Limits | None, say: Say) -> None:
    """An error where the endpoint is not allowed."""
    allowed = limits.endpoints if limits else None
    if allowed is not None and endpoint.by_class and not any(endpoint_matches(endpoint.value, p) for p in allowed):
        say(endpoint.result("limit-endpoint", "error", _refused("endpoint", endpoint.value, allowed)))


def limit_backend(backend: Found[str], limits: Limits | None, say: Say) -> None:
    """An error where the backend is not allowed."""
    allowed = limits.backends if limits else None
    if allowed is not None and backend.by_class and not any(matches(backend.value, pattern) for pattern in allowed):
        say(backend.result("limit-backend", "error", _refused("backend", backend.value, allowed)))


def _refused(what: str, value: str, allowed: Sequence[str]) -> str:
    if not allowed:
        return f"names the {what} {value}, but the OTelConfig allows a ClassRuntime none: leave it out"
    fitting = listed(list(allowed))
    return f"names the {what} {value}, which the OTelConfig does not allow: write one that fits {fitting}"
