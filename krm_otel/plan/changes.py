"""A plan, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from krm_otel.diagnostics.result import Ref, Result
from krm_otel.inject.sdk.variables import DesiredWorkload

T = TypeVar("T")


class Track(Protocol):
    """Iterates over things, and may show the progress."""

    def __call__(self, things: Sequence[T], doing: str, /) -> Iterable[T]: ...


def untracked(things: Sequence[T], doing: str, /) -> Iterable[T]:  # noqa: ARG001 - no progress is shown
    """Iterates over things and shows nothing."""
    return things


Action = Literal["injected", "updated", "removed", "unchanged", "skipped", "kept", "generated", "pruned"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one object. `text` is its new text; None where the text stays as it is."""

    ref: Ref
    action: Action
    reason: str = ""
    text: str | None = None
    desired: DesiredWorkload | None = None

    @property
    def changes_something(self) -> bool:
        """Whether this change makes the output differ from the input."""
        return self.action in ("injected", "updated", "removed", "generated", "pruned")

    def line(self) -> str:
        """For people: `Deployment/echo skipped (no class)`."""
        return f"{self.ref.kind}/{self.ref.name} {self.action}" + (f" ({self.reason})" if self.reason else "")


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

    @property
    def texts(self) -> dict[int, str]:
        """Position of an item → its new text, for those that change."""
        return new_texts(self.changes)


def new_texts(changes: Iterable[Change]) -> dict[int, str]:
    """Position of an item → its new text, for those that change."""
    return {change.ref.position: change.text for change in changes if change.text is not None}
