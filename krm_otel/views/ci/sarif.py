"""Results in SARIF 2.1.0, as code scanning reads them (OASIS, "Static Analysis Results Interchange Format")."""

from __future__ import annotations

import posixpath
from typing import Any, Final
from urllib.parse import quote

import krm_otel
from krm_otel.diagnostics.catalogue import RULES, section_url
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rule import Rule
from krm_otel.run import Outcome

_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}


def sarif(outcome: Outcome, docs: str = "") -> dict[str, Any]:
    """The log of one run; it describes the rules that its results are of. `docs` is the URL of the documentation."""
    codes = list(dict.fromkeys(result.code for result in outcome.results))
    driver = {
        "name": "krm-otel",
        "semanticVersion": krm_otel.__version__,
        "rules": [_rule(RULES[code], docs) for code in codes],
    }
    results = [_result(outcome, result, codes.index(result.code)) for result in outcome.results]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule, docs: str) -> dict[str, Any]:
    data = {
        "id": rule.code,
        "shortDescription": {"text": rule.meaning.partition(". ")[0].rstrip(".") + "."},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": rule.remedy, "markdown": f"{rule.meaning}\n\n**What to do:** {rule.remedy}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }
    return {**data, "helpUri": section_url(docs, rule.code)} if docs else data


def _result(outcome: Outcome, result: Result, index: int) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if result.ref.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(result.ref.file)}}
        if place := outcome.places.of(result):
            physical["region"] = {"startLine": place.line, "startColumn": place.column}
        location["physicalLocation"] = physical
    if result.ref.kind:
        name = "/".join(filter(None, (str(result.ref).replace(" ", "/", 1), result.field_path)))
        location["logicalLocations"] = [{"name": result.ref.name, "fullyQualifiedName": name, "kind": "object"}]
    data: dict[str, Any] = {
        "ruleId": result.code,
        "ruleIndex": index,
        "level": _LEVELS[result.severity],
        "message": {"text": result.sentence},
    }
    return {**data, "locations": [location]} if location else data


def _uri(path: str) -> str:
    """A path as a URI reference: relative to the repository, or a `file` URI."""
    uri = quote(posixpath.normpath(path))
    return f"file://{uri}" if uri.startswith("/") else uri
