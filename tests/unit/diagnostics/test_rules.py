"""The catalogue of rules: every rule is used, stated once, and reads as documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import krm_otel
from krm_otel.diagnostics import rules
from krm_otel.diagnostics.rules import RULES

PACKAGE = Path(krm_otel.__file__).parent
MODULES = [path for path in (PACKAGE / "diagnostics/rules").glob("*.py") if path.name != "__init__.py"]
SOURCES = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE / "diagnostics/rules"]


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
    for rule in rules.RULES.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.code)
        for sentence in (rule.meaning, rule.remedy):
            assert sentence[0].upper() == sentence[0] and sentence.endswith("."), rule.code
