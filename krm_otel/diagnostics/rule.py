"""Rules: what krm-otel checks, each stated once, and the one way to report that a rule does not hold.

A rule has a stable code, a severity, what it means and what to do. `docs/results.md` and the codes in every output come
from `krm_otel.diagnostics.rules`. A check returns or yields results: it calls `RULE.at(where, text, fix=…)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from krm_otel.credential import masked
from krm_otel.diagnostics.result import Ref, Result, Severity


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
        location = where if isinstance(where, Location) else Location(where)
        label = one_line(location.label)
        message = one_line(masked(f"{location.label} {text}".strip()))
        return Result(
            self.code,
            severity or self.severity,
            f"{message}: {one_line(masked(fix))}" if fix else message,
            location.ref,
            one_line(location.path),
            _masked_data(current),
            _masked_data(proposed),
            label=label,
            has_fix=bool(fix),
        )


def _masked_data(value: Any) -> Any:
    """Plain data in which credentials are masked by their form."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _masked_data(member) for key, member in value.items()}
    return [_masked_data(member) for member in value] if isinstance(value, list) else value


def one_line(text: str) -> str:
    """A text with escapes for characters that cannot be printed: it may contain keys and values of the input."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
