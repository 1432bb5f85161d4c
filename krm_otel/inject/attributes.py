"""`OTEL_RESOURCE_ATTRIBUTES`: its grammar, `key=value,key=value`, percent-encoded.

Source: OpenTelemetry specification, `resource/sdk.md`: a value that cannot be parsed is dropped whole.
"""

from __future__ import annotations

from urllib.parse import unquote

from krm_otel.otlp import encode


def reference(variable: str) -> str:
    """`$(VARIABLE)`, which the kubelet expands; it is never encoded."""
    return f"$({variable})"


def join(pairs: dict[str, str]) -> str:
    """The text of pairs: keys (not encoded) and values (encoded, or with references)."""
    return ",".join(f"{encode(key)}={value}" for key, value in pairs.items())


def split(text: str) -> list[tuple[str, str]]:
    """(decoded key, raw text) of every comma-separated segment; the key is empty where a segment has no `=`."""
    segments = []
    for raw in text.split(","):
        key, equals, _ = raw.partition("=")
        segments.append((unquote(key).strip() if equals else "", raw))
    return segments


def malformed(text: str) -> str:
    """The first part of a value that is no `key=value`; empty where all are.

    SDKs disagree about such a value: the specification has them drop all of it, and some skip the part.
    """
    parts = text.rstrip().removesuffix(",").split(",") if text.strip() else []
    for part in parts:
        key, equals, value = part.partition("=")
        if not key.strip() or not equals or "=" in value:
            return part.strip() or ","
    return ""


def keys(text: str) -> list[str]:
    """The keys that a value sets."""
    return [key for key, _ in split(text) if key]


def merged(text: str, additions: dict[str, str]) -> str:
    """The user's text as it is, followed by the pairs whose keys it does not set."""
    existing = text.rstrip().rstrip(",")
    missing = join({key: value for key, value in additions.items() if key not in keys(text)})
    return ",".join(part for part in (existing, missing) if part)
