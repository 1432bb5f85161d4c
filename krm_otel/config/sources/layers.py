"""Layers of configuration, highest first, and how one value is picked from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from krm_otel.config.provenance import Loc, Place
from krm_otel.config.settings import Sourced
from krm_otel.diagnostics.result import Result, Severity

T = TypeVar("T")
U = TypeVar("U")

_DEFAULTS = Place("default")


@dataclass(frozen=True)
class Layer:
    """One source of a class's settings.

    `faulty`: something in it is wrong that may matter here. What it says is then not judged together with the
    rest: a misspelt `endpoint` must not be told as a missing one, too.
    """

    block: BaseModel
    place: Place
    faulty: bool = False

    def at(self, loc: Loc) -> Any:
        """The value at a place in the block; None where it is absent."""
        value: Any = self.block
        for step in loc:
            value = getattr(value, str(step), None)
        return value


@dataclass(frozen=True)
class Found(Generic[T]):
    """A value, and the place where it stands."""

    value: T
    place: Place
    loc: Loc

    @property
    def by_default(self) -> bool:
        """Whether nobody configured it."""
        return self.place is _DEFAULTS

    @property
    def by_class(self) -> bool:
        """Whether the author of a ClassRuntime wrote it: limits bind these values only."""
        return self.place.source == "ClassRuntime"

    def sourced(self) -> Sourced[T]:
        """The value with its origin."""
        return Sourced(self.value) if self.by_default else Sourced(self.value, self.place.origin(self.loc))

    def having(self, value: U) -> Found[U]:
        """Another value that stands for this one."""
        return Found(value, self.place, self.loc)

    def result(self, code: str, severity: Severity, text: str, proposed: Any = None) -> Result:
        """A result about it."""
        current = list(self.value) if isinstance(self.value, tuple) else self.value
        return self.place.result(self.loc, code, severity, text, current, proposed)


def find(layers: Sequence[Layer], *loc: str) -> Found[Any] | None:
    """The value of the highest layer that says it; None where none does."""
    for layer in layers:
        if (value := layer.at(loc)) is not None:
            return Found(value, layer.place, loc)
    return None


def pick(layers: Sequence[Layer], default: T, *loc: str) -> Found[T]:
    """As `find`, with the built-in value."""
    return find(layers, *loc) or Found(default, _DEFAULTS, loc)


def merged(layers: Sequence[Layer], *loc: str) -> dict[str, Sourced[str]]:
    """A mapping that the layers fill together, key by key; keys of lower layers come first."""
    values: dict[str, Sourced[str]] = {}
    for layer in reversed(layers):
        for key, value in (layer.at(loc) or {}).items():
            values[key] = Sourced(value, layer.place.origin((*loc, key)))
    return values


Say = Callable[[Result], None]
"""Takes what is to be said."""
