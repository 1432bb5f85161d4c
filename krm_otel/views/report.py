"""A run as data: the report of `--report`, and what `--format json` prints."""

from __future__ import annotations

import json
from typing import Any

from krm_otel.diagnostics.result import Result
from krm_otel.krm.places import Places
from krm_otel.run import Outcome
from krm_otel.views.summary import Summary


def report(outcome: Outcome) -> dict[str, Any]:
    """Results, what happened to each object, and the numbers of the summary; of packages, also of each of them."""
    data = {"results": located(outcome), "actions": _actions(outcome), "summary": Summary.of(outcome).to_dict()}
    if outcome.packages:
        packages = outcome.packages.items()
        data["actions"] = [action | {"package": path} for path, one in packages for action in _actions(one)]
        data["packages"] = [{"path": path, "summary": Summary.of(one).to_dict()} for path, one in packages]
    return data


def _actions(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": change.ref.api_version,
            "kind": change.ref.kind,
            "name": change.ref.name,
            "namespace": change.ref.namespace,
            "action": change.action,
            "reason": change.reason,
        }
        for change in outcome.changes
    ]


def located(outcome: Outcome) -> list[dict[str, Any]]:
    """The results in the shape of the KRM Functions Specification; `file` also has `line` and `column`, from 1."""
    return [_located(result, outcome.places) for result in outcome.results]


def _located(result: Result, places: Places) -> dict[str, Any]:
    data = result.to_dict()
    if "file" in data and (place := places.of(result)):
        data["file"] |= {"line": place.line, "column": place.column}
    return data


def as_json(data: object) -> str:
    """Plain data as JSON, for people and programs."""
    return json.dumps(data, indent=2, ensure_ascii=False)
