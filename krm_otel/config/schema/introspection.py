"""What the models declare: types of fields by path."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from krm_otel.config.marks import Annotated
from krm_otel.config.provenance import FieldSteps
from krm_otel.config.schema.setting import Model


def bare_type(annotation: Any) -> Any:
    """An annotation without metadata and None: a model, `dict[…]`, `tuple[…]`, Literal, str, bool."""
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


def origin(annotation: Any) -> Any:
    """`dict` of `dict[str, str]`. It returns Any, since mypy thinks that the library's function returns special forms
    only."""
    return get_origin(annotation)


def is_model(annotation: Any) -> bool:
    """Whether an annotation is a mapping with fixed fields."""
    return isinstance(annotation, type) and issubclass(annotation, Model)


def is_free_form(annotation: Any) -> bool:
    """Whether an annotation is a mapping that Kubernetes or the collector defines, and krm-otel passes on."""
    return origin(annotation) is dict and get_args(annotation)[1] is Any


def choices(annotation: Any) -> tuple[str, ...]:
    """The words that a Literal allows; empty for another annotation."""
    return get_args(annotation) if origin(annotation) is Literal else ()


def fields_of(model: type[Model]) -> dict[str, Any]:
    """The fields of a model, as users write them, with their bare types."""
    return {key: bare_type(field.annotation) for key, field in model.settings.items()}


def member_type(annotation: Any, step: int | str) -> Any:
    """The bare type of a member; None where nothing is declared."""
    if is_model(annotation):
        field = annotation.settings.get(str(step))
        return field and bare_type(field.annotation)
    if origin(annotation) is dict:
        return bare_type(get_args(annotation)[1])
    if origin(annotation) is tuple and isinstance(step, int):
        return bare_type(get_args(annotation)[0])
    return None


def type_at(model: type[Model], steps: FieldSteps) -> Any:
    """The bare type of a value below a model; None where nothing is declared."""
    annotation: Any = model
    for step in steps:
        annotation = member_type(annotation, step)
    return annotation


def unique_paths(model: type[Model]) -> dict[str, FieldSteps]:
    """Field name → its path below a model: the shortest one, where only one is that short.

    For fields that a user wrote one level too high or too low.
    """
    paths: dict[str, FieldSteps | None] = {}
    level: list[tuple[type[Model], FieldSteps]] = [(model, ())]
    while level:
        level_paths: dict[str, FieldSteps | None] = {}
        below: list[tuple[type[Model], FieldSteps]] = []
        for parent, prefix in level:
            for name, annotation in fields_of(parent).items():
                level_paths[name] = None if name in level_paths else (*prefix, name)
                if is_model(annotation):
                    below.append((annotation, (*prefix, name)))
        paths = level_paths | paths
        level = below
    return {name: path for name, path in paths.items() if path is not None}
