"""A plan, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from krm_otel.config.settings import Configuration
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import Ref, Result, printable
from krm_otel.workloads.kustomizations import Kustomizations

T = TypeVar("T")


if TYPE_CHECKING:

    class Track(Protocol):
        """Iterates over things, and may show the progress."""

        def __call__(self, things: Sequence[T], doing: str, /) -> Iterable[T]: ...
else:
    Track = object  # a Protocol takes 2 million instructions of a start


def untracked(things: Sequence[T], doing: str, /) -> Iterable[T]:  # noqa: ARG001 - no progress is shown
    """Iterates over things and shows nothing."""
    return things


Action = Literal["injected", "updated", "removed", "unchanged", "skipped", "kept", "generated", "pruned"]
Role = Literal["workload", "object", "definition"]
"""What an object is to krm-otel: a workload, a generated object, or a ClassRuntime (or its definition) that it writes
into."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one object. `text` is its new text; None where the text stays as it is."""

    ref: Ref
    action: Action
    reason: str = ""
    text: str | None = None
    role: Role = "workload"

    @property
    def changes_something(self) -> bool:
        """Whether this change makes the output differ from the input."""
        return self.action in ("injected", "updated", "removed", "generated", "pruned")

    def line(self) -> str:
        """For people: `Deployment/echo skipped (no class) in demo`, where demo is the namespace."""
        reason = f" ({self.reason})" if self.reason else ""
        namespace = f" in {self.ref.namespace}" if self.ref.namespace else ""
        return printable(f"{self.ref.kind}/{self.ref.name} {self.action}{reason}{namespace}")


@dataclass(frozen=True, slots=True)
class ObjectChanges:
    """What happens to generated objects.

    Args:
        rewritten: position of an item → its new object.
        removed: the positions of the items that are removed.
        added: plain file → its new objects in order; the file is empty where the input does not come from files.
    """

    rewritten: dict[int, dict[str, Any]] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    added: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of all objects and the results. Where a result is an error, the caller changes nothing at all."""

    changes: tuple[Change, ...]
    results: tuple[Result, ...]
    objects: ObjectChanges = field(default_factory=ObjectChanges)
    switched_off: str = ""
    """Where the global switch is off; empty: it is not."""
    configuration: Configuration = field(default=Configuration(()))
    """What the input and the environment configure."""
    kustomizations: Kustomizations = field(default_factory=Kustomizations)
    """The kustomizations of the input."""

    @property
    def texts(self) -> dict[int, str]:
        """Position of an item → its new text, for those that change."""
        return new_texts(self.changes)


def new_texts(changes: Iterable[Change]) -> dict[int, str]:
    """Position of an item → its new text, for those that change."""
    return {change.ref.position: change.text for change in changes if change.text is not None}
