"""The CustomResourceDefinition of ClassRuntime: `definition.yaml`, with the telemetry of the models, and with rules."""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

from krm_otel.config.schema.observability import FlatTelemetry, Observability
from krm_otel.config.schema.setting import Model
from krm_otel.crd.structural import schema_at, structural_schema
from krm_otel.names import BLOCK, RESERVED
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import decode

_NAME_RULES: Final = {
    f"self.metadata.name != '{name}'": f"the name {name} is that of {owner}" for name, owner in RESERVED.items()
}
# Rules of fields below the block. They refuse only what a render refuses, too. The bounds (`maxLength` and so on) let
# the server estimate what a rule costs.
_FIELD_RULES: Final[dict[tuple[str, ...], tuple[dict[str, int], dict[str, str]]]] = {
    ("telemetry", "service_name"): ({"maxLength": 1024}, {"self.matches('\\\\S')": "must not be blank: leave it out"}),
    ("telemetry", "propagators"): (
        {"maxItems": 16},
        {
            "size(self) > 0": "must not be empty: write [none] to switch propagation off",
            "!('none' in self) || size(self) == 1": "none stands alone: leave the others out",
        },
    ),
    ("telemetry", "resource_attributes"): (
        {"maxProperties": 128},
        {"self.all(key, key.matches('^[^\\\\s,=]+$'))": "keys have no white space, comma or equals sign"},
    ),
    ("collector", "image"): ({"maxLength": 1024}, {"self.matches('^\\\\S+$')": "must be an image without white space"}),
    ("collector", "endpoint"): (
        {"maxLength": 2048},
        {
            "self.matches('^https?://[^/]')": "must be a URL that starts with http:// or https://",
            "!self.contains('@')": "must not contain a user or password: write headers with a Secret in the OTelConfig",
        },
    ),
}


def block_schema() -> dict[str, Any]:
    """The schema of `spec.observability`, with its rules."""
    schema = _optional(Observability, "OpenTelemetry: what is recorded, where it goes.")
    for signal in ("traces", "metrics", "logs"):
        # The field takes one exporter or a list of them. No structural type is both, so the server accepts anything.
        exporters = schema_at(schema, ("collector", "exporters", signal))
        del exporters["type"], exporters["items"]
        exporters["x-kubernetes-preserve-unknown-fields"] = True
    # krm-otel reads a null here as absent.
    schema_at(schema, ("telemetry", "resource_attributes"))["additionalProperties"]["nullable"] = True
    for path, (bounds, rules) in _FIELD_RULES.items():
        schema_at(schema, path).update(bounds, **_validations(rules))
    return schema


def definition() -> dict[str, Any]:
    """The CustomResourceDefinition `classruntimes.oaas.io`, as plain data."""
    text = resources.files(__package__).joinpath("definition.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = decode(compose(text))
    (version,) = data["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    flat_form = "The same in upstream's flat form; read where observability is absent."
    schema["properties"]["spec"]["properties"] |= {
        BLOCK: block_schema(),
        "telemetry": _optional(FlatTelemetry, flat_form),
    }
    schema |= _validations(_NAME_RULES)
    return data


def _optional(model: type[Model], description: str) -> dict[str, Any]:
    return {**structural_schema(model), "description": description, "nullable": True}


def _validations(rules: dict[str, str]) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules.items()]}
