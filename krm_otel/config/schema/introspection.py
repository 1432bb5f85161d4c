"""What the models declare at a place in them: for proposals, pydantic's errors alone say too little."""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from krm_otel.config.provenance import FieldSteps

Shape = Any
"""A type annotation without Annotated and None: a model class, `dict[…]`, `tuple[…]`, Literal, str, bool."""


def bare_type(annotation: Any) -> Shape:
    """An annotation without metadata and None."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            members = [arg for arg in get_args(annotation) if arg is not NoneType]
            if len(members) != 1:
                return annotation
            annotation = members[0]
        else:
            return annotation


def origin(shape: Shape) -> Any:
    """`dict` of `dict[str, str]`; Any, for mypy takes the library's function to give special forms only."""
    return get_origin(shape)


def is_model(shape: Shape) -> bool:
    """Whether a shape is a mapping with fixed fields."""
    return isinstance(shape, type) and issubclass(shape, BaseModel)


@cache
def fields_of(model: type[BaseModel]) -> dict[str, Shape]:
    """The fields of a model, as users write them, with their shapes."""
    return {field.alias or name: bare_type(field.annotation) for name, field in model.model_fields.items()}


def shape_in(shape: Shape, step: int | str) -> Shape:
    """The shape of a member of a shape; None where nothing is declared."""
    if is_model(shape):
        return fields_of(shape).get(str(step))
    if origin(shape) is dict:
        return bare_type(get_args(shape)[1])
    if origin(shape) is tuple and isinstance(step, int):
        return bare_type(get_args(shape)[0])
    return None


def shape_at(model: type[BaseModel], loc: FieldSteps) -> Shape:
    """The shape at a place below a model; None where nothing is declared."""
    shape: Shape = model
    for step in loc:
        shape = shape_in(shape, step)
        if shape is None:
            return None
    return shape


def is_raw(shape: Shape) -> bool:
    """Whether a shape is a mapping that is taken as it is: Kubernetes' own, the collector's own."""
    return origin(shape) is dict and get_args(shape)[1] is Any


def choices(shape: Shape) -> tuple[str, ...]:
    """The words that a shape allows; empty where it is no enumeration."""
    return get_args(shape) if origin(shape) is Literal else ()


def homes(model: type[BaseModel]) -> dict[str, FieldSteps]:
    """Every field below a model by name, with its place: the one nearest to the top, where that is one.

    For fields that were written one level too high or too low.
    """
    found: dict[str, list[FieldSteps]] = {}

    def visit(model: type[BaseModel], prefix: FieldSteps) -> None:
        for name, shape in fields_of(model).items():
            found.setdefault(name, []).append((*prefix, name))
            if is_model(shape):
                visit(shape, (*prefix, name))

    visit(model, ())
    nearest: dict[str, FieldSteps] = {}
    for name, places in found.items():
        depth = min(map(len, places))
        if len(top := [place for place in places if len(place) == depth]) == 1:
            nearest[name] = top[0]
    return nearest
