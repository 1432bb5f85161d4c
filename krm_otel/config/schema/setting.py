"""How a setting is declared: once, as a field of a model, with its type, default, flat form and documentation.

    class Batch(Model):
        timeout: Duration = setting("10s", "Time after which a batch is sent anyway.", example="1s")

The annotation is the type with its value checks (`krm_otel.config.types`). Everything else comes from the declaration:
what users may write (`krm_otel.config.reading` reads it), the default value, the flat form with its environment
variables and Argo CD parameters (`flat`), the CRD, the JSON Schemas and the tables of docs/configuration.md.

A model holds what users write, and code reads it: `Batch()` has the defaults, and `written` returns only values that a
user wrote. Models are plain classes, and declaring one imports nothing: every run declares all of them, and reads a few
fields of a few. pydantic, which explains what is wrong, gets its own models from the same declarations
(`krm_otel.config.reading.pydantic_models`).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, ClassVar, Final, Self, dataclass_transform

from krm_otel.dataclass import dataclass

REQUIRED: Final[Any] = ...
"""The default of a field that may not be absent."""


@dataclass(eq=False)
class Setting:
    """A field: its default, its documentation and, in a model, its name and type; for the arguments see `setting`."""

    default: Any
    description: str
    example: str
    shown: str
    note: str
    flat: str
    inside: Mapping[str, str]
    alias: str
    min_length: int

    def __set_name__(self, owner: type[Model], name: str) -> None:
        self.owner, self.name = owner, name
        self.key = self.alias or name  # for users

    @property
    def is_required(self) -> bool:
        """Whether the field may not be absent."""
        return self.default is REQUIRED

    @cached_property
    def annotation(self) -> Any:
        """The type with its marks. It is evaluated here: one costs as much as to read a value, and there are 300."""
        return eval(self.owner.__annotations__[self.name], vars(sys.modules[self.owner.__module__]))


def setting(
    default: Any,
    description: str,
    *,
    example: str = "",
    shown: str = "",
    note: str = "",
    flat: str = "",
    inside: Mapping[str, str] | None = None,
    alias: str = "",
    min_length: int = 0,
) -> Any:
    """Declares a field.

    Args:
        default: the value of an absent field; None where that depends on something else, or `REQUIRED`.
        description: a sentence, plain text. It goes into schemas, the CRD and the documentation.
        example: a value as YAML, for the documentation.
        shown: what an absent field means, where the default value does not say it.
        note: further sentences for the documentation, as Markdown with links relative to docs/.
        flat: the key in the flat form; only a field of the block (`FlatForm`) can have one.
        inside: as `shown`, for fields of the model that this field holds.
        alias: the field's name for users, where Python's is another.
        min_length: fewest entries of a list or mapping.
    """
    return Setting(default, description, example, shown, note, flat, inside or {}, alias, min_length)


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Model:
    """What all configuration models have in common.

    Types are strict: a string where a number belongs is an error, since YAML's own guesses (`1.10`, `on`) are the most
    common mistakes. An explicit null reads as absent (`krm_otel.config.reading.loader`).

    An object has the values that were written, and its class the defaults of the other fields.
    """

    settings: ClassVar[dict[str, Setting]] = {}
    """The fields by their name for users, those of base classes first."""
    required: ClassVar[frozenset[str]] = frozenset()
    """The names of the fields that may not be absent."""

    def __init_subclass__(cls) -> None:
        declared = [field for field in vars(cls).values() if isinstance(field, Setting)]
        cls.settings = cls.settings | {field.key: field for field in declared}
        required = [field.name for field in declared if field.default is REQUIRED]
        cls.required = cls.required.union(required)
        for field in declared:
            setattr(cls, field.name, field.default)
        for name in required:
            delattr(cls, name)

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def __eq__(self, other: object) -> bool:
        names = (field.name for field in self.settings.values())
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self) -> int:
        return hash(type(self))  # values may be mappings

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @property
    def written_names(self) -> Collection[str]:
        """The names of the fields that a user wrote."""
        return vars(self).keys()

    def written(self, name: str) -> Any:
        """The value that a user wrote in a field; None where the field is absent."""
        return vars(self).get(name)

    def replaced(self, **values: Any) -> Self:
        """The model with other values in some fields."""
        return type(self)(**{**vars(self), **values})

    def check(self) -> None:
        """Raises a fault where the fields do not fit together. Most models have no such rule."""
