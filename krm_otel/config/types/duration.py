"""Durations: as Go spells them, for the collector, and as Prometheus does. Each check returns the value or raises a
finding.

Sources: Go, `time.ParseDuration`; Prometheus, `model.ParseDuration`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from krm_otel.config.types.finding import Faulty, fault, write
from krm_otel.config.types.text import number_as_text
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.rules import sampling as sampling_rules
from krm_otel.regex import regex

if TYPE_CHECKING:
    from fractions import Fraction

_NANOSECONDS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART: Final = regex(rf"([0-9]+(?:\.[0-9]+)?)({'|'.join(_NANOSECONDS)})")
_GO: Final = regex(rf"0|({_PART.pattern})+")
_PROMETHEUS: Final = regex(r"([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?")
_WHOLE_SECONDS: Final = regex("[1-9][0-9]*s")
_LONGEST: Final = 2**63 - 1
"""Nanoseconds: Go's durations have 64 bits."""


def nanoseconds(duration: str) -> Fraction:
    """The length of a checked duration as Go spells it."""
    from fractions import Fraction

    parts = (Fraction(number) * _NANOSECONDS[unit] for number, unit in _PART.findall(duration))
    return sum(parts, Fraction(0))


def as_milliseconds(text: str) -> int | None:
    """The length of a duration as Go spells it; None where the text is none, or no whole number of milliseconds."""
    length = nanoseconds(text) / 10**6 if _GO.fullmatch(text) else None
    return int(length) if length is not None and length.denominator == 1 else None


def go_duration(value: Any) -> Any:
    """A duration as Go spells it. It is checked before its type: a number gets a message about the missing unit."""
    text = number_as_text(value)
    if isinstance(text, str) and (text is not value or not _GO.fullmatch(text)):
        raise _invalid("must be a duration such as 200ms, 10s or 1m30s", text, _GO)
    if isinstance(text, str) and nanoseconds(text) > _LONGEST:
        wrong = "is longer than the collector supports"
        raise fault(rules.DURATION_INVALID, wrong, fix="write 24h or less", proposed="24h")
    return value


def positive(value: str) -> str:
    """A duration above zero."""
    if not re.search("[1-9]", value):
        raise fault(rules.DURATION_INVALID, "must be above zero", fix="write 15s", proposed="15s")
    return value


def whole_milliseconds(value: str) -> str:
    """A duration that SDKs, which count in milliseconds, can have."""
    if as_milliseconds(value) is None:
        raise fault(
            rules.DURATION_INVALID, "must be a whole number of milliseconds", fix="write 500ms", proposed="500ms"
        )
    return value


def prometheus_duration(value: Any) -> Any:
    """A duration above zero as Prometheus spells it: whole numbers, the largest unit first."""
    text = number_as_text(value)
    if isinstance(text, str) and not (_PROMETHEUS.fullmatch(text) and re.search("[1-9]", text)):
        raise _invalid("must be a duration of Prometheus such as 15s, 1m or 1m30s", text, _WHOLE_SECONDS)
    return value


def _invalid(wrong: str, text: str, pattern: re.Pattern[str]) -> Faulty:
    proposed = f"{text}s" if pattern.fullmatch(f"{text}s") else None
    return fault(rules.DURATION_INVALID, wrong, fix=write(proposed), proposed=proposed)


def bounds(value: tuple[str, ...]) -> tuple[str, ...]:
    """Bounds of a histogram: above zero, and in ascending order."""
    if not value:
        raise fault(rules.EMPTY, "must not be empty", fix="write [10ms, 100ms, 1s], or leave the field out")
    numbers = list(map(nanoseconds, ("0s", *value)))
    if any(low >= high for low, high in pairwise(numbers)):
        proposed = sorted({bound for bound in value if nanoseconds(bound)}, key=nanoseconds)
        fix = write(", ".join(proposed))
        raise fault(
            sampling_rules.BUCKETS_ORDER, "must be above zero and in ascending order", fix=fix, proposed=proposed
        )
    return value
