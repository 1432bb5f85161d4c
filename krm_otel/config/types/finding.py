"""A fault of one value, before it is known where the value stands.

The validators of `models` raise a finding as pydantic's own error, so that one validation gathers all of
them; `load` puts the field path and the resource to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from krm_otel.diagnostics.result import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a value: `text` goes on after the field's name (`… must be a number: write 0.1`)."""

    code: str
    text: str
    severity: Severity = "error"
    proposed: Any = None
    at: tuple[str | int, ...] = ()
    """Where in the value, if it is not the whole of it."""
    others: tuple[Finding, ...] = ()
    """What else is wrong with it."""


FINDING = "finding"
"""The key of pydantic's error context under which a Finding travels."""
USE = "use"
"""The key under which the value travels that is to be used instead, for warnings."""


def fault(code: str, text: str, proposed: Any = None) -> PydanticCustomError:
    """An error to raise in a validator."""
    return PydanticCustomError("finding", "finding", {FINDING: Finding(code, text, "error", proposed)})


def faults(findings: Sequence[Finding]) -> PydanticCustomError:
    """As `fault`, of several places in one value."""
    first, *others = findings
    return PydanticCustomError("finding", "finding", {FINDING: replace(first, others=tuple(others))})


def advise(info: ValidationInfo, finding: Finding, use: Any) -> None:
    """Raise a warning in a validator, once: `load` validates again with `use` in the value's place.

    Raised, because this is the only way by which pydantic tells where the value stood.
    """
    if info.context != ADVISED:
        raise PydanticCustomError("finding", "finding", {FINDING: finding, USE: use})


ADVISED = "advised"
"""The validation context of every pass after the first: warnings have been heard."""
