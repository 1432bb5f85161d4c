"""A record can claim nothing but what krm-otel writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from krm_otel.inject.patch.record import digest
from krm_otel.run import Source, run

CONDITION = {"type": "Ready", "status": "True"}
OURS = {"type": "TelemetryDegraded", "status": "True"}


def uninjected(record: dict[str, Any], status: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Exit code, and the class with this record in its annotations afterwards."""
    metadata = {"name": "echo", "annotations": {"oaas.io/otel-injected": json.dumps(record), "note": "mine"}}
    echo = {"apiVersion": "oaas.io/v1alpha1", "kind": "ClassRuntime", "metadata": metadata, "status": status}
    outcome = run([Source(json.dumps(echo).encode())], {}, remove=True)
    assert outcome.texts[0] is not None
    return outcome.exit_code, json.loads(outcome.texts[0])


def status_record(**fields: Any) -> dict[str, Any]:
    return {"v": 1, "class": "echo", "containers": {}, "status": fields}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"conditions": [digest(CONDITION)]}, {"conditions": [CONDITION, OURS]}),
        ({"added": {"Ready": {"status": digest("True")}}}, {"conditions": [CONDITION]}),
        ({"replaced": {"Ready": {"status": {"text": "x", "hash": digest("True")}}}}, {"conditions": [CONDITION]}),
        ({"refs": [digest({"name": "a", "key": "b"})]}, {"resource_refs": [{"name": "a", "key": "b"}]}),
    ],
    ids=["entry", "field", "value", "reference"],
)
def test_conditions_of_others_stay(fields: dict[str, Any], status: dict[str, Any]) -> None:
    exit_code, echo = uninjected(status_record(**fields), status)
    assert exit_code == 1
    assert echo["status"] == status


def test_a_condition_of_krm_otel_goes() -> None:
    exit_code, echo = uninjected(status_record(conditions=[digest(OURS)]), {"conditions": [CONDITION, OURS]})
    assert exit_code == 0
    assert echo["status"] == {"conditions": [CONDITION]}
    assert echo["metadata"]["annotations"] == {"note": "mine"}


@pytest.mark.parametrize("text", ["[1]", "{a: b}", "*a", "x # note"])
def test_only_a_plain_value_is_put_back(text: str) -> None:
    replaced = {"TelemetryDegraded": {"status": {"text": text, "hash": digest("True")}}}
    exit_code, echo = uninjected(status_record(replaced=replaced), {"conditions": [OURS]})
    assert exit_code == 1
    assert echo["status"] == {"conditions": [OURS]}


def test_an_anchor_does_not_take_the_aliases_of_another() -> None:
    """Written back before an alias, the same anchor would give it another value."""
    variable = "{name: OTEL_SERVICE_NAME, value: echo}"
    container = {"env": {"OTEL_SERVICE_NAME": digest("echo")}, "opened": {"env": "= &run []"}}
    record = {"v": 1, "class": "echo", "containers": {"main": container}}
    forged = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: echo
  labels: {{run: &run theirs}}
  annotations:
    oaas.io/otel-injected: '{json.dumps(record)}'
spec:
  template:
    spec:
      containers:
      - name: main
        env:
        - {variable}
        image: *run
"""
    outcome = run([Source(forged.encode())], {}, remove=True)
    assert (outcome.exit_code, outcome.texts) == (1, (forged,))
