"""What is wrong with one value, before it is known where the value is.

Value checks raise a finding as pydantic's own error, so that one validation gathers all of them; the loader adds the
resource and the field (`krm_otel.config.reading.loader`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from krm_otel.diagnostics.result import Severity
from krm_otel.diagnostics.rule import Rule

FINDING: Final = "finding"
"""The key of pydantic's error context that holds a Finding."""
USE: Final = "use"
"""The key that holds the value to use instead, for warnings."""
ADVISED: Final = "advised"
"""The validation context of every pass after the first: warnings have been reported."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a value.

    Args:
        rule: the rule that does not hold.
        text: goes on after the field's name, as in `must be a number`.
        fix: what to write instead, as in `write 0.1`.
        proposed: the value that could be there.
        severity: where it differs from the rule's own.
        at: where in the value, if it is not the whole of it.
        others: what else is wrong with the value.
    """

    rule: Rule
    text: str
    fix: str = ""
    proposed: Any = None
    severity: Severity | None = None
    at: tuple[str | int, ...] = ()
    others: tuple[Finding, ...] = ()


def fault(rule: Rule, text: str, *, fix: str = "", proposed: Any = None) -> PydanticCustomError:
    """An error to raise in a value check."""
    return faults([Finding(rule, text, fix, proposed)])


def faults(findings: Sequence[Finding]) -> PydanticCustomError:
    """As `fault`, for several places in one value."""
    first, *others = findings
    return PydanticCustomError("finding", "finding", {FINDING: replace(first, others=tuple(others))})


def advise(info: ValidationInfo, finding: Finding, use: Any) -> None:
    """Raises a warning in a value check, once: the loader validates again with `use` in the value's place.

    It is raised, because only then pydantic says where the value is.
    """
    if info.context != ADVISED:
        raise PydanticCustomError("finding", "finding", {FINDING: finding, USE: use})
