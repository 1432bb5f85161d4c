"""Plain data: the part of `dataclasses` that this package uses, at a fraction of the price.

`dataclasses` writes and compiles the methods of each class where that is declared: 4.5 million instructions for one
that is frozen and has slots. This package has 126, and the whole run of a small package may take 250 million. Here a
class costs 0.1 million. Its `__init__` is compiled when it has been called some times: that takes 0.4 million, as much
as 90 calls of a function that binds arguments for any class. A small package makes objects of 57 classes, and few of
each. Importing `dataclasses` alone, with the `inspect` that it needs, takes another 47 million.

A type checker sees `dataclasses` itself, so all its rules hold. One of them holds for it alone: that the fields of a
frozen class are never set. At run time nothing looks at that, so that `__init__` sets them without a call for each.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False  # `typing` says the same for 16 million instructions
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any

__all__ = ["dataclass", "field", "field_names", "replace"]


FIRST_OBJECTS = 20
"""Objects of a class that are made before its `__init__` is compiled."""


class _Missing:
    """Stands for an argument that is not given."""


class _Field:
    """What `field` says of one field."""

    __slots__ = ("default", "default_factory", "repr")

    def __init__(self, default: Any, default_factory: Callable[[], Any] | None, repr: bool) -> None:
        self.default, self.default_factory, self.repr = default, default_factory, repr


def field_names(one: object) -> tuple[str, ...] | None:
    """The fields of a class of plain data, or of an object of one, in order; None for anything else."""
    names: tuple[str, ...] | None = getattr(one, "__fields__", None)
    return names


def _field(*, default: Any = _Missing, default_factory: Callable[[], Any] | None = None, repr: bool = True) -> Any:
    return _Field(default, default_factory, repr)


def _replace(one: Any, /, **changes: Any) -> Any:
    for name in one.__fields__:
        if name not in changes:
            changes[name] = getattr(one, name)
    return one.__class__(**changes)


def _dataclass(*, frozen: bool = False, slots: bool = False, eq: bool = True) -> Callable[[Any], Any]:
    def declare(cls: Any) -> Any:
        has_post_init = "__post_init__" in cls.__dict__
        names = tuple(cls.__annotations__)  # each class of plain data declares all its fields itself
        body = dict(cls.__dict__)
        for own in ("__dict__", "__weakref__"):
            body.pop(own, None)
        defaults = {name: body.pop(name) for name in names if name in body}
        fields: dict[str, _Field] = {}
        left = FIRST_OBJECTS

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            nonlocal fields, left
            fields = fields or {name: _declared(defaults.get(name, _Missing)) for name in names}
            left -= 1
            if left < 0 or not _is_bound(self, fields, args, kwargs):
                made.__init__ = _compiled_init(made, fields)
                made.__init__(self, *args, **kwargs)
            elif has_post_init:
                self.__post_init__()

        body |= {"__init__": __init__, "__fields__": names, "__qualname__": cls.__qualname__}
        if slots:
            body["__slots__"] = names
        if eq:
            body |= {"__eq__": _eq, "__hash__": _hash if frozen else None, "__values__": _getter(names)}
        if "__repr__" not in body:
            body["__repr__"] = _repr
            body["__hidden__"] = tuple(
                [n for n, value in defaults.items() if isinstance(value, _Field) and not value.repr]
            )
        made = type(cls)(cls.__name__, cls.__bases__, body)
        return made

    return declare


def _declared(value: Any) -> _Field:
    return value if isinstance(value, _Field) else _Field(value, None, True)


def _is_bound(one: Any, fields: dict[str, _Field], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Sets the fields of an object; False where the arguments do not fit them, which Python says best itself."""
    position = named = 0
    for name, field in fields.items():
        if position < len(args):
            value = args[position]
            position += 1
        elif name in kwargs:
            value = kwargs[name]
            named += 1
        elif field.default_factory is not None:
            value = field.default_factory()
        elif field.default is not _Missing:
            value = field.default
        else:
            return False
        setattr(one, name, value)
    return position == len(args) and named == len(kwargs)


def _compiled_init(cls: type, fields: dict[str, _Field]) -> Any:
    """`__init__` as one would write it by hand, so that a call binds the arguments, with Python's own errors."""
    scope: dict[str, Any] = {"_Missing": _Missing}
    parameters, lines = ["self"], []
    for name, one in fields.items():
        parameter = value = name
        if one.default_factory is not None:
            scope[f"_make_{name}"] = one.default_factory
            parameter, value = f"{name}=_Missing", f"_make_{name}() if {name} is _Missing else {name}"
        elif one.default is not _Missing:
            scope[f"_default_{name}"] = one.default
            parameter = f"{name}=_default_{name}"
        parameters.append(parameter)
        lines.append(f"    self.{name} = {value}\n")
    if "__post_init__" in cls.__dict__:
        lines.append("    self.__post_init__()\n")
    exec(f"def __init__({', '.join(parameters)}):\n{''.join(lines) or '    pass'}", scope)
    init = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that gives the values of fields as a tuple."""
    # `attrgetter` is the fastest way, and returns a tuple for two names or more.
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda one: tuple([getattr(one, name) for name in names]))


def _eq(self: Any, other: Any) -> Any:
    return self.__values__(self) == self.__values__(other) if self.__class__ is other.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__values__(self))


def _repr(self: Any) -> str:
    inner = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__fields__ if name not in self.__hidden__])
    return f"{self.__class__.__qualname__}({inner})"


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _field, _replace
