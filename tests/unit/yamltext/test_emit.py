"""What is written reads back as what it was, by every reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from krm_otel.yamltext import emit
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import decode

NASTY = [
    "", " ", "  lead", "trail ", "a: b", "a #b", "#", "- x", "? x", ": x", "&a", "*a", "!t", "|", ">", "%x", "@x",
    "`x", "'", '"', "\\", "\\u0041", "a\nb", "a\n", "\na", "a\n\nb", "a\r\nb", "\t", "a\tb", "null", "Null", "~",
    "true", "yes", "NO", "on", "y", "N", "1", "0x1f", "0o7", "1e3", ".inf", ".nan", "1_000", "22:22", "2001-12-14",
    "=", "<<", "---", "...", "é", "🎉", "\x00", "\x07", "\x1b", "\x7f", "\x85", "\xa0", "\u2028", "\u2029", "\ufeff",
    "\ufffe", "\uffff", "\ud7ff", "{a}", "[a]", "{", "]", ",", "a,b", "$(X)", "$$", "http://a:1/?b=c&d=#e",
    "x" * 900, "=a", "a=", "-", "--", "0755", "+1", "line one\n  line two\n", "tab\n\tline", "x\n ", "\n", "\n\n",
    "a\n# b", "nan", "inf", "-1", "1.0", "_", "/", "a/b c (d)",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text)[:20])
def test_emitted_strings_are_read_as_they_were(text: str) -> None:
    """As a value, a key, a list item, in flow style and as JSON; by PyYAML and by our own reader."""
    for value in (text, emit.Quoted(text)):
        block = "\n".join([*emit.entry("k", value), *emit.entry("l", [value]), *emit.entry("m", {text: value})]) + "\n"
        expected = {"k": text, "l": [text], "m": {text: text}}
        assert yaml.load(block, Loader=yaml.CSafeLoader) == expected
        assert decode(compose(block)) == expected
    flow = emit.flow({text: [text, {"a": emit.Quoted(text)}]})
    assert json.loads(flow) == {text: [text, {"a": text}]}
    assert yaml.load("- " + flow, Loader=yaml.CSafeLoader) == [{text: [text, {"a": text}]}]
    assert "\n" not in flow and "\x85" not in flow and "\u2028" not in flow
    if emit.is_plain_string(text):  # what is written plain has no other reading, in YAML 1.1 (PyYAML) or JSON's terms
        assert yaml.safe_load(text) == text
        with pytest.raises(ValueError):
            json.loads(text)


@pytest.mark.parametrize("text", ["a", '{"a": "b\'c"}', "it's", "'"])
def test_single_quotes(text: str) -> None:
    """JSON stays readable in single quotes; in flow style it is JSON's own string."""
    written = emit.scalar(emit.JsonText(text))
    assert written[0] == "'" and yaml.safe_load(written) == text
    assert json.loads(emit.flow(emit.JsonText(text))) == text


@pytest.mark.parametrize(
    ("value", "indent", "lines"),
    [
        ({"a": 1, "b": True, "c": None, "d": 0.5}, 0, ["a: 1", "b: true", "c: null", "d: 0.5"]),
        ({"a": [], "b": {}}, 0, ["a: []", "b: {}"]),
        ({"a": [1, {"b": [{}]}]}, 0, ["a:", "- 1", "- b:", "  - {}"]),
        ({"a": [1, {"b": [{}]}]}, 2, ["a:", "  - 1", "  - b:", "      - {}"]),
        ({"a": {"b": {"c": "d"}}}, 0, ["a: {b: {c: d}}"]),
        ({"a": {"b": 1, "c": "2"}, "d": ["e"]}, 0, ['a: {b: 1, c: "2"}', "d: [e]"]),
        ({"a": {"b": {"c": 1}, "d": 2}}, 0, ["a:", "  b: {c: 1}", "  d: 2"]),
        ({"a": {"b": 1, "c": 2, "d": 3}}, 0, ["a:", "  b: 1", "  c: 2", "  d: 3"]),
        ({"a": ["x" * 80]}, 2, ["a:", f"  - {'x' * 80}"]),
        ({"labels": {"a": "b"}, "m": {"labels": {"a": "b"}}}, 0, ["labels:", "  a: b", "m:", "  labels:", "    a: b"]),
        ({"args": ["a"]}, 2, ["args:", "  - a"]),
        ([[1, 2], []], 0, ["- - 1", "  - 2", "- []"]),
        ({"a": "x\ny\n"}, 0, ["a: |", "  x", "  y"]),
        ({"a": "x\n\ny"}, 0, ["a: |-", "  x", "", "  y"]),
        ({"a": {"b": "x\ny"}}, 0, ["a:", "  b: |-", "    x", "    y"]),
    ],
)
def test_block_style(value: Any, indent: int, lines: list[str]) -> None:
    """One spelling a value; lists as deep below their key as is asked for."""
    assert emit.block(value, indent) == lines
    assert yaml.safe_load("\n".join(lines) + "\n") == value
