"""Results as annotations of a pull request.

Source: GitHub Actions, "Workflow commands"; the escapes are those of `@actions/core`, `command.ts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.diagnostics.result import Result, Severity
from krm_otel.run import Outcome

_COMMANDS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "notice"}
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}


def workflow_commands(outcome: Outcome) -> Iterator[str]:
    """A workflow command for each result: `::error file=a.yaml,line=15,col=7,title=unknown-field::message`."""
    return (_annotation(outcome, result) for result in outcome.results)


def _annotation(outcome: Outcome, result: Result) -> str:
    properties = {}
    if result.ref.file:
        properties["file"] = result.ref.file
        if place := outcome.places.of(result):
            properties |= {"line": str(place.line), "col": str(place.column)}
    properties["title"] = result.code
    listed = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[result.severity]} {listed}::{_escaped(result.sentence, _DATA)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in text)
