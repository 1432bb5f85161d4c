"""Plain data behaves as with the standard library's `dataclasses`, in all that this package uses of it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any, Generic, TypeVar

import pytest

from krm_otel import dataclass as own

T = TypeVar("T")


@own.dataclass(frozen=True, slots=True)
class Pickled:
    """On the level of the module, as pickle needs it."""

    name: str
    entries: list[str] = own.field(default_factory=list)


class Declared:
    """The same classes, declared with one of the two modules."""

    def __init__(self, module: Any) -> None:
        @module.dataclass(frozen=True, slots=True)
        class Point:
            """A point."""

            x: int
            y: int = 2
            notes: list[str] = module.field(default_factory=list)
            secret: str = module.field(default="s", repr=False)

            @property
            def total(self) -> int:
                return self.x + self.y

        @module.dataclass(slots=True)
        class Mutable:
            x: int

        @module.dataclass(frozen=True)
        class Open:
            x: int = 1

        @module.dataclass(frozen=True, slots=True, eq=False)
        class Identity:
            x: int

        @module.dataclass(frozen=True, slots=True)
        class Empty:
            pass

        @module.dataclass(frozen=True, slots=True)
        class Box(Generic[T]):
            value: T

            def __repr__(self) -> str:
                return f"<{self.value}>"

        @module.dataclass(slots=True)
        class Counted:
            x: int

            def __post_init__(self) -> None:
                self.x += 1

        self.Point, self.Mutable, self.Open, self.Identity = Point, Mutable, Open, Identity
        self.Empty, self.Box, self.Counted, self.replace = Empty, Box, Counted, module.replace


SAME: list[Callable[[Any], Any]] = [
    lambda d: repr(d.Point(1)),
    lambda d: repr(d.Point(1, notes=["a"], y=3)),
    lambda d: (d.Point.__doc__, d.Point.__name__, d.Point.__qualname__, d.Point.__module__, d.Point.__slots__),
    lambda d: d.Point(1).total,
    lambda d: (d.Point(1) == d.Point(1), d.Point(1) == d.Point(2), d.Point(1) == 1, d.Point(1) != d.Point(1)),
    lambda d: d.Point(1).notes is d.Point(1).notes,
    lambda d: d.Point(1, secret="a") == d.Point(1, secret="b"),
    lambda d: hash(d.Box("a")) == hash(d.Box("a")),
    lambda d: len({d.Box("a"), d.Box("a"), d.Box("b")}),
    lambda d: d.Mutable.__hash__,
    lambda d: (d.Mutable(1) == d.Mutable(1), repr(d.Mutable(x=1))),
    lambda d: (d.Open(), d.Open(2).__dict__),
    lambda d: (d.Identity(1) == d.Identity(1), hash(d.Identity(1)) == hash(d.Identity(1))),
    lambda d: (d.Empty() == d.Empty(), repr(d.Empty()), hash(d.Empty()) == hash(())),
    lambda d: (repr(d.Box(1)), d.Box(1) == d.Box(1)),
    lambda d: (d.Counted(1).x, d.replace(d.Counted(1), x=5).x),
    lambda d: repr(d.replace(d.Point(1, 5, ["a"], "t"), x=2)),
    lambda d: d.replace(d.Point(1, secret="t"), x=2).secret,
    lambda d: copy.copy(d.Mutable(1)),
    lambda d: copy.deepcopy(d.Point(1, notes=["a"])),
    lambda d: (d.Box(float("nan")) == d.Box(float("nan")), d.Box(nan := float("nan")) == d.Box(nan)),
]
"""Expressions that give the same with both modules."""

WRONG: list[Callable[[Any], Any]] = [
    lambda d: d.Point(),
    lambda d: d.Point(1, z=1),
    lambda d: d.Point(1, x=1),
    lambda d: d.Empty(1),
    lambda d: d.replace(d.Point(1), z=1),
    lambda d: hash(d.Mutable(1)),
    lambda d: hash(d.Point(1)),
]
"""Expressions that fail in the same way with both."""


@pytest.fixture(autouse=True, params=[0, 20], ids=["compiled", "bound"])
def first_objects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects that are made before `__init__` is compiled."""
    monkeypatch.setattr(own, "FIRST_OBJECTS", request.param)


@pytest.mark.parametrize("expression", SAME)
def test_it_behaves_as_the_standard_library(expression: Callable[[Any], Any]) -> None:
    assert str(expression(Declared(own))) == str(expression(Declared(dataclasses)))


@pytest.mark.parametrize("expression", WRONG)
@pytest.mark.parametrize("module", [own, dataclasses])
def test_it_fails_as_the_standard_library(expression: Callable[[Any], Any], module: ModuleType) -> None:
    declared, standard = Declared(module), Declared(dataclasses)
    for _ in range(2):  # the first one compiles in any case
        with pytest.raises(TypeError) as raised:
            expression(declared)
        with pytest.raises(TypeError) as expected:
            expression(standard)
        assert str(raised.value) == str(expected.value)


def test_the_last_object_is_as_the_first() -> None:
    """`__init__` is compiled between them."""
    point: Any = Declared(own).Point
    points = [point(number, notes=["a"]) for number in range(30)]
    assert [repr(one) for one in points] == [repr(point(number, notes=["a"])) for number in range(30)]
    assert point.__init__.__code__.co_varnames == ("self", "x", "y", "notes", "secret")


def test_objects_are_pickled() -> None:
    one = Pickled("a", ["b"])
    assert pickle.loads(pickle.dumps(one)) == one


def test_field_names_are_those_of_classes_and_objects() -> None:
    assert own.field_names(Pickled) == own.field_names(Pickled("a")) == ("name", "entries")
    assert own.field_names(str) is None
    assert own.field_names({}) is None


def test_a_default_that_is_missing_is_no_class_attribute() -> None:
    """With slots, it would hide the field."""
    assert Pickled("a").entries == []
    assert type(Pickled.__dict__["entries"]).__name__ == "member_descriptor"


def test_slots_have_no_dict() -> None:
    with pytest.raises(AttributeError, match="z"):
        vars(Declared(own))["Mutable"](1).z = 2
