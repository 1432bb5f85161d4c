"""Reads sound data into models, by the types and marks of their fields. What is not certainly sound, pydantic judges.

Almost all configuration is sound, and to import pydantic and to build its models costs 25 times as much as a bare
interpreter's start. So this module knows only what is right: whatever it does not know, and every fault and warning of
a check, raises. Then `krm_otel.config.reading.judged` reads the same data, and says what is wrong. Both give the same
model for everything that this module reads (tests/unit/config/reading/test_sound.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Final, Literal, NoReturn, TypeVar, Union, get_args, get_origin

from krm_otel.config.marks import Annotated, Around, Before, Check, Lax, TypeName
from krm_otel.config.schema.setting import Model, Setting
from krm_otel.config.types.finding import Faulty

M = TypeVar("M", bound=Model)
T = TypeVar("T")
Reader = Callable[[Any], Any]
"""Returns the value that a model has for what is written, or raises."""

_EXACT: Final = 2**53
"""Every whole number below it is a float, too."""


class NotSound(ValueError):
    """What is written is wrong, or nothing that this module knows."""


UNSURE: Final = (Faulty, ValueError, AssertionError)
"""What `read` raises: pydantic takes these errors of a check as its verdict, too."""


def read(model: type[M], data: Any) -> M:
    """The model of a mapping. A null is as an absent field.

    Raises:
        UNSURE: pydantic has to judge.
    """
    values: dict[str, Any] = {}
    for key, value in _of(dict, data).items():
        if value is not None:
            field = model.settings.get(key)
            if field is None:
                raise NotSound
            values[field.name] = _reader_of(field)(value)
    if not values.keys() >= model.required:
        raise NotSound
    found = model(**values)
    found.check()
    return found


@cache
def _reader_of(field: Setting) -> Reader:
    """The reader of a field, which is made when the first value is read."""
    reader = _reader(field.annotation)
    return partial(_read_some, reader, field.min_length) if field.min_length else reader


def _read_some(reader: Reader, min_length: int, value: Any) -> Any:
    entries = reader(value)
    if len(entries) < min_length:
        raise NotSound
    return entries


def _reader(annotation: Any) -> Reader:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None:
        is_model = isinstance(annotation, type) and issubclass(annotation, Model)
        return partial(read, annotation) if is_model else _PLAIN.get(annotation, _unknown)
    if origin is Annotated:
        reader = _reader(arguments[0])
        for mark in arguments[1:]:
            reader = _marked(reader, mark)
        return reader
    if origin in (Union, UnionType):
        members = [member for member in arguments if member is not NoneType]
        return _reader(members[0]) if len(members) == 1 else _unknown
    if origin is Literal:
        return partial(_word, frozenset(arguments))
    if origin is dict:
        return partial(_free_form if arguments[1] is Any else _mapping, *map(_reader, arguments))
    if origin is tuple and arguments[1:] == (...,):
        return partial(_entries, _reader(arguments[0]))
    return _unknown


def _marked(reader: Reader, mark: Any) -> Reader:
    """The reader with a mark around it."""
    match mark:
        case Check():
            return lambda value: mark.function(reader(value))
        case Before():
            return lambda value: reader(mark.function(value))
        case Around():
            return lambda value: mark.function(value, reader)
        case Lax():
            return lambda value: reader(tuple(value) if type(value) is list else value)
        case TypeName():
            return reader
    return _unknown


def _unknown(value: Any) -> NoReturn:  # noqa: ARG001 - this module knows nothing of it
    raise NotSound


# --- plain types, as strict as pydantic's ------------------------------------------------------------------------


def _of(kind: type[T], value: Any) -> T:
    """A value of exactly this type: a bool is no int."""
    if type(value) is not kind:
        raise NotSound
    return value


def _text(value: Any) -> str:
    text = _of(str, value)
    if not text.isascii():
        text.encode()  # raises a ValueError for half a character, as YAML and JSON can spell it
    return text


def _number(value: Any) -> float:
    if type(value) is int and -_EXACT <= value <= _EXACT:
        return float(value)
    return _of(float, value)


def _word(words: frozenset[str], value: Any) -> str:
    word = _of(str, value)
    if word not in words:
        raise NotSound
    return word


def _mapping(key_reader: Reader, reader: Reader, value: Any) -> dict[str, Any]:
    return {key_reader(key): reader(member) for key, member in _of(dict, value).items() if member is not None}


def _free_form(key_reader: Reader, reader: Reader, value: Any) -> dict[str, Any]:
    """A mapping that krm-otel does not define: nulls stay in it."""
    return {key_reader(key): reader(member) for key, member in _of(dict, value).items()}


def _entries(reader: Reader, value: Any) -> tuple[Any, ...]:
    return tuple(map(reader, _of(tuple, value)))


_PLAIN: Final[dict[Any, Reader]] = {
    str: _text,
    bool: partial(_of, bool),
    int: partial(_of, int),
    float: _number,
    Any: lambda value: value,
}
