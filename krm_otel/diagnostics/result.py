"""Results: what a run reports, as data (KRM Functions Specification, `results`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from krm_otel.dataclass import dataclass, field

Severity = Literal["error", "warning", "info"]
STDIN: Final = "<stdin>"
"""Standard input, where a file is named."""
_RANK: Final[dict[str, int]] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: line and column in code points, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Ref:
    """The resource that a result is about, with its position in the input and, where known, its file.

    `index` is the index of the object in its file. `place` is only there where the text cannot be read, so that it has
    no fields to look for.
    """

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    file: str = ""
    index: int | None = None
    position: int = -1
    """Index among the input's items; -1 for the function config and the input as a whole."""
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return printable(f"{self.kind} {where}".strip())


@dataclass(frozen=True, slots=True)
class Result:
    """One result; rules make them (`krm_otel.diagnostics.rule`).

    Args:
        code: the code of the rule.
        severity: `error`, `warning` or `info`.
        message: what is wrong, and what to write or do instead.
        ref: the resource.
        field_path: as in `spec.observability.telemetry.sampling_rate`; empty for the resource as a whole.
        current: the value in the field, plain data; None where it is not given.
        proposed: the value that the field could have, plain data; None where it is not given.
        label: the end of `field_path` that the message begins with; empty where it does not.
        has_fix: whether the message says what to write or do.
    """

    code: str
    severity: Severity
    message: str
    ref: Ref = field(default=Ref())
    field_path: str = ""
    current: Any = None
    proposed: Any = None
    label: str = ""
    has_fix: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The result in the shape of the KRM Functions Specification; the code is a tag."""
        data: dict[str, Any] = {"message": self.message, "severity": self.severity}
        ref = self.ref
        if ref.kind:
            data["resourceRef"] = {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name}
            if ref.namespace:
                data["resourceRef"]["namespace"] = ref.namespace
        if self.field_path:
            data["field"] = {"path": self.field_path}
            if self.current is not None:
                data["field"]["currentValue"] = self.current
            if self.proposed is not None:
                data["field"]["proposedValue"] = self.proposed
        if ref.file:
            data["file"] = {"path": ref.file}
            if ref.index is not None:
                data["file"]["index"] = ref.index
        data["tags"] = {"code": self.code}
        return data

    def line(self, place: Place | None = None) -> str:
        """The result on one line, for people: `a.yaml:15:7: error[unknown-field] ClassRuntime demo/echo: message`."""
        where = printable(self.ref.file)
        if place is not None:
            where = f"{where or STDIN}:{place.line}:{place.column}"
        elif where and self.ref.index:
            where = f"{where}[{self.ref.index}]"
        return f"{where}: {self.head} {self.sentence}" if where else f"{self.head} {self.sentence}"

    @property
    def head(self) -> str:
        """Severity and code: `error[unknown-field]`."""
        return f"{self.severity}[{self.code}]"

    @property
    def sentence(self) -> str:
        """What is wrong where, without the file: `ClassRuntime demo/echo: spec…: message`."""
        return ": ".join(filter(None, (str(self.ref) if self.ref.kind else "", self.text)))

    @property
    def text(self) -> str:
        """The message with the whole path of the field, and with what to write."""
        message = self.message
        if self.proposed is not None and not self.has_fix:
            import json

            message += f"; write {self.proposed if isinstance(self.proposed, str) else json.dumps(self.proposed)}"
        if self.label:
            return self.field_path + message[len(self.label) :]  # the field once, with its whole path
        return f"{self.field_path}: {message}" if self.field_path else message


def printable(text: str) -> str:
    """A text with escapes for characters that cannot be printed.

    Names, keys and values of the input may move a terminal's cursor, turn the direction of writing, or forge a line.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def ordered(results: Iterable[Result]) -> list[Result]:
    """Errors, then warnings, then infos; in each group by item, then in the order of `results`; without duplicates."""
    # By their printed form: current and proposed values may be lists, which cannot be hashed.
    unique = {repr(result): result for result in results}
    return sorted(unique.values(), key=lambda result: (_RANK[result.severity], result.ref.position))


def has_errors(results: Iterable[Result]) -> bool:
    """Whether the function fails (exit code 1)."""
    return any(result.severity == "error" for result in results)
