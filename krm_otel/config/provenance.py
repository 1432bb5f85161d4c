"""Where a configured value stands: its field path, resource and origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from krm_otel.config.settings import Origin, Source
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result, Severity
from krm_otel.diagnostics.rule import one_line

Loc = tuple[int | str, ...]
"""Steps from a block to a value in it, as pydantic gives them: `("telemetry", "propagators", 0)`."""


@dataclass(frozen=True)
class Place:
    """Where a block stands.

    Args:
        source: the kind of source, for origins.
        ref: the resource; an empty Ref for the environment.
        prefix: field path of the block in it.
        names: names of their own for some values in the block, as the flat form has (`data.traces`, a
            variable); they stand for what lies deeper, too.
    """

    source: Source
    ref: Ref = field(default=Ref())
    prefix: str = ""
    names: Mapping[Loc, str] = field(default_factory=dict)

    def path(self, loc: Loc = ()) -> str:
        """The field path, or the variable's name."""
        for length in range(len(loc), 0, -1):
            if (name := self.names.get(loc[:length])) is not None:
                return name
        return field_path(*loc, start=self.prefix)

    def label(self, loc: Loc = ()) -> str:
        """The path as messages begin with it: short, within its block."""
        path = self.path(loc)
        for head in ("spec.observability.", "spec.", "data."):
            if path.startswith(head) and len(path) > len(head):
                return path.removeprefix(head)
        return path

    def origin(self, loc: Loc) -> Origin:
        """The origin of a value."""
        return Origin(self.source, self.path(loc))

    def result(
        self, loc: Loc, code: str, severity: Severity, text: str, current: Any = None, proposed: Any = None
    ) -> Result:
        """A result about the value at `loc`; `text` goes on after its name."""
        message = f"{self.label(loc)} {text}"
        return said(code, severity, message, self.ref, self.path(loc), current, proposed)


def said(
    code: str,
    severity: Severity,
    message: str,
    ref: Ref,
    path: str = "",
    current: Any = None,
    proposed: Any = None,
) -> Result:
    """A result whose message and path stay on one line, whatever names and keys are in them."""
    return Result(code, severity, one_line(message), ref, one_line(path), current, proposed)
