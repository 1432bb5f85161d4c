"""Where credentials are in a collector's config: each row of the YAML files is a part of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.credential import credentials_in, headers_twice
from krm_otel.diagnostics.field_path import field_path

REFUSED = yaml.safe_load((Path(__file__).parent / "refused.yaml").read_text("utf-8"))
TAKEN = yaml.safe_load((Path(__file__).parent / "taken.yaml").read_text("utf-8"))


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["found"])
def test_what_is_reported(row: dict[str, Any]) -> None:
    """All of them, and nothing else."""
    found = row["found"].split()
    config = {key: value for key, value in row.items() if key != "found"}
    assert [field_path(*steps) for steps in credentials_in(config)] == found


@pytest.mark.parametrize("config", TAKEN, ids=lambda config: "-".join(next(iter(config.values()))))
def test_what_is_not_reported(config: dict[str, Any]) -> None:
    """References, names of files, and what only mentions credentials, such as rules that look for them."""
    assert [field_path(*steps) for steps in credentials_in(config)] == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("exporters: {a: {headers: {X-A: '1', x-a: '2', X-B: '3'}}}", [("exporters.a.headers.x-a", "X-A")]),
        ("e: {headers: [{name: X-A, value: '1'}, {name: x-a, value: '2'}]}", [("e.headers[1]", "X-A")]),
        ("e: {headers: [{action: delete, key: A}, {action: insert, key: A, value: b}]}", []),
        ("e: {headers: {X-A: b, X_A: c}}", []),
        ("e: {labels: {A: b, a: c}}", []),
    ],
)
def test_headers_that_stand_twice(config: str, expected: list[tuple[str, str]]) -> None:
    """Names of headers do not distinguish upper and lower case; a list of actions may name one header several times."""
    assert [(field_path(*steps), first) for steps, first in headers_twice(yaml.safe_load(config))] == expected
