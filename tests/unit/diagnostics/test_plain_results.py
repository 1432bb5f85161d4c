"""Results hold nothing that JSON or a terminal cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krm_otel.diagnostics.result import Ref
from krm_otel.diagnostics.rule import Location, Rule
from krm_otel.plan.changes import Change

RULE = Rule("empty", "error", "", "")
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.integers() | st.text(), inner),
    max_leaves=8,
)


def serialized(value: Any) -> str:
    """A result with this value, as strict JSON in UTF-8."""
    result = RULE.at(Location(Ref(kind="A", name="a"), "spec"), "is wrong", current=value, proposed=value)
    text = json.dumps(result.to_dict(), allow_nan=False, ensure_ascii=False)
    text.encode()
    return text


@given(ANY)
def test_every_value_can_be_written_as_json(value: Any) -> None:
    serialized(value)


@pytest.mark.parametrize(
    "value", [float("nan"), float("-inf"), 1 << 20_000, "\ud800", {"\udcff": [object()]}], ids=range(5)
)
def test_what_json_has_no_form_for_becomes_text(value: Any) -> None:
    json.loads(serialized(value))


@pytest.mark.parametrize("mark", ["\x1b[2J", "\x1b]0;title\x07", "\r", "\n", "\u202e", "\u2066", "\x9b31m"])
def test_no_name_reaches_a_terminal_raw(mark: str) -> None:
    """A control sequence, an end of a line, or a mark that turns the direction of writing."""
    ref = Ref("v1", "Pod", f"a{mark}b", f"n{mark}", f"f{mark}.yaml")
    for line in (RULE.at(ref, f"is {mark}").line(), Change(ref, "skipped", f"why {mark}").line()):
        assert line.isprintable()
