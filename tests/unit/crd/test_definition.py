"""The CustomResourceDefinition that `krm-otel crd` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from click.testing import CliRunner

from krm_otel.cli.commands.group import cli
from krm_otel.config.schema.introspection import fields_of, is_model
from krm_otel.config.schema.observability import FlatTelemetry, Observability
from krm_otel.crd.definition import definition


def schema() -> dict[str, Any]:
    found: dict[str, Any] = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def below(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every value of a schema, with its path."""
    yield path, node
    for name, member in node.get("properties", {}).items():
        yield from below(member, f"{path}.{name}".lstrip("."))
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if key in node:
            yield from below(node[key], path + mark)


def test_the_command_prints_the_definition() -> None:
    printed = CliRunner().invoke(cli, ["crd"])
    assert printed.exit_code == 0
    assert yaml.safe_load(printed.output) == definition()


def test_every_value_has_a_type_and_every_field_a_description() -> None:
    """What the server asks of a structural schema, and people of `kubectl explain`."""
    for path, node in below(schema()):
        assert "type" in node or node["x-kubernetes-preserve-unknown-fields"], path
        assert "description" in node or path.endswith(("[]", "{}")), path
        assert not {"$ref", "anyOf", "allOf", "title"} & node.keys(), path
        assert node.get("additionalProperties") is not False, path


def test_every_field_of_the_models_is_there() -> None:
    def fields(model: type, path: str) -> Iterator[str]:
        for name, shape in fields_of(model).items():
            yield f"{path}.{name}"
            if is_model(shape):
                yield from fields(shape, f"{path}.{name}")

    paths = {path for path, _ in below(schema())}
    assert {*fields(Observability, "spec.observability"), *fields(FlatTelemetry, "spec.telemetry")} <= paths


def test_no_field_of_krm_otel_has_a_default() -> None:
    """The server would fill it in, and it would outrank the OTelConfig. A null reads as absent."""
    for path, node in below(schema()):
        if path.startswith(("spec.observability", "spec.telemetry")):
            assert "default" not in node, path
            assert node.get("nullable") or path.endswith(("{}", "[]")), path
    rate = dict(below(schema()))["spec.observability.telemetry.sampling_rate"]
    assert not {"minimum", "maximum"} & rate.keys(), "a rate outside is clamped, not refused"
