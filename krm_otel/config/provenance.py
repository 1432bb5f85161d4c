"""Where a configured value comes from: its source, the field in it, and how results name both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeVar

from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.field_path import Step, field_path
from krm_otel.diagnostics.result import Ref, Result, Severity
from krm_otel.diagnostics.rule import Location, Rule

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

SourceKind = Literal["ClassRuntime", "OTelConfig", "environment", "default", "annotation", "label", "image"]
FieldSteps = tuple[Step, ...]
"""Steps from a block to a value in it, as pydantic gives them: `("telemetry", "propagators", 0)`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from, for people: the kind of source, and the field path or variable in it."""

    source: SourceKind
    where: str = ""

    def __str__(self) -> str:
        source = "ConfigMap" if self.where.startswith("data.") else self.source  # the flat form ranks as OTelConfig
        return f"{source} {self.where}".strip()


DEFAULT: Final = Origin("default")


@dataclass(frozen=True)
class Source:
    """A block of settings in a resource, or in the environment.

    Args:
        kind: the kind of source, for origins.
        ref: the resource; an empty Ref for the environment.
        path: field path of the block in it.
        aliases: names of values of the block in the flat form (`data.traces`, a variable); an alias also names
            everything below its value.
    """

    kind: SourceKind
    ref: Ref = field(default=Ref())
    path: str = ""
    aliases: Mapping[FieldSteps, str] = field(default_factory=dict)

    def path_of(self, steps: FieldSteps = ()) -> str:
        """The field path of a value in the block, or the name of its variable."""
        for length in range(len(steps), 0, -1):
            if (alias := self.aliases.get(steps[:length])) is not None:
                return alias
        return field_path(*steps, start=self.path)

    def origin(self, steps: FieldSteps) -> Origin:
        """The origin of a value in the block."""
        return Origin(self.kind, self.path_of(steps))

    def location(self, steps: FieldSteps = ()) -> Location:
        """A value in the block, as results name it: messages begin with a short path, within the block."""
        path = self.path_of(steps)
        heads = ("spec.observability.", "spec.", "data.")
        label = next((path.removeprefix(head) for head in heads if path.startswith(head) and path != head), path)
        return Location(self.ref, path, label)


_BUILT_IN: Final = Source("default")


@dataclass(frozen=True)
class Sourced(Generic[T_co]):
    """A value with the field of the source that gives it; a default has no source."""

    value: T_co
    source: Source = _BUILT_IN
    steps: FieldSteps = ()

    @property
    def is_default(self) -> bool:
        """Whether no source configures it."""
        return self.source is _BUILT_IN

    @property
    def is_from_class(self) -> bool:
        """Whether the author of a ClassRuntime wrote it. Limits bind these values only."""
        return self.source.kind == "ClassRuntime"

    @cached_property
    def origin(self) -> Origin:
        """Where it comes from."""
        return DEFAULT if self.is_default else self.source.origin(self.steps)

    def with_value(self, value: U) -> Sourced[U]:
        """Another value, from the same field."""
        return Sourced(value, self.source, self.steps)

    def inside(self, value: U, *steps: Step) -> Sourced[U]:
        """A value inside this one."""
        return Sourced(value, self.source, (*self.steps, *steps))

    def report(
        self, rule: Rule, text: str, *, fix: str = "", proposed: Any = None, severity: Severity | None = None
    ) -> Result:
        """A result about the value. A block is never its current value: it can be large, or contain secrets."""
        current: Any = list(self.value) if isinstance(self.value, tuple) else self.value
        if not isinstance(current, bool | int | float | str | list):
            current = None
        where = self.source.location(self.steps)
        return rule.at(where, text, fix=fix, current=current, proposed=proposed, severity=severity)
