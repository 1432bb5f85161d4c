"""Checks that fit any text or number; each returns the value to use, or raises a finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from krm_otel.config.types.finding import fault, write
from krm_otel.diagnostics.rule import Rule
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.regex import regex

_CONTROL: Final = regex(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HIGHEST: Final = 1_000_000_000


def matching(pattern: str, rule: Rule, text: str, longest: int = 0) -> Callable[[str], str]:
    """A check that the whole text matches a regular expression and has at most `longest` characters (0: any number).

    The finding has `text`.
    """
    expression = regex(pattern)

    def check(value: str) -> str:
        if (longest and len(value) > longest) or not expression.fullmatch(value):
            raise fault(rule, text)
        return value

    return check


def printable(value: str) -> str:
    """A text without control characters."""
    if not value.isprintable() and (match := _CONTROL.search(value)):
        text = f"contains the control character U+{ord(match[0]):04X}"
        raise fault(rules.CONTROL_CHARACTER, text, fix="leave it out")
    return value


def without_space(rule: Rule, text: str) -> Callable[[str], str]:
    """A check for a text that is not empty and has no white space, as globs and container names are."""

    def check(value: str) -> str:
        if not value or re.search(r"\s", value):
            better = "".join(value.split()) or None
            raise fault(rule, text, fix=write(better), proposed=better)
        return printable(value)

    return check


def number_as_text(value: Any) -> Any:
    """A number as a text: everybody writes `cpu: 1` and `cpu: 0.5` without quotes."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def count(value: int) -> int:
    """A number from 1."""
    if not 1 <= value <= _HIGHEST:
        proposed = 1 if value < 1 else _HIGHEST
        fix = "write 1 or more" if value < 1 else f"write {_HIGHEST} or less"
        raise fault(rules.NUMBER_RANGE, f"must be from 1 to {_HIGHEST}", fix=fix, proposed=proposed)
    return value


def percentage(value: int) -> int:
    """A share in percent, above zero."""
    if not 1 <= value <= 100:
        raise fault(rules.NUMBER_RANGE, "must be from 1 to 100", fix="write 75", proposed=75)
    return value
