"""Marks in the types of fields: what happens to a value beside the check of its plain type.

    Quantity = Annotated[str, Before(number_as_text), Check(quantity.check), TypeName("quantity")]

Each mark goes around what stands before it. They are plain data: `krm_otel.config.reading` has who reads by them.

`Annotated` is that of `typing` to a type checker. Here it costs next to nothing; there each of the 75 types that every
run declares costs 80,000 instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import Annotated
else:

    class Annotated:
        """The origin of a type with marks: `get_args` has the type, and then the marks."""

        def __class_getitem__(cls, type_and_marks: tuple[Any, ...]) -> GenericAlias:
            return GenericAlias(cls, type_and_marks)


__all__ = ["LAX", "Annotated", "Around", "Before", "Check", "Lax", "TypeName"]


class Check:
    """A function that gets the value of the plain type, and returns the value to use, or raises what is wrong."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function


class Before:
    """A function that gets what is written, and returns what the plain type is to check.

    Args:
        function: it returns what it does not understand as it is.
        written_as: the type of what may be written, for JSON Schema; None where that is the plain type.
    """

    __slots__ = ("function", "written_as")

    def __init__(self, function: Callable[[Any], Any], written_as: Any = None) -> None:
        self.function = function
        self.written_as = written_as


class Around:
    """A function that gets what is written, and the function that reads it by the type."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Any, Callable[[Any], Any]], Any]) -> None:
        self.function = function


class Lax:
    """The mark of lists: they come out of YAML as lists, and models have tuples."""

    __slots__ = ()


LAX: Final = Lax()


class TypeName(str):
    """The name of a type in the documentation. Types without one are named after what they are."""

    __slots__ = ()
