"""The catalogue of rules: every rule is used, stated once, and reads as documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import krm_otel
from krm_otel.diagnostics.catalogue import RULES

PACKAGE = Path(krm_otel.__file__).parent
MODULES = [path for path in (PACKAGE / "diagnostics/rules").glob("*.py") if path.name != "__init__.py"]
SOURCES = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE / "diagnostics/rules"]

CASES = Path(__file__).parents[2] / "cases"

NO_CASE = {"not-utf8"}
"""Codes that no case can show: the environment of a case is a text file."""


def test_every_rule_is_registered_once() -> None:
    stated = re.findall(r'Rule\(\n    "([^"]+)"', "".join(path.read_text() for path in MODULES))
    assert sorted(stated) == sorted(RULES)


def test_every_rule_is_used() -> None:
    text = "\n".join(path.read_text() for path in SOURCES)
    names = {rule.code: rule.code.upper().replace("-", "_") for rule in RULES.values()}
    assert [code for code, name in names.items() if not re.search(rf'\b{name}\b|"{code}"', text)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_rules_are_sorted(module: Path) -> None:
    codes = re.findall(r'Rule\(\n    "([^"]+)"', module.read_text())
    assert codes == sorted(codes)


def test_rules_read_as_documentation() -> None:
    """Kebab-case codes; meaning and remedy are sentences."""
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.code)
        for sentence in (rule.meaning, rule.remedy):
            assert sentence[0].upper() == sentence[0] and sentence.endswith("."), rule.code


@pytest.fixture(scope="module")
def expected() -> str:
    """All that the cases expect on standard output and standard error."""
    return "\n".join(path.read_bytes().decode() for path in sorted(CASES.rglob("expected.*")))


def test_every_rule_has_a_case(expected: str) -> None:
    """Its code is in the expected output; two rules are on standard error only, where their messages have to be."""
    codes = set(re.findall(r'code"?: "?([a-z0-9-]+)', expected)) | {"unreadable-input", "edit-overwritten"}
    assert RULES.keys() - codes == NO_CASE


def test_every_example_is_the_message_of_a_case(expected: str) -> None:
    missing = {
        rule.code
        for rule in RULES.values()
        if rule.example not in expected and json.dumps(rule.example)[1:-1] not in expected
    }
    assert missing - NO_CASE == set()
