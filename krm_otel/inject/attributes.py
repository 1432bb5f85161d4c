"""`OTEL_RESOURCE_ATTRIBUTES`: its grammar, `key=value,key=value`, percent-encoded.

Source: OpenTelemetry specification, `resource/sdk.md`: a value that cannot be parsed is dropped whole.
"""

from __future__ import annotations

from typing import Final

from krm_otel.credential import masked
from krm_otel.otlp import LONGEST_ATTRIBUTE, encode_key
from krm_otel.regex import regex

_REFERENCES: Final = regex(r"(\s*\$\([-._A-Za-z][-._A-Za-z0-9]*\))+\s*")
_LONE_PERCENT: Final = regex(r"%(?![0-9A-Fa-f]{2})")
_LONGEST_SHOWN: Final = 60


def reference(variable: str) -> str:
    """`$(VARIABLE)`, which the kubelet expands; it is never encoded."""
    return f"$({variable})"


def join(pairs: dict[str, str]) -> str:
    """The text of pairs: keys (not encoded yet) and values (encoded, or with references)."""
    return ",".join(f"{encode_key(key)}={value}" for key, value in pairs.items())


def split(text: str) -> list[tuple[str, str]]:
    """(decoded key, raw text) of every comma-separated segment; the key is empty where a segment has no `=`."""
    segments = []
    for raw in text.split(","):
        key, equals, _ = raw.partition("=")
        if "%" in key:
            from urllib.parse import unquote  # few keys need it

            key = unquote(key)
        segments.append((key.strip() if equals else "", raw))
    return segments


def malformed(text: str) -> str:
    """What is wrong with the first part that is no `key=value` as all SDKs read it; empty where all parts are.

    SDKs disagree about such a value: the specification has them drop all of it, and some skip the part.
    """
    for part in _parts(text):
        key, equals, value = part.partition("=")
        if _REFERENCES.fullmatch(part):
            continue  # the kubelet puts in what only the cluster knows
        if not key.strip() or not equals or "=" in value:
            return f"{_shown(part)} in it is no key=value"
        if _LONE_PERCENT.search(part):
            return f"{_shown(part)} in it has a % that encodes nothing"
    return ""


def has_unknown_parts(text: str) -> bool:
    """Whether a part is only a reference, `$(OTHER)`, which may bring in any pairs."""
    return any(_REFERENCES.fullmatch(part) for part in _parts(text))


def too_long(text: str) -> dict[str, int]:
    """Keys of a value whose raw key or value is longer than all SDKs take, with the length."""
    lengths = {}
    for key, raw in split(text):
        length = max(len(part.strip()) for part in raw.split("=", 1))
        if key and length > LONGEST_ATTRIBUTE:
            lengths[key] = length
    return lengths


def _parts(text: str) -> list[str]:
    return text.rstrip().removesuffix(",").split(",") if text.strip() else []


def _shown(part: str) -> str:
    """A part as a message has it: short, and without a secret."""
    text = masked(part.strip()) or ","
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def keys(text: str) -> list[str]:
    """The keys that a value sets."""
    return [key for key, _ in split(text) if key]


def merged(text: str, additions: dict[str, str]) -> str:
    """The user's text as it is, followed by the pairs whose keys it does not set."""
    existing = text.rstrip().rstrip(",")
    missing = join({key: value for key, value in additions.items() if key not in keys(text)})
    return ",".join(part for part in (existing, missing) if part)
