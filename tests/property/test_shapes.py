"""Texts of one shape are read, and edited, as if libyaml read each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krm_otel.run import VERIFY_EACH
from krm_otel.views.lines import lines
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.emit import JsonText, Quoted
from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence, SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.shapes.lines import shape_of, use_shapes
from krm_otel.yamltext.shapes.template import forget, template_of
from tests.property.alike import Author
from tests.property.check import SETTINGS
from tests.support.cases import CASES, ROOT, read_environ
from tests.support.laws import function

_ALIKE = 6
"""Texts that are read after the first: the second one makes the template, the others use it."""
_UNREAD = "list-bystander-unread"
RANDOM = st.randoms(use_true_random=False)

Operation = tuple[str, tuple[Any, ...]]


@pytest.fixture(autouse=True)
def shapes_in_use() -> Iterator[None]:
    """Each test leaves shapes in use, as it found them."""
    yield
    use_shapes(True)


def _facts(node: Node | None) -> Any:
    """Everything that a node says."""
    if node is None or isinstance(node, Alias):
        return node and (node.start, node.end, node.anchor)
    kind = Mapping if isinstance(node, Mapping) else Sequence if isinstance(node, Sequence) else Scalar
    facts = (kind, node.start, node.end, node.column, node.anchor, node.tag)
    if isinstance(node, Scalar):
        return (*facts, node.value, node.style)
    if isinstance(node, Mapping):
        return (*facts, node.flow, [(_facts(key), _facts(value)) for key, value in node.pairs])
    assert isinstance(node, Sequence)
    return (*facts, node.flow, [_facts(item) for item in node.items])


def _read(text: str) -> Any:
    try:
        return _facts(compose(text))
    except SourceError as error:
        return str(error)


def _both_ways(act: Any, *arguments: Any) -> tuple[Any, Any]:
    use_shapes(True)
    with_shapes = act(*arguments)
    use_shapes(False)
    alone = act(*arguments)
    use_shapes(True)
    return with_shapes, alone


def test_a_template_is_used() -> None:
    """The other tests compare something: the third text of a shape has a template."""
    forget()
    text = "a: {}\nb:\n- name: {}\n  value: >-\n    {} {}\nc: {{app: {}}}\n"
    texts = [text.format(*[value] * 5) for value in ("x", "y", "z")]
    for text in texts:
        compose(text)
    shape = shape_of(texts[2])
    assert shape is not None and template_of(shape) is not None
    with_template, alone = _both_ways(_read, texts[2])
    assert with_template == alone


@settings(SETTINGS, max_examples=300)
@given(RANDOM)
def test_texts_that_are_alike_have_the_same_nodes_as_by_themselves(random: Random) -> None:
    forget()
    author = Author(random)
    text = author.text()
    for alike in [text, text, *(author.alike(text) for _ in range(_ALIKE))]:
        with_shapes, alone = _both_ways(_read, alike)
        assert with_shapes == alone, alike


@settings(SETTINGS, max_examples=300)
@given(RANDOM)
def test_texts_that_are_alike_are_edited_as_by_themselves(random: Random) -> None:
    forget()
    author = Author(random)
    text = author.text()
    try:
        root = compose(text)
    except SourceError:
        return
    if not isinstance(root, Mapping):
        return
    operations = [_operation(random, *random.choice(list(_paths(root)))) for _ in range(random.randint(1, 3))]
    for alike in [text, text, *(author.alike(text) for _ in range(_ALIKE))]:
        with_shapes, alone = _both_ways(_edit, alike, [_varied(random, operation) for operation in operations])
        assert with_shapes == alone, alike


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name != _UNREAD], ids=lambda path: str(path.relative_to(ROOT))
)
def test_cases_have_the_same_outcome_one_by_one(case: Path) -> None:
    """The first run makes templates, the second one uses them, and the last one reads each text by itself."""
    data, environ = next(case.glob("input.*")).read_bytes(), read_environ(case / "env")
    first, second, alone = (
        (out, [line.text for line in lines(outcome)])
        for out, outcome in (function(data, environ | more) for more in ({}, {}, {VERIFY_EACH: "1"}))
    )
    assert first == alone
    assert second == alone


def test_only_a_broken_object_that_nobody_reads_is_passed_over() -> None:
    """The one difference: with KRM_OTEL_VERIFY_EACH, it gets a warning."""
    data = (ROOT / "shape" / _UNREAD / "input.yaml").read_bytes()
    cut, alone = function(data)[1], function(data, {VERIFY_EACH: "1"})[1]
    assert [result for result in alone.results if result not in cut.results] == [
        result for result in alone.results if result.code == "unreadable-item"
    ]
    assert cut.changes == alone.changes


def _edit(text: str, operations: list[Operation]) -> str:
    """The edited text, or why it is not edited."""
    try:
        root = compose(text)
        if not isinstance(root, Mapping):
            return "no mapping"
        editor = Editor(text, root)
        for name, arguments in operations:
            getattr(editor, name)(*arguments)
        return editor.finish()
    except (CannotEdit, SourceError) as error:
        return f"{type(error).__name__}: {error}"
    except (IndexError, KeyError, StopIteration, AssertionError) as error:  # the path is not in a text alike
        return type(error).__name__


def _paths(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    yield path, node
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            if isinstance(key, Scalar):
                yield from _paths(value, (*path, key.value))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _paths(item, (*path, index))


def _operation(random: Random, path: tuple[str | int, ...], node: Node) -> Operation:
    """An edit of a node, as a method of Editor with its arguments."""
    if isinstance(node, Scalar):
        old_texts = ['"x"', "'y'", "z", "|-\n  t", " # c", 'x "y"']
        return random.choice([("replace", (path, "x y")), ("restore", (path, random.choice(old_texts)))])
    count = len(node.pairs) if isinstance(node, Mapping) else len(node.items) if isinstance(node, Sequence) else 0
    removed = [index for index in range(count) if random.random() < 0.5]
    operations: list[Operation] = [("remove", (path, removed, random.choice([None, "new", "= []", "="])))]
    data: list[Any] = [["x"], [{"name": "A", "value": Quoted("v")}], {"k": Quoted("w"), "l": {"m": "n"}}]
    data.append({"record": JsonText('{"a":\n"b"\n}')})
    operations.append(("add", (path, random.choice(data))))
    if isinstance(node, Sequence):
        operations.append(("insert", (path, random.randint(0, count), random.choice(data[:2]))))
    else:
        operations.append(("add", ((*path, random.choice(["new", "a"])), random.choice(data))))
    return random.choice(operations)


def _varied(random: Random, operation: Operation) -> Operation:
    """The same edit with other values."""
    name, arguments = operation
    return name, tuple(_varied_data(random, a) if isinstance(a, list | dict) else a for a in arguments)


def _varied_data(random: Random, data: Any) -> Any:
    if isinstance(data, list):
        return [_varied_data(random, member) for member in data]
    if isinstance(data, dict):
        return {key: _varied_data(random, member) for key, member in data.items()}
    if isinstance(data, Quoted):
        return Quoted(random.choice(["v", "w x", 'a"b', "it's", "é", "a\\", "x\ny", "# z", ": ", ""]))
    if isinstance(data, JsonText):
        return JsonText(random.choice(['{"a":\n"b"\n}', '{"a":\n"c d"\n}', '{"a":"it\'s"}']))
    return data
