"""Regular expressions that are compiled when they are first used, and patterns that need none."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from krm_otel.regex import fits, regex


def test_it_is_compiled_when_it_is_used() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.match("a")


def test_it_does_what_a_compiled_one_does() -> None:
    text, postponed, compiled = "a1 B2", regex(r"([a-z])([0-9])", re.IGNORECASE), re.compile(r"([a-z])([0-9])", re.I)
    for _ in range(2):  # the first use, and all others
        assert [match.groups() for match in postponed.finditer(text)] == [("a", "1"), ("B", "2")]
        assert postponed.sub(r"\2", text) == compiled.sub(r"\2", text) == "1 2"
        assert postponed.findall(text) == compiled.findall(text)
        assert postponed.split(text) == compiled.split(text)
        assert postponed.subn("", text) == compiled.subn("", text)
        assert (postponed.match(text, 1), postponed.fullmatch("a1x")) == (None, None)
        assert (match := postponed.search(text, 1)) is not None and match.start() == 3
        assert postponed.pattern == compiled.pattern


def test_it_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        getattr(regex("a"), "__wrapped__")  # noqa: B009 - what tools ask for does not compile it


def test_bytes() -> None:
    assert regex(rb"a+").search(b"baa") is not None


@pytest.mark.parametrize(
    "pattern", ["", "*", "a", "a*", "*a", "a*a", "*a*", "a?", "[ab]*", "a*b*", "**", "a.b", "a*\n"]
)
def test_patterns_fit_as_in_the_standard_library(pattern: str) -> None:
    for text in ("", "a", "aa", "ab", "aba", "axa", "a.b", "b", "a\n", "a\nb", "[ab]", "a*", "é"):
        assert fits(text, pattern) == fnmatchcase(text, pattern), text
