"""Schemas for editors: fresh, and neither stricter than the function nor blind to what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from krm_otel.crd.json_schema import SCHEMAS, class_runtime, otel_config
from krm_otel.diagnostics.result import has_errors
from krm_otel.run import Source, run

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases"
KINDS = {"ClassRuntime": class_runtime(), "OTelConfig": otel_config()}
SHAPES = frozenset(("kind-misspelt", "unknown-field", "unknown-value", "wrong-type"))
"""Faults that a schema can see."""


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_are_up_to_date(name: str) -> None:
    """`make schemas` writes them."""
    assert json.loads((ROOT / "schemas" / f"{name}.json").read_text()) == SCHEMAS[name]()


@pytest.mark.parametrize("name", SCHEMAS)
def test_they_are_schemas(name: str) -> None:
    schema = SCHEMAS[name]()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all(node.get("description") for node in properties(schema) if "anyOf" in node), "editors show descriptions"


def shipped() -> list[Path]:
    """Files that hold a ClassRuntime or an OTelConfig; not what a chart or a client makes of them."""
    found = [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("fn-config/*.yaml")]
    aside = ("templates", ".expected")
    return [
        file
        for file in found
        if not set(file.parts) & set(aside) and any(f"\nkind: {kind}\n" in file.read_text() for kind in KINDS)
    ]


def test_every_shipped_config_names_its_schema() -> None:
    """By a path that leads there from the file; the first document is what it says."""
    files = shipped()
    assert len(files) >= 9
    for file in files:
        first, _, text = file.read_text().partition("\n")
        marker, _, path = first.partition("$schema=")
        assert marker == "# yaml-language-server: ", file
        schema = json.loads((file.parent / path).resolve().read_text())
        jsonschema.validate(next(iter(yaml.safe_load_all(text))), schema)


def properties(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for member in node.get("properties", {}).values():
            yield member
        for member in node.values():
            yield from properties(member)


def objects(path: Path) -> list[Any]:
    try:
        documents = [one for one in yaml.safe_load_all(path.read_text()) if isinstance(one, dict)]
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        return []
    found = []
    for one in documents:
        items = one.get("items")
        found += [one, one.get("functionConfig"), *(items if isinstance(items, list) else [])]
    return [one for one in found if isinstance(one, dict) and one.get("kind") in KINDS]


def faults(one: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(KINDS[one["kind"]])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(one)]


@pytest.mark.slow
def test_accepted_inputs_are_valid_by_the_schemas() -> None:
    """Every configuration of the cases that is without fault, and what this repository ships."""
    seen = 0
    for path in sorted(CASES.rglob("input.yaml")):
        results = run([Source(path.read_bytes())], {}).results
        # With on_error: degrade, a fault is a warning.
        if has_errors(results) or SHAPES & {result.code for result in results}:
            continue
        for one in objects(path):
            assert not faults(one), path
            seen += 1
    for folder in ("examples", "fn-config"):
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            for one in objects(path):
                assert not faults(one), path
                seen += 1
    assert seen > 300


def test_inputs_of_wrong_shape_are_invalid_by_the_schemas() -> None:
    seen = 0
    for path in sorted((CASES / "bad").rglob("input.yaml")):
        results = [result for result in run([Source(path.read_bytes())], {}).results if result.severity == "error"]
        if results and {result.code for result in results} <= SHAPES and objects(path):
            if any(result.ref.kind not in KINDS for result in results):
                continue
            assert any(faults(one) for one in objects(path)), path
            seen += 1
    assert seen >= 5
