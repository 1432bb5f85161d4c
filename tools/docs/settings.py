"""The tables of fields in docs/configuration.md, from the declarations of the settings.

`<…>` stands for a name of the user's, `[]` for every entry of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from krm_otel.config.marks import Annotated, TypeName
from krm_otel.config.schema.introspection import bare_type, is_model, origin
from krm_otel.config.schema.observability import Collector, FlatTelemetry, Observability, Telemetry
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import Model, Setting
from krm_otel.config.sources.flat_form import KEYS, variable
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.suggestion import listed

_HEAD: Final = "| Field | Type | Default | Example | Meaning |\n|---|---|---|---|---|\n"
_ENTRY_NAMES: Final = {
    "env": "variable",
    "headers": "header",
    "volumes": "volume",
    "classes": "class",
    "backends": "backend",
    "components": "component",
    "profiles": "profile",
    "enabled": "variable",
    "disabled": "variable",
    "fixed": "image",
}
"""Fields that hold entries under names of the user's → what such a name is called."""
_PLAIN_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string"}
_FLAT_NOTES: Final = {
    "features_otel": "the [global switch](#the-global-switch)",
    "enabled": "`enabled`, for blocks that do not say it",
}


class Row(NamedTuple):
    """One field, as the cells of a table."""

    path: str
    type: str
    default: str
    example: str
    meaning: str


def block_table() -> str:
    """The fields of `spec.observability`."""
    return _table(rows(Observability))


def flat_telemetry_table() -> str:
    """The fields of upstream's `spec.telemetry`."""
    return _table(row._replace(default="as in the block") for row in rows(FlatTelemetry))


def config_table() -> str:
    """The fields of an OTelConfig, except for the defaults that a block has, too."""
    block = {row.path for row in (*rows(Telemetry, "telemetry."), *rows(Collector, "collector."))}
    return _table(row for row in rows(ConfigSpec) if row.path not in block)


def flat_form_table() -> str:
    """The keys of the flat form, with their environment variables."""
    head = "| Key in the ConfigMap | Environment variable | Sets |\n|---|---|---|\n"
    lines = (
        f"| `{key}` | `{variable(key)}` | {_FLAT_NOTES.get(key) or f'`{field_path(*steps)}`'} |"
        for key, steps in KEYS.items()
    )
    return head + "\n".join(lines)


def rows(model: type[Model], prefix: str = "", inside: Mapping[str, str] | None = None) -> Iterator[Row]:
    """All fields that hold a value, below a model.

    Args:
        model: what is documented.
        prefix: the path of the model, with its dot.
        inside: path below the model → what an absent field means there.
    """
    for key, field in model.settings.items():
        path, annotation = f"{prefix}{key}", bare_type(field.annotation)
        below = {p.removeprefix(f"{key}."): text for p, text in (inside or {}).items() if p.startswith(f"{key}.")}
        below |= field.inside
        container, members = origin(annotation), get_args(annotation)
        entry = bare_type(members[-1 if container is dict else 0]) if members else None
        is_block = entry is Observability
        if is_model(annotation):
            yield from rows(annotation, f"{path}.", below)
        elif entry is not None and is_model(entry) and not is_block:
            yield from rows(entry, f"{path}[]." if container is tuple else f"{path}.<{_ENTRY_NAMES[key]}>.")
        else:
            path = f"{path}.<{_ENTRY_NAMES[key]}>" if is_block else path
            yield _row(path, field, "a [block](#the-block)" if is_block else "", (inside or {}).get(key, ""))


def _row(path: str, field: Setting, kind: str, default: str) -> Row:
    kind = kind or type_name(field.annotation)
    if field.is_required:
        kind += ", required"
    shown = "" if field.is_required else _default(default or field.shown, field.default)
    meaning = " ".join(part for part in (field.description, field.note) if part)
    return Row(path, kind, shown, f"`{field.example}`" if field.example else "", meaning)


def type_name(annotation: Any) -> str:
    """The name of a type, as Markdown: `boolean`, `list of durations`, `map of strings`.

    Args:
        annotation: a field's annotation with its marks.
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
    return _PLAIN_TYPES.get(annotation, "mapping")


def _default(shown: str, default: Any) -> str:
    if shown:
        is_value = shown != "none" and (" " not in shown or shown.startswith(("[", "{")))
        return f"`{shown}`" if is_value else shown
    match default:
        case None:
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case tuple() if not default:
            return "`[]`"
    return f"`{default}`"


def _table(entries: Iterable[Row]) -> str:
    lines = (
        f"| `{row.path}` | {row.type} | {row.default} | {row.example} | {row.meaning} |".replace("|  |", "| |")
        for row in entries
    )
    return _HEAD + "\n".join(lines)
