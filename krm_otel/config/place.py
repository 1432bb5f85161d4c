"""Where a configured value stands: its field path, resource and origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from krm_otel.config.settings import Origin, Source
from krm_otel.krm.results import Ref, Result, Severity

Loc = tuple[int | str, ...]
"""Steps from a block to a value in it, as pydantic gives them: `("telemetry", "propagators", 0)`."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


def join(prefix: str, loc: Loc) -> str:
    """`spec`, `("telemetry", "propagators", 0)` → `spec.telemetry.propagators[0]`; odd keys as `['a.b']`."""
    path = prefix
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN.match(step):
            path += f".{step}" if path else step
        else:
            path += f"['{step}']"
    return path


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
        return join(self.prefix, loc)

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


def one_line(text: str) -> str:
    """A text with what cannot be printed escaped: keys and values in it come from anybody."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
