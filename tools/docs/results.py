"""The reference of result codes, from the catalogue of rules."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType

from krm_otel.diagnostics import rules
from krm_otel.diagnostics.rule import Rule


def results_reference() -> str:
    """A section for each subject, sorted, and in it a section for each code, sorted.

    Each code is a heading, so that `results.md#CODE` links to it.
    """
    return "\n\n".join(_subject_section(module) for module in _subjects())


def _subjects() -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    return [importlib.import_module(f"{rules.__name__}.{name}") for name in names]


def _subject_section(module: ModuleType) -> str:
    title = module.__name__.rpartition(".")[2].replace("_", " ").capitalize()
    own_rules = sorted((rule for rule in vars(module).values() if isinstance(rule, Rule)), key=lambda rule: rule.code)
    summary = (inspect.getdoc(module) or "").removeprefix(f"{title}: ")
    return "\n\n".join([f"## {title}", summary[:1].upper() + summary[1:], *map(_rule_section, own_rules)])


def _rule_section(rule: Rule) -> str:
    severity = f"**{rule.severity}**" + (f" ({rule.otherwise})" if rule.otherwise else "")
    lines = [
        f"- Severity: {severity}",
        f"- Meaning: {rule.meaning}",
        f"- What to do: {rule.remedy}",
        *([f"- Example: {_code_span(rule.example)}"] if rule.example else []),
    ]
    return f"### {_code_span(rule.code)}\n\n" + "\n".join(lines)


def _code_span(text: str) -> str:
    """A text as inline code, whatever backticks it has."""
    ticks = "``" if "`" in text else "`"
    pad = " " if ticks == "``" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"
