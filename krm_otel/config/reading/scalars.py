"""Texts read as switches and numbers: for the flat form, whose values are all texts, and for proposals."""

from __future__ import annotations

import math
from typing import Final

from krm_otel.regex import regex

_YES: Final = frozenset(("true", "yes", "on", "1"))
_NO: Final = frozenset(("false", "no", "off", "0"))
_NUMBER: Final = regex(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?\Z")


def as_bool(text: str) -> bool | None:
    """The switch that a text means; None for another text."""
    word = text.strip().lower()
    return True if word in _YES else False if word in _NO else None


def as_number(text: str) -> float | None:
    """The number that a text is, written as a decimal; None for another text."""
    return float(text) if _NUMBER.match(text) and math.isfinite(float(text)) else None


def likely_number(text: str) -> float | None:
    """As `as_number`, also for a decimal comma and a percentage."""
    word = text.strip().replace(",", ".")
    if (number := as_number(word.removesuffix("%").rstrip())) is None:
        return None
    return number / 100 if word.endswith("%") else number
