"""What a plan comes to, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from krm_otel.diagnostics.result import Ref, Result
from krm_otel.inject.sdk.variables import DesiredWorkload

T = TypeVar("T")


class Track(Protocol):
    """Goes over things one by one; a terminal shows how far it is."""

    def __call__(self, things: Sequence[T], doing: str, /) -> Iterable[T]: ...


def untracked(things: Sequence[T], doing: str, /) -> Iterable[T]:  # noqa: ARG001 - nobody is watching
    """Goes over things and shows nothing."""
    return things


Action = Literal["injected", "updated", "removed", "unchanged", "skipped", "kept", "generated", "pruned"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one workload. `text` is its new text, None where it stays as it is."""

    ref: Ref
    action: Action
    reason: str = ""
    text: str | None = None
    desired: DesiredWorkload | None = None

    @property
    def changes_something(self) -> bool:
        """Whether the output differs from the input because of it."""
        return self.action in ("injected", "updated", "removed", "generated", "pruned")

    def line(self) -> str:
        """For people: `Deployment/echo skipped (no class)`."""
        return f"{self.ref.kind}/{self.ref.name} {self.action}" + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Objects:
    """Generated objects: those that are written anew (position → object), those that go (positions), and those that
    come, in order, by the plain file that they go to (no name: where the input is no files)."""

    rewritten: dict[int, dict[str, Any]] = field(default_factory=dict)
    gone: frozenset[int] = frozenset()
    added: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every workload's change, in the order of the input, and everything that is to be said."""

    changes: tuple[Change, ...]
    results: tuple[Result, ...]
    objects: Objects = field(default_factory=Objects)
    """What happens to generated objects. Where there is an error, the caller changes nothing at all."""
    switched_off: str = ""
    """Where the global switch says off."""

    @property
    def texts(self) -> dict[int, str]:
        """Position of an item → its new text, for those that change."""
        return {change.ref.position: change.text for change in self.changes if change.text is not None}
