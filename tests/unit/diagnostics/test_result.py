"""Results: their order, their shape, their line for people."""

from __future__ import annotations

from krm_otel.diagnostics.result import Place, Ref, Result, has_errors, ordered

POD = Ref("v1", "Pod", "p", "demo", "pod.yaml", 2, 3)


def test_order() -> None:
    """Errors, warnings, infos; within these by item, and as they were found; doubles go."""
    first, second = Ref(kind="A", position=1), Ref(kind="B", position=2)
    results = [
        Result("empty", "info", "1", first),
        Result("empty", "error", "2", second),
        Result("empty", "warning", "3", first, current=["x"]),
        Result("empty", "error", "4", first),
        Result("empty", "error", "5", first),
        Result("empty", "warning", "3", first, current=["x"]),
        Result("empty", "error", "6"),
    ]
    assert [result.message for result in ordered(results)] == ["6", "4", "5", "2", "3", "1"]
    assert has_errors(results) and not has_errors(results[:1])


def test_shape() -> None:
    """Only what is there, in the order of the specification."""
    full = Result("empty", "error", "text", POD, "spec.x", [1], {"a": None})
    assert full.to_dict() == {
        "message": "text",
        "severity": "error",
        "resourceRef": {"apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": "demo"},
        "field": {"path": "spec.x", "currentValue": [1], "proposedValue": {"a": None}},
        "file": {"path": "pod.yaml", "index": 2},
        "tags": {"code": "empty"},
    }
    assert Result("empty", "info", "text").to_dict() == {
        "message": "text",
        "severity": "info",
        "tags": {"code": "empty"},
    }


def test_line() -> None:
    """What, where, why."""
    result = Result("empty", "error", "text", POD, "spec.x")
    assert result.line() == "pod.yaml[2]: error[empty] Pod demo/p: spec.x: text"
    assert result.line(Place(3, 5)) == "pod.yaml:3:5: error[empty] Pod demo/p: spec.x: text"
    assert Result("empty", "error", "text").line(Place(3, 5)) == "<stdin>:3:5: error[empty] text"
    assert Result("empty", "info", "text").line() == "info[empty] text"


def test_a_line_names_the_field_once() -> None:
    """A message begins with the field, in short, whatever its keys are."""
    for path, short in (
        ("spec.monitors.labels['Bad Key']", "monitors.labels['Bad Key']"),
        ("spec.monitors.labels['a.b c']", "monitors.labels['a.b c']"),
        ("spec.telemetry.traces", "traces"),
        ("OPRC_CRM_OTEL_MODE", "OPRC_CRM_OTEL_MODE"),
    ):
        result = Result("empty", "info", f"{short} is empty", field_path=path, label=short)
        assert result.line() == f"info[empty] {path} is empty"
