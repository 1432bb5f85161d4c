"""Test cases rendered with other settings: every shape of object, for a real API server to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from krm_otel.diagnostics.result import has_errors
from krm_otel.run import Source, run

_CONFIG = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}}


def rendered(
    case: Path, settings: Mapping[str, Any], of_classes: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The objects of a case with these fields in its OTelConfig's spec, and those in the spec of its classes; nothing
    where the case has faults, of its own or with the settings."""
    try:
        documents = [one for one in yaml.safe_load_all((case / "input.yaml").read_text()) if isinstance(one, dict)]
    except yaml.YAMLError:
        return []
    objects = [item for one in documents for item in (one.get("items") or [one]) if isinstance(item, dict)]
    given = [one["functionConfig"] for one in documents if isinstance(one.get("functionConfig"), dict)]
    configs = [one for one in (*given, *objects) if one.get("kind") == "OTelConfig"] or [_CONFIG]
    config = with_spec(configs[0], settings)
    others = [
        with_spec(one, of_classes) if of_classes and one.get("kind") == "ClassRuntime" else one
        for one in objects
        if one.get("kind") != "OTelConfig"
    ]
    outcome = run([Source("---\n".join(map(yaml.safe_dump, [config, *others])).encode())], {})
    if has_errors(outcome.results) or not outcome.texts[0]:
        return []
    return list(yaml.safe_load_all(outcome.texts[0]))


def with_spec(one: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The object with further fields in its spec."""
    return {**one, "spec": {**(one.get("spec") or {}), **fields}}
