"""How a setting is declared: once, as a field of a model, with its type, default, flat form and documentation.

    class Batch(Model):
        timeout: Duration = setting("10s", "Time after which a batch is sent anyway.", example="1s")

The annotation is the type with its value checks (`krm_otel.config.types`). Everything else comes from the declaration:
what users may write (the model validates it), the default value, the flat form with its environment
variables and Argo CD parameters (`flat`), the CRD, the JSON Schemas and the tables of docs/configuration.md.

A model validates what users write, and code reads it: `Batch()` has the defaults, and `written` returns only values
that a user wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from krm_otel.dataclass import dataclass, field

REQUIRED: Final[Any] = ...
"""The default of a field that may not be absent."""


class Model(BaseModel):
    """What all configuration models have in common.

    Types are strict: a string where a number belongs is an error, since YAML's own guesses (`1.10`, `on`) are the most
    common mistakes. An explicit null reads as absent (`krm_otel.config.reading.loader`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    def written(self, name: str) -> Any:
        """The value that a user wrote in a field; None where the field is absent."""
        return getattr(self, name) if name in self.model_fields_set else None


@dataclass(frozen=True, slots=True, eq=False)  # metadata of annotations has to hash
class Documentation:
    """The documentation of a field.

    Args:
        description: a sentence.
        default: what a field means where it is absent, if that is not its default value.
        example: a value, as YAML.
        note: further sentences, as Markdown with links relative to docs/.
        flat: the key in the flat form; empty where it has none.
        inside: what the fields inside mean where they are absent, where that depends on this one.
    """

    description: str = ""
    default: str = ""
    example: str = ""
    note: str = ""
    flat: str = ""
    inside: Mapping[str, str] = field(default_factory=dict)


def setting(
    default: Any,
    description: str,
    *,
    example: str = "",
    shown: str = "",
    note: str = "",
    flat: str = "",
    inside: Mapping[str, str] | None = None,
    **constraints: Any,
) -> Any:
    """Declares a field.

    Args:
        default: the value of an absent field; None where that depends on something else, or `REQUIRED`.
        description: a sentence, plain text. It goes into schemas, the CRD and the documentation.
        example: a value as YAML, for the documentation.
        shown: what an absent field means, where the default value does not say it.
        note: further sentences for the documentation, as Markdown.
        flat: the key in the flat form; only a field of the block (`FlatForm`) can have one.
        inside: as `shown`, for fields of the model that this field holds.
        constraints: pydantic's own, such as `alias`.
    """
    shown_default = shown or _as_text(default)
    text = f"{description} Default: {shown_default}." if shown_default else description
    declared = Field(default, description=text, **constraints)
    declared.metadata.append(Documentation(description, shown, example, note, flat, inside or {}))
    return declared


def documentation(declared: FieldInfo) -> Documentation:
    """The documentation of a field that `setting` declared."""
    return next((entry for entry in declared.metadata if isinstance(entry, Documentation)), Documentation())


def _as_text(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if isinstance(default, int | float | str) else ""


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model, in which every optional field may be null, and no field has a default: what an absent
    field means is decided when a package is rendered."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    for part in (schema, *definitions.values()):
        properties = part.get("properties", {})
        for name, member in properties.items():
            if name not in part.get("required", ()):
                properties[name] = _nullable(member, definitions)
    return schema


def _nullable(member: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    about: dict[str, Any] = {key: member[key] for key in ("description", "title") if key in member}
    if "$ref" in member:  # pydantic leaves a description out that the model has, too
        about.setdefault("description", definitions[member["$ref"].rpartition("/")[2]]["description"])
    types = member.get("anyOf") or [{key: value for key, value in member.items() if key not in (*about, "default")}]
    null = {"type": "null"}
    return {"anyOf": types if null in types else [*types, null], "default": None, **about}
