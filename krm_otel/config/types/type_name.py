"""How the documentation names the types of settings."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from krm_otel.diagnostics.suggestion import listed

_PLAIN: Final = {bool: "boolean", int: "integer", float: "number", str: "string"}


class TypeName(str):
    """The name of an Annotated type, as a part of its metadata. Types without one are named after what they are."""

    __slots__ = ()


def type_name(annotation: Any) -> str:
    """The name of a type, as Markdown: `boolean`, `list of durations`, `map of strings`.

    Args:
        annotation: a field's annotation with its metadata, as pydantic's `FieldInfo.rebuild_annotation` returns it.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        names = [entry for entry in arguments[1:] if isinstance(entry, TypeName)]
        return str(names[-1]) if names else type_name(arguments[0])
    if origin in (Union, UnionType):
        return type_name(next(member for member in arguments if member is not NoneType))
    if origin is Literal:
        return listed(f"`{word}`" for word in arguments)
    if origin is tuple:
        return f"list of {type_name(arguments[0])}s"
    if origin is dict and arguments[1] is not Any:
        return f"map of {type_name(arguments[1])}s"
    return _PLAIN.get(annotation, "mapping")
