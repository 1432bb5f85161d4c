"""The models of `krm_otel.config.schema` as pydantic's: for what is wrong in data, and for JSON Schemas.

pydantic's models have the same fields, types and checks, and what they read becomes the model that they were made from.
They are made when they are asked for: that costs as much as everything else that a small package needs.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from krm_otel.config.marks import Annotated, Around, Before, Check, Lax
from krm_otel.config.schema.setting import Model, Setting
from krm_otel.config.types.finding import Faulty

FINDINGS: Final = "findings"
"""The key of pydantic's error context that holds a tuple of findings."""
REPLACEMENT: Final = "replacement"
"""The key that holds the value to use instead, for warnings."""
WARNED: Final = "warned"
"""The validation context of every pass after the first: warnings have been reported."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


_MADE: Final[dict[type[Model], type[BaseModel]]] = {}


def pydantic_model(model: type[Model]) -> type[BaseModel]:
    """The model as pydantic's."""
    if model not in _MADE:
        _MADE[model] = _made(model)
    return _MADE[model]


def _made(model: type[Model]) -> type[BaseModel]:
    def as_declared(validated: Any) -> Any:
        found = model(**{name: getattr(validated, name) for name in validated.model_fields_set})
        _run(found.check)
        return found

    fields: dict[str, Any] = {
        declared.name: (_annotation(declared.annotation), _field(declared)) for declared in model.settings.values()
    }
    validators: dict[str, Any] = {"as_declared": model_validator(mode="after")(as_declared)}
    return create_model(
        model.__name__,
        __base__=_Strict,
        __module__=model.__module__,
        __doc__=model.__doc__,
        __validators__=validators,
        **fields,
    )


def _field(declared: Setting) -> Any:
    """The declaration for pydantic. Default values are for `Model` to know: here every optional field has the same."""
    shown = declared.shown or _as_text(declared.default)
    return Field(
        ... if declared.is_required else None,
        description=f"{declared.description} Default: {shown}." if shown else declared.description,
        alias=declared.alias or None,
        min_length=declared.min_length or None,
    )


def _as_text(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if isinstance(default, int | float | str) else ""


def _annotation(annotation: Any) -> Any:
    """A type with pydantic's marks and models in place of ours."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = [_mark(mark) for mark in arguments[1:]]
        return typing.Annotated[(_annotation(arguments[0]), *marks)]
    if origin in (Union, UnionType):
        return reduce(or_, map(_annotation, arguments))
    if origin in (dict, tuple):
        return origin[tuple(map(_annotation, arguments))]
    return pydantic_model(annotation) if isinstance(annotation, type) and issubclass(annotation, Model) else annotation


def _mark(mark: Any) -> Any:
    match mark:
        case Check():
            return AfterValidator(lambda value, info: _run(mark.function, value, context=info.context))
        case Before():
            for_schema = {"json_schema_input_type": _annotation(mark.written_as)} if mark.written_as else {}
            return BeforeValidator(lambda value: _run(mark.function, value), **for_schema)
        case Around():
            return WrapValidator(lambda value, read: _run(mark.function, value, read))
        case Lax():
            return Strict(False)
    return mark


def _run(check: Callable[..., Any], *arguments: Any, context: Any = None) -> Any:
    """The result of a check. What it raises becomes pydantic's error, so that one validation collects all of them.

    A warning is raised, too, since only then does pydantic tell where the value is. It is raised once: after that, the
    check's result is the replacement.
    """
    try:
        return check(*arguments)
    except Faulty as faulty:
        if faulty.replacement is not None and context == WARNED:
            return faulty.replacement
        found = {FINDINGS: faulty.findings, REPLACEMENT: faulty.replacement}
        raise PydanticCustomError("finding", "finding", found) from None
