"""The table of result codes is the table of those that are used."""

from __future__ import annotations

from pathlib import Path

import krm_otel
from krm_otel.krm.results import CODES

SOURCES = [path for path in Path(krm_otel.__file__).parent.rglob("*.py") if path.name != "results.py"]


def test_every_code_is_used() -> None:
    """A code that nothing says any more is taken out of the table (`tests/laws.py` holds the other direction)."""
    text = "\n".join(path.read_text() for path in SOURCES)
    assert [code for code in CODES if f'"{code}"' not in text] == []


def test_codes_are_sorted_sentences() -> None:
    """The table reads as documentation: sorted, kebab-case, one sentence each."""
    assert list(CODES) == sorted(CODES)
    assert all(code == code.lower() and " " not in code for code in CODES)
    assert all(meaning[0].isupper() and meaning.endswith(".") for meaning in CODES.values())
