"""Results in the forms that other programs read, over every golden case."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from krm_otel.diagnostics.catalogue import RULES
from krm_otel.diagnostics.result import Place
from krm_otel.run import Outcome, Source, run
from krm_otel.views.formats import formatted
from krm_otel.views.report import located
from tests.support.cases import CASES, read_environ

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text())
SAMPLE = tuple(case for case in CASES if case.parent.name in ("bad", "sample", "misses"))
FAULTY = b"""\
kind: ConfigMap
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: "a"}
spec:
  observability:
    enabledd: true
"""


@cache
def outcome_of(case: Path) -> Outcome:
    """The run over a case, as over a file of a folder whose name needs escapes."""
    data = next(case.glob("input.*")).read_bytes()
    return run([Source(data, f"apps/100% {case.name}: a,b.yaml")], read_environ(case / "env"))


def faulty() -> Outcome:
    return run([Source(FAULTY, "apps/a b.yaml")], {})


# --- SARIF -----------------------------------------------------------------------------------------------------------


def test_sarif_is_valid() -> None:
    """By the schema of the standard, for the results of all kinds of faults."""
    validator = jsonschema.Draft4Validator(SCHEMA)
    seen = set()
    for case in SAMPLE:
        log = sarif(outcome_of(case))
        assert [error.message for error in validator.iter_errors(log)] == [], case
        seen |= {result["ruleId"] for result in log["runs"][0]["results"]}
    assert len(seen) > 80


def sarif(outcome: Outcome) -> dict[str, Any]:
    log: dict[str, Any] = json.loads("\n".join(formatted("sarif", outcome)))
    return log


def test_a_sarif_result_has_its_place() -> None:
    (run_,) = sarif(faulty())["runs"]
    (result,) = run_["results"]
    rule = run_["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], result["ruleId"], result["level"]) == ("unknown-field", "unknown-field", "error")
    assert rule["help"]["text"] == RULES["unknown-field"].remedy
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "apps/a%20b.yaml"},
        "region": {"startLine": 8, "startColumn": 5},
    }
    assert location["logicalLocations"][0]["fullyQualifiedName"] == ("ClassRuntime/a/spec.observability.enabledd")
    assert unquote(location["physicalLocation"]["artifactLocation"]["uri"]) == "apps/a b.yaml"


def test_standard_input_is_no_file_in_sarif() -> None:
    """It is in no repository."""
    (result,) = sarif(run([Source(FAULTY)], {}))["runs"][0]["results"]
    assert "physicalLocation" not in result["locations"][0]


# --- GitHub ----------------------------------------------------------------------------------------------------------


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it (actions/runner, `ActionCommand.TryParseV2`)."""
    match = re.fullmatch(r"::([^ :]+)(?: ([^\n]*?))?::(.*)", line)
    assert match is not None
    properties = {}
    for pair in match[2].split(","):
        name, _, value = pair.partition("=")
        properties[name] = unescaped(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"})
    return match[1], properties, unescaped(match[3], {"%0D": "\r", "%0A": "\n", "%25": "%"})


def unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, char in escapes.items():
        text = text.replace(escape, char)
    return text


def test_github_reads_every_annotation() -> None:
    """Names of files and messages come out as they went in, whatever is in them."""
    count = 0
    for case in SAMPLE:
        outcome = outcome_of(case)
        for result, line in zip(outcome.results, formatted("github", outcome), strict=True):
            command, properties, message = parsed(line)
            assert command == {"error": "error", "warning": "warning", "info": "notice"}[result.severity]
            assert (properties["title"], message) == (result.code, result.sentence)
            assert properties.get("file", "") == result.ref.file
            place = outcome.places.of(result) if result.ref.file else None
            there = Place(int(properties["line"]), int(properties["col"])) if "line" in properties else None
            assert there == place
            count += 1
    assert count > 200


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json_has_the_line_of_the_file() -> None:
    (result,) = located(faulty())
    assert result["file"] == {"path": "apps/a b.yaml", "index": 1, "line": 8, "column": 5}
    (of_a_stream,) = located(run([Source(FAULTY)], {}))
    assert "file" not in of_a_stream


@pytest.mark.parametrize("form", ["json", "sarif", "github", "markdown"])
def test_a_run_without_results_has_every_form(form: str) -> None:
    lines = formatted(form, run([Source(b"kind: ConfigMap\n")], {}))
    if form in ("json", "sarif"):
        json.loads("\n".join(lines))
    assert bool(lines) is (form != "github")


def test_codes_link_to_the_documentation() -> None:
    """Where its URL is known."""
    docs = "https://example.com/docs/"
    url = "https://example.com/docs/results.md#unknown-field"
    log = json.loads("\n".join(formatted("sarif", faulty(), docs=docs)))
    assert log["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] == url
    assert jsonschema.Draft4Validator(SCHEMA).is_valid(log)
    page = "\n".join(formatted("markdown", faulty(), docs=docs))
    assert f"([`unknown-field`]({url}))" in page and "krm-otel help" not in page
