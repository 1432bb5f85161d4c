"""What nodes mean to Kubernetes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import decode, is_null, layers, lookup, members, text_of

BOMB = "x0: &x0 {q: r}\n" + "".join(f"x{i}: &x{i} {{<<: [*x{i - 1}, *x{i - 1}]}}\n" for i in range(1, 60))
LAUGHS = "x0: &x0 [lol]\n" + "".join(f"x{i}: &x{i} [*x{i - 1}, *x{i - 1}]\n" for i in range(1, 60))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-0755", -755), ("10.00", 10.0), ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-.inf", -math.inf),
        ("yes", True), ("off", False), ("True", True), ("~", None), ("Null", None), ("", None), ("'1'", "1"),
        ('"true"', "true"), ("!!str 1", "1"), ("22:22", "22:22"), ("2001-12-14", "2001-12-14"), ("0x1f", "0x1f"),
        ("=", "="), ("y", "y"), ("1_000", "1_000"), ("1" * 500, "1" * 500), ("|-\n  1", "1"), ("nan", "nan"),
        ("[1, {a: b}]", [1, {"a": "b"}]), ("{a: , b: []}", {"a": None, "b": []}),
    ],
)  # fmt: skip
def test_decode(text: str, value: Any) -> None:
    """Types as kubectl reads them; values that readers disagree on stay text."""
    data = decode(lookup(compose("k: " + text), "k"))
    assert data == value and type(data) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{<<: {a: 1, b: 2}, a: 3}", {"a": 3, "b": 2}),
        ("{a: 3, <<: [{a: 1, b: 2}, {b: 4, c: 5}]}", {"a": 3, "b": 2, "c": 5}),
        ("{<<: {<<: {a: 1}, b: 2}}", {"a": 1, "b": 2}),
        ("{<<: nothing, a: 1}", {"a": 1}),
        ("{'<<': {a: 1}}", {"<<": {"a": 1}}),
        ("{a: 1, a: 2}", {"a": 2}),
        ("&x {<<: *x, a: 1}", {"a": 1}),
        ("{[a]: b, ? {c: d} : e}", {"? 0": [["a"], "b"], "? 1": [{"c": "d"}, "e"]}),
    ],
)
def test_decode_mappings(text: str, value: Any) -> None:
    """Merge keys apply, nearest first; of two keys the last counts; loops end."""
    assert decode(compose(text)) == value


@pytest.mark.parametrize(
    "text",
    [LAUGHS + "a: *x59\n", "a: &x [*x]\n", "a: &x {b: *x}\n", "a: " + "[" * 300 + "]" * 300],
    ids=lambda t: t[:9],
)
def test_nodes_that_are_too_large_cannot_be_decoded(text: str) -> None:
    """Aliases that multiply, that lead back, and what Python's own functions would choke on."""
    with pytest.raises(SourceError):
        decode(compose(text))


def test_merge_keys_do_not_multiply() -> None:
    """Each mapping is looked into once, however often it is merged in."""
    root = compose(BOMB)
    last = lookup(root, "x59")
    assert text_of(lookup(last, "q")) == "r" and lookup(last, "absent") is None
    assert isinstance(last, Mapping) and len(list(layers(last))) == 60
    assert list(members(last)) == ["q"]
    assert decode(last) == {"q": "r"}


def test_lookup() -> None:
    """Through aliases and merge keys; None wherever the path does not lead."""
    root = compose("base: &b {a: {x: 1}}\nl: [1, &i {n: m}]\nc: {<<: *b}\nd: *i\ne: *nowhere\n")
    assert text_of(lookup(root, "c", "a", "x")) == "1"
    assert text_of(lookup(root, "d", "n")) == "m"
    for path in (("l", 2), ("l", -1), ("l", "n"), ("d", 0), ("e",), ("e", "x"), ("c", "a", "x", "y"), ("zz",)):
        assert lookup(root, *path) is None


@pytest.mark.parametrize(
    ("text", "null"), [("", True), ("null", True), ("!!null x", True), ("''", False), ("!!str", False)]
)
def test_is_null(text: str, null: bool) -> None:
    """Null in any spelling, but no empty string."""
    node = lookup(compose(f"k: {text}"), "k")
    assert is_null(node) is null
    assert (text_of(node) is None) is null
