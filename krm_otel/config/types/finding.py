"""What is wrong with one value, before it is known where the value is.

Value checks raise findings as pydantic's own error, so that one validation collects all of them. The loader
(`krm_otel.config.reading.loader`) adds the resource and the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rule import Location, Rule

FINDINGS: Final = "findings"
"""The key of pydantic's error context that holds a tuple of findings."""
REPLACEMENT: Final = "replacement"
"""The key that holds the value to use instead, for warnings."""
WARNED: Final = "warned"
"""The validation context of every pass after the first: warnings have been reported."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a value.

    Args:
        rule: the rule that does not hold.
        text: goes on after the field's name, as in `must be a number`.
        fix: what to write instead, as in `write 0.1`.
        proposed: the value that could be there.
        steps: where in the value, if it is not the whole of it.
    """

    rule: Rule
    text: str
    fix: str = ""
    proposed: Any = None
    steps: tuple[str | int, ...] = ()

    @property
    def message(self) -> str:
        """The text with the fix."""
        return f"{self.text}: {self.fix}" if self.fix else self.text

    def at(self, where: Location, current: Any, severity: Severity | None = None) -> Result:
        """The result, once the place is known; for the arguments see `Rule.at`."""
        return self.rule.at(where, self.text, fix=self.fix, current=current, proposed=self.proposed, severity=severity)


def write(value: str | None) -> str:
    """A fix that proposes a value; empty without one."""
    return f"write {value}" if value else ""


def fault(rule: Rule, text: str, *, fix: str = "", proposed: Any = None) -> PydanticCustomError:
    """An error to raise in a value check."""
    return faults([Finding(rule, text, fix, proposed)])


def faults(findings: Iterable[Finding]) -> PydanticCustomError:
    """As `fault`, for several places in one value."""
    return PydanticCustomError("finding", "finding", {FINDINGS: tuple(findings)})


def warn(info: ValidationInfo, finding: Finding, replacement: Any) -> None:
    """Reports a warning in a value check, once: the loader validates again with `replacement` as the value.

    It is raised, since only then does pydantic tell where the value is.
    """
    if info.context != WARNED:
        raise PydanticCustomError("finding", "finding", {FINDINGS: (finding,), REPLACEMENT: replacement})
