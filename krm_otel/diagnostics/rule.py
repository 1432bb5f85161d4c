"""Rules: what krm-otel checks, each stated once, and the one way to report that a rule does not hold.

A rule has a stable code, a severity, what it means and what to do. `docs/results.md` and the codes in every output come
from `krm_otel.diagnostics.rules`. A check returns or yields results: it calls `RULE.at(where, text, fix=…)`.
"""

from __future__ import annotations

from typing import Any, Final

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Ref, Result, Severity, printable

_INFINITE: Final = float("inf")
_LARGEST: Final = 2**1023
"""Larger numbers are none in JSON, where readers take them for doubles; Python itself refuses to print the largest."""


@dataclass(frozen=True, slots=True)
class Location:
    """A field of a resource.

    Args:
        ref: the resource.
        path: the field's path in it, or the name of a variable; empty for the resource as a whole.
        label: how a message names the field, a shorter end of `path`; empty where the message names it itself.
    """

    ref: Ref
    path: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that has to hold, or that a user should know.

    Args:
        code: stable, in lower case with dashes.
        severity: of its results, unless `at` gets another one.
        meaning: what a result with this code means, as Markdown.
        remedy: what a user does about it, as Markdown.
        example: a message, as a run prints it.
        otherwise: when its results have another severity, as Markdown: `warning for single files`.
    """

    code: str
    severity: Severity
    meaning: str
    remedy: str
    example: str = ""
    otherwise: str = ""

    def at(
        self,
        where: Location | Ref,
        text: str,
        *,
        fix: str = "",
        current: Any = None,
        proposed: Any = None,
        severity: Severity | None = None,
    ) -> Result:
        """A result of this rule.

        Args:
            where: the field, or the resource as a whole.
            text: what is wrong; it continues after the label of the field, where there is one.
            fix: what to write instead, as in `write mode: deployment`.
            current: the value in the field, plain data. Never a secret; what has the form of one is masked anyway, as
                it is in the texts.
            proposed: the value that the field could have.
            severity: where it differs from the rule's own.
        """
        from krm_otel.credential import masked  # where all is well, nothing is reported

        location = where if isinstance(where, Location) else Location(where)
        label = printable(location.label)
        message = printable(masked(f"{location.label} {text}".strip()))
        return Result(
            self.code,
            severity or self.severity,
            f"{message}: {printable(masked(fix))}" if fix else message,
            location.ref,
            printable(location.path),
            _masked_data(current),
            _masked_data(proposed),
            label=label,
            has_fix=bool(fix),
        )


def _masked_data(value: Any) -> Any:
    """Plain data that JSON can hold, in which credentials are masked by their form.

    What JSON has no form for (NaN, a lone surrogate, another type) becomes text: a result must never end a run.
    """
    if isinstance(value, dict):
        return {_text(key): _masked_data(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_masked_data(member) for member in value]
    from krm_otel.credential import masked

    is_small = isinstance(value, int) and abs(value) <= _LARGEST
    if value is None or is_small or (isinstance(value, float) and abs(value) < _INFINITE):
        return value
    return masked(_text(value))


def _text(value: Any) -> str:
    is_large = isinstance(value, int) and abs(value) > _LARGEST
    text = f"a number of {value.bit_length()} bits" if is_large else str(value)
    return text.encode("utf-8", "backslashreplace").decode()
