"""Text → nodes: exact places, nothing constructed, and no input that crashes or takes more than its share."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from krm_otel.yamltext.nodes import Alias, Mapping, Scalar, Sequence, SourceError
from krm_otel.yamltext.parse import MAX_DEPTH, compose
from krm_otel.yamltext.query import lookup, walk


def scalar(text: str, *path: str | int) -> Scalar:
    node = lookup(compose(text), *path)
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    ("text", "path", "written"),
    [
        ("a: 🎉 # x\nb: 'é'\n", ("b",), "'é'"),
        ("a: 1\r\nb:   two words  \r\n", ("b",), "two words"),
        ('- x\n- - y\n  - "z"\n', (1, 1), '"z"'),
        ('{"a": {"b": "\\ud83c\\udf89", "c": 10.00}}', ("a", "c"), "10.00"),
        ("a: &x\n  b: !t c\n", ("a", "b"), "!t c"),
        ("a: |+\n  x\n\nb: y\n", ("a",), "|+\n  x\n\n"),
    ],
)
def test_a_node_knows_its_place(text: str, path: tuple[str | int, ...], written: str) -> None:
    """Indexes are right behind emoji, line breaks, comments and, in JSON, surrogate pairs (only columns are not)."""
    node = scalar(text, *path)
    assert text[node.start : node.end] == written
    assert "\\u" in text or node.column == node.start - (text.rfind("\n", 0, node.start) + 1)


def test_kinds_of_nodes() -> None:
    """Mappings, sequences, aliases, anchors, tags and styles are distinguished."""
    root = compose("a: &x [1]\nb: *x\nc: *nowhere\nd: {e: 'f'}\n")
    assert isinstance(root, Mapping)
    a, b, c, d = (value for _, value in root.pairs)
    assert isinstance(a, Sequence) and a.flow and a.anchor == "x"
    assert isinstance(b, Alias) and b.target is a
    assert isinstance(c, Alias) and c.target is None
    assert isinstance(d, Mapping) and d.flow
    assert [node.style for node in walk(root) if isinstance(node, Scalar)].count("'") == 1


def test_an_alias_points_at_the_last_anchor_before_it() -> None:
    """One name may be used twice; a collection may hold an alias to itself."""
    root = compose("a: &x 1\nb: &x 2\nc: *x\n")
    assert isinstance(target := lookup(root, "c"), Scalar) and target.value == "2"
    loop = compose("a: &x [*x]\n")
    assert lookup(loop, "a", 0, 0, 0) is lookup(loop, "a")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\n\n"])
def test_an_empty_text_has_no_root(text: str) -> None:
    """An empty text has no root, an empty document an empty scalar."""
    root = compose(text)
    assert root is None or (isinstance(root, Scalar) and root.value == "")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: [\n", 2, "did not find"),
        ("a: b: c\n", 1, "mapping values"),
        ("a: 1\n\tb: 2\n", 2, "tab"),
        ("a: \x07\n", None, "control characters"),
        ('a: "\ud83d"\n', None, "surrogate"),
        ("a: {{ .Values.x }}: y\n", 1, ""),
        ('a: "\\ud83d"\n', 1, "escape"),
        ("a: !e!t x\n", 1, "tag handle"),
    ],
)
def test_an_invalid_text_is_an_error_with_its_line(text: str, line: int | None, message: str) -> None:
    """There is a reason, with its line where libyaml knows it; no other exception."""
    with pytest.raises(SourceError) as caught:
        compose(text)
    assert message in caught.value.message
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[ \n" * 5000,
        "{a: " * 100_000,
        '["x", ' * 100_000,
        "- " * 50_000 + "x",
        "? " * 50_000 + "x",
        "".join("  " * i + "a:\n" for i in range(MAX_DEPTH + 2)),
    ],
    ids=["brackets", "closed", "spaced", "braces", "with-words", "dashes", "questions", "block"],
)
def test_deep_nesting_is_an_error(text: str) -> None:
    """libyaml, left alone with such a text, overflows the stack."""
    with pytest.raises(SourceError):
        compose(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        "x: " + "[" * 900 + "]" * 900,
        "".join(" " * i + "a:\n" for i in range(MAX_DEPTH - 1)),
    ],
    ids=["brackets", "value", "block"],
)
def test_nesting_up_to_the_limit_is_read(text: str) -> None:
    """No code of krm-otel recurses."""
    assert sum(1 for _ in walk(compose(text) or pytest.fail())) > 800


@pytest.mark.parametrize(
    "text",
    [
        ("[" + " " * 5000) * 999,
        "a: '" + "[{" * 1_000_000 + "'\n",
        "a: [" + "x, " * 50_000 + "]\n",
        '{"a": "' + "\\" * 1_000_000 + '"}',
        '{"a": "' + "\\ud83d\\ude00" * 100_000 + '"}',
        "#" * 1_000_000 + "\n" * 100_000,
    ],
    ids=["spaced-brackets", "quoted-brackets", "flow", "backslashes", "surrogates", "comments"],
)
def test_parsing_takes_linear_time(text: str) -> None:
    """What could take quadratic time takes less than a few seconds (it would be minutes)."""
    start = time.monotonic()
    with suppress(SourceError):
        compose(text)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("json", "value"),
    [
        (r'{"a": "\ud83d\ude00"}', "😀"),
        (r'{"a": "x\ud83d\ude00y\uD83D\uDE00"}', "x😀y😀"),
        (r'{"a": "\\ud83d\\ude00"}', r"\ud83d\ude00"),
        (r'{"a": "\\\ud83d\ude00"}', "\\😀"),
        ('# c\n\n{"a": "\\ud83d\\ude00"}', "😀"),
    ],
)
def test_surrogate_pairs_of_json(json: str, value: str) -> None:
    """They are read as the character that they encode, and no index moves."""
    node = scalar(json, "a")
    assert node.value == value
    assert json[node.start] == json[node.end - 1] == '"'


def test_a_surrogate_pair_in_a_key_moves_nothing() -> None:
    """Such a key is read with two more letters, which no code looks up; the rest keeps its positions."""
    text = '{"\\ud83d\\ude00": 1, "b": "c"}'
    node = scalar(text, "b")
    assert text[node.start : node.end] == '"c"'
