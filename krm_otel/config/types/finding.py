"""What is wrong with one value, before it is known where the value is.

Value checks raise findings. `krm_otel.config.reading` collects those of a whole block, and adds the resource and the
field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rule import Location, Rule


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


class Faulty(Exception):
    """What a value check raises.

    Args:
        findings: what is wrong with the value.
        replacement: the value to use instead, where the findings are warnings.
    """

    def __init__(self, findings: tuple[Finding, ...], replacement: Any = None) -> None:
        super().__init__(*(finding.message for finding in findings))
        self.findings = findings
        self.replacement = replacement


def fault(rule: Rule, text: str, *, fix: str = "", proposed: Any = None) -> Faulty:
    """An error to raise in a value check."""
    return faults([Finding(rule, text, fix, proposed)])


def faults(findings: Iterable[Finding]) -> Faulty:
    """As `fault`, for several places in one value."""
    return Faulty(tuple(findings))


def warning(finding: Finding, replacement: Any) -> Faulty:
    """A warning to raise in a value check, with the value to use instead, which may be the same."""
    return Faulty((finding,), replacement)
