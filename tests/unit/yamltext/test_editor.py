"""Every edit changes only the intended bytes, and can be undone exactly."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.editor import Editor
from krm_otel.yamltext.emit import Quoted
from krm_otel.yamltext.nodes import Mapping, Scalar, Sequence
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import lookup

NEW = [{"name": "V", "value": Quoted("1")}]


def editor_of(text: str) -> Editor:
    root = compose(text)
    assert isinstance(root, Mapping)
    return Editor(text, root)


def append(text: str, *path: str | int, new: list[Any] | dict[str, Any] = NEW) -> tuple[str, str | None]:
    """Adds to the list or mapping at a path; returns the new text and what undoing needs."""
    editor = editor_of(text)
    original = editor.original(path)
    added = editor.append(path, new) if isinstance(new, list) else editor.add(path, new)
    assert added == original
    return editor.finish(), original


def taken_out(text: str, count: int, opened: str | None, *path: str | int) -> str:
    """The text without the last `count` members of the node at a path."""
    editor = editor_of(text)
    node = lookup(editor.root, *path)
    assert isinstance(node, Sequence | Mapping)
    size = len(node.items if isinstance(node, Sequence) else node.pairs)
    editor.remove(path, range(size - count, size), opened)
    return editor.finish()


LISTS = [
    # (before, after), with `env` in the mapping at the root
    ("a: 1\n", 'a: 1\nenv:\n- name: V\n  value: "1"\n'),
    ("a: 1", 'a: 1\nenv:\n- name: V\n  value: "1"'),
    ("a: 1\r\n", 'a: 1\r\nenv:\r\n- name: V\r\n  value: "1"\r\n'),
    ("l:\n  - x\n", 'l:\n  - x\nenv:\n  - name: V\n    value: "1"\n'),
    ("env:\n- x\n", 'env:\n- x\n- name: V\n  value: "1"\n'),
    (
        "env:\n    - x # c\n    # deeper\n\n# same\nb: 1\n",
        'env:\n    - x # c\n    # deeper\n    - name: V\n      value: "1"\n\n# same\nb: 1\n',
    ),
    ("env:\n- x\n# same\nb: 1\n", 'env:\n- x\n- name: V\n  value: "1"\n# same\nb: 1\n'),
    ("env:\n- |\n  x\n\nb: 1\n", 'env:\n- |\n  x\n- name: V\n  value: "1"\n\nb: 1\n'),
    ("env:\n- |+\n  x\n\nb: 1\n", 'env:\n- |+\n  x\n\n- name: V\n  value: "1"\nb: 1\n'),
    ("env:\n- |-\n  x", 'env:\n- |-\n  x\n- name: V\n  value: "1"'),
    ("env:\n- a:\nb: 1\n", 'env:\n- a:\n- name: V\n  value: "1"\nb: 1\n'),
    ("env:\n-\nb: 1\n", 'env:\n-\n- name: V\n  value: "1"\nb: 1\n'),
    ("env:\n- 'x\n\n  y'\nb: 1\n", 'env:\n- \'x\n\n  y\'\n- name: V\n  value: "1"\nb: 1\n'),
    ("env: &a # c\n  - x\n", 'env: &a # c\n  - x\n  - name: V\n    value: "1"\n'),
    ("env: !!seq\n- x\n", 'env: !!seq\n- x\n- name: V\n  value: "1"\n'),
    ("env: []\nb: 1\n", 'env:\n- name: V\n  value: "1"\nb: 1\n'),
    ("env: [ ] # c\nb: 1\n", 'env: # c\n- name: V\n  value: "1"\nb: 1\n'),
    ("env:\nb: 1\n", 'env:\n- name: V\n  value: "1"\nb: 1\n'),
    ("env: ~\n  # deeper\nb: 1\n", 'env:\n  # deeper\n- name: V\n  value: "1"\nb: 1\n'),
    ("env:   null   # c\n", 'env:   # c\n- name: V\n  value: "1"\n'),
    ("env: &e []\n", 'env:\n- name: V\n  value: "1"\n'),
    ("env:", 'env:\n- name: V\n  value: "1"'),
    ("env: [\n]\n", 'env: [{"name": "V", "value": "1"}\n]\n'),
    ("env: [x]\n", 'env: [x,\n  {"name": "V", "value": "1"}]\n'),
    ("env: [x, ]\n", 'env: [x,\n  {"name": "V", "value": "1"}, ]\n'),
    ("env: [\n    x # c\n  ]\n", 'env: [\n    x,\n    {"name": "V", "value": "1"} # c\n  ]\n'),
    ("{a: 1, env: [x]}\n", '{a: 1, env: [x, {"name": "V", "value": "1"}]}\n'),
    ("{a: 1}\n", '{a: 1, "env": [{"name": "V", "value": "1"}]}\n'),
    ('{"a": 1, "env":null}', '{"a": 1, "env": [{"name": "V", "value": "1"}]}'),
    ("{env: , a: 1}", '{env: [{"name": "V", "value": "1"}], a: 1}'),
    ('{\n  "env": [],\n  "a": 1\n}\n', '{\n  "env": [{"name": "V", "value": "1"}],\n  "a": 1\n}\n'),
    ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "env": [{"name": "V", "value": "1"}]\n}\n'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), LISTS)
def test_append_and_remove(before: str, after: str) -> None:
    """An entry goes behind the last one and its comments; taken out, nothing of it is left."""
    new, opened = append(before, "env")
    assert new == after
    assert taken_out(new, 1, opened, "env") == before


MAPPINGS = [
    ("m:\n  a: 1\n", {"k": "v"}, "m:\n  a: 1\n  k: v\n"),
    ("m:\n   a: 1\n   # deep\n # less\nz: 1\n", {"k": "v"}, "m:\n   a: 1\n   # deep\n # less\n   k: v\nz: 1\n"),
    ("m: {}\nx:\n    y: 1\n", {"k": "v"}, "m:\n    k: v\nx:\n    y: 1\n"),
    ("m: {a: 1}\n", {"k": "v"}, 'm: {a: 1,\n  "k": "v"}\n'),
    ("m:\n", {"k": {"l": ["v"]}}, "m:\n  k: {l: [v]}\n"),
    ("a: 1\n", {"k": "v"}, "a: 1\nm: {k: v}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "members", "after"), MAPPINGS)
def test_add_and_remove(before: str, members: dict[str, Any], after: str) -> None:
    """The same for members of a mapping, indented as the text does it."""
    new, opened = append(before, "m", new=members)
    assert new == after
    assert taken_out(new, 1, opened, "m") == before


def test_entries_inside_a_list_of_containers() -> None:
    """Where everything is nested, the comment of the next entry stays the next entry's."""
    before = dedent("""\
        c:
        - name: a
          env:
          - x
            # of x
          # of the container
        # of b
        - name: b # with a dash
          env: []
        """)
    editor = editor_of(before)
    for index in (0, 1):
        editor.append(("c", index, "env"), ["w"])
    assert editor.finish() == dedent("""\
        c:
        - name: a
          env:
          - x
            # of x
          - w
          # of the container
        # of b
        - name: b # with a dash
          env:
          - w
        """)


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("l:\n- a\n- b\n", 1, "l:\n- a\n- w\n- x\n- b\n"),
        ("# top\nl:\n  # of a\n  - a\n", 0, "# top\nl:\n  # of a\n  - w\n  - x\n  - a\n"),
        ("l:\n- a # c\n  # of a\n# of b\n- b\n", 1, "l:\n- a # c\n  # of a\n- w\n- x\n# of b\n- b\n"),
        ("l:\r\n- a\r\n- b\r\n", 1, "l:\r\n- a\r\n- w\r\n- x\r\n- b\r\n"),
    ],
)
def test_insert_and_remove(before: str, index: int, after: str) -> None:
    """Entries before others; comments above an entry stay with it, those above the list stay above."""
    editor = editor_of(before)
    editor.insert(("l",), index, ["w", "x"])
    assert editor.finish() == after
    editor = editor_of(after)
    editor.remove(("l",), [index, index + 1], None)
    assert editor.finish() == before


def test_several_inserts_keep_their_order() -> None:
    """At one place and at others."""
    editor = editor_of("l:\n- a\n- b\n")
    for index, text in ((1, "w"), (1, "x"), (0, "v")):
        editor.insert(("l",), index, [text])
    assert editor.finish() == "l:\n- v\n- a\n- w\n- x\n- b\n"


@pytest.mark.parametrize("text", ["l: [a]\n", "l: []\n", "l:\n- a\n", "l: x\n", "a: 1\n"])
def test_insert_needs_a_block_list_with_the_index(text: str) -> None:
    """A flow list, an index that is not there, no list at all."""
    editor = editor_of(text)
    with pytest.raises(CannotEdit):
        editor.insert(("l",), 1, ["w"])


SCALARS = [
    "x",
    "'x'",
    '"x"',
    "|\n  x\n",
    "|-\n  x\n",
    ">\n  x\n\n",
    "|+\n  x\n\n",
    "'x\n\n  y'",
    "!!str x",
    "x\n  y",
    "",
]


@pytest.mark.parametrize("old", SCALARS)
@pytest.mark.parametrize("tail", ["\nb: 1\n", " # c\n", "\n", ""])
def test_replace_and_restore(old: str, tail: str) -> None:
    """Another value in double quotes, and the old text again; what follows on the line stays."""
    if "\n" in old[-1:]:
        tail = tail.lstrip("\n").replace(" # c\n", "")
    before = f"a: {old}{tail}"
    editor = editor_of(before)
    written = editor.replace(("a",), 'é"\n')
    new = editor.finish()
    assert 'a: "é\\"\\n"' in new or not old
    editor = editor_of(new)
    node = editor.editable("a")
    assert isinstance(node, Scalar) and node.value == 'é"\n'
    editor.restore(("a",), written)
    assert editor.finish() == before


@pytest.mark.parametrize("header", ["|2", "|2-", ">4+", "&v |-2"])
def test_a_block_that_says_its_indentation_comes_back(header: str) -> None:
    """It is indented beyond its key, wherever that is."""
    before = f"list:\n  - a: {header}\n          x\n    b: 1\n"
    editor = editor_of(before)
    written = editor.replace(("list", 0, "a"), "y")
    editor = editor_of(editor.finish())
    editor.restore(("list", 0, "a"), written)
    assert editor.finish() == before


def test_changed_blank_lines_after_a_restored_block_stay() -> None:
    """The old text ended with blank lines of its own, which somebody has changed since."""
    editor = editor_of('a: "x"\nb: 1\n')
    editor.restore(("a",), ">\n  y\n\n\n")
    assert editor.finish() == "a: >\n  y\nb: 1\n"


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        ("l:\n- a\n- b\n- c\n", [0], "l:\n- b\n- c\n"),
        ("l:\n- a\n- b\n- c\n", [1, 2], "l:\n- a\n"),
        ("l:\n- a # of a\n# of b\n- b\n", [0], "l:\n# of b\n- b\n"),
        ("l:\n- a\n# left behind\n- b\n", [1], "l:\n- a\n# left behind\n"),
        ("l:\n-\n  a: 1\n- - b\n", [1], "l:\n-\n  a: 1\n"),
        ("l:\n- |+\n  a\n\n- b\n", [0], "l:\n- b\n"),
        ("l:\n- a\n- b", [1], "l:\n- a"),
        ("l: [a, b, c]\n", [0, 2], "l: [b]\n"),
        ("l: [a, b, c]\n", [1], "l: [a, c]\n"),
        ("l: [ a , b ]\n", [0, 1], "l: [  ]\n"),
        ("l:\n- a\n- b\n", [0, 1], "l: []\n"),
        ("l: # c\n- a\n# left\n- b\nz: 1\n", [0, 1], "l: [] # c\n# left\nz: 1\n"),
    ],
)
def test_remove_entries(before: str, gone: list[int], after: str) -> None:
    """Whole lines in block style, with their comma in flow style; a list of the user's is left empty."""
    editor = editor_of(before)
    editor.remove(("l",), gone, None)
    assert editor.finish() == after


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("a: 1\nb: 2\n", "a", "b: 2\n"),
        ("a: 1\nb:\n  c: 1\n  # c\nd: 2\n", "b", "a: 1\n  # c\nd: 2\n"),
        ("{a: 1, b: 2}", "a", "{b: 2}"),
        ("{a: 1, b: 2}", "b", "{a: 1}"),
        ("{a: 1}", "a", "{}"),
    ],
)
def test_remove_key(before: str, key: str, after: str) -> None:
    """A key goes with its value."""
    editor = editor_of(before)
    editor.remove_key((key,))
    assert editor.finish() == after


def test_the_first_key_after_a_dash_can_be_removed() -> None:
    """Where there is no next one, it cannot go."""
    editor = editor_of("l:\n- a: 1\n  b: 2\n- c: 1\n")
    editor.remove_key(("l", 0, "a"))
    assert editor.finish() == "l:\n- b: 2\n- c: 1\n"
    with pytest.raises(CannotEdit, match="nothing would be left"):
        editor.remove_key(("l", 1, "c"))


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("x: &e []\nenv: *e\n", ("env",), "alias"),
        ("x: &m {env: []}\ny: *m\n", ("x", "env"), "anchor &m is also used"),
        ("x: {env: []}\n<<: {env: [1]}\n", ("env",), "merge key"),
        ("<<: *nowhere\n", ("env",), "merge key"),
        ("<<: [{a: 1}, {<<: {env: 1}}]\n", ("env",), "merge key"),
        ("env: []\nenv: []\n", ("env",), "duplicate key"),
        ("? env\n: []\n", ("env",), "no colon"),
        ("{env}\n", ("env",), "no colon"),
        ("env: x\n", ("env",), "not a list"),
        ("env: {a: b}\n", ("env",), "not a list"),
        ("env:\n- |\n  x", ("env",), "block scalar without a line break"),
        ("env:\n- a\r- b\r", ("env",), "U+000D"),
        ("env:\n- a # c\u2028- b\n", ("env",), "U+2028"),
        ("c: [name: a]\n", ("c", 0, "env"), "would not"),
    ],
)
def test_unsafe_edits_are_refused(text: str, path: tuple[str | int, ...], reason: str) -> None:
    """With a reason for people, and nothing written."""
    with pytest.raises(CannotEdit) as caught:
        append(text, *path)
    assert reason in caught.value.reason


SHARED = "a: &a\n- x\n- y\nb: *a\nc: {d: &d z, e: *d}\n"


@pytest.mark.parametrize(
    "edit",
    [
        lambda editor: editor.append(("a",), ["z"]),
        lambda editor: editor.append(("b",), ["z"]),
        lambda editor: editor.insert(("a",), 1, ["z"]),
        lambda editor: editor.remove(("a",), [0], None),
        lambda editor: editor.remove_key(("a",)),
        lambda editor: editor.replace(("a", 0), "z"),
        lambda editor: editor.replace(("c", "d"), "z"),
        lambda editor: editor.restore(("c", "e"), "z"),
        lambda editor: editor.original(("a",)),
    ],
)
def test_every_edit_refuses_shared_nodes(edit: Callable[[Editor], object]) -> None:
    """No call before it is needed for that."""
    with pytest.raises(CannotEdit, match=r"alias|anchor"):
        edit(editor_of(SHARED))


@pytest.mark.parametrize("recorded", ["[}", ": :", "x\nb: 1", "\x00", "- - x", '"\ud83d"'])
def test_a_recorded_text_that_is_not_a_value_is_refused(recorded: str) -> None:
    """The record lies in the input, where anybody may have written it."""
    editor = editor_of("env:\n- a\n")
    with pytest.raises(CannotEdit):
        editor.remove(("env",), [0], "=" + recorded)
        editor.finish()


def test_the_result_of_edits_is_verified() -> None:
    """The result is read again and compared: here the text is spliced behind the model's back."""
    editor = editor_of("a: 1\nb: 2\n")
    editor.append(("env",), ["x"])
    editor._splices.append((3, 4, "3"))
    with pytest.raises(CannotEdit, match="would not mean"):
        editor.finish()
    editor = editor_of("a: 1\n")
    editor._splices.append((0, 3, "["))
    with pytest.raises(CannotEdit, match="would not"):
        editor.finish()
    editor._splices.append((2, 4, ""))
    with pytest.raises(CannotEdit, match="overlap"):
        editor.finish()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("a: 1", "a: 1", True), ("a: 1", "a: '1'", False), ("a: x", "a: 'x'", True), ("a: yes", 'a: "yes"', False),
        ("a: ~", "a: null", True), ("a: ~", "a: ''", False), ("a: [1]", "a:\n- 1", True),
        ("a: {b: c}", "a:\n  b: c", True),
        ("a: 1\nb: 2", "b: 2\na: 1", False), ("a: &x 1", "a: 1", False), ("a: !t 1", "a: 1", False),
        ("a: []", "a: {}", False),
        ("a: &x 1\nb: *x", "a: &x 1\nb: 1", False), ("a: 1", "a: 1\nb: 2", False), ("a: [1, 2]", "a: [1]", False),
    ],
)  # fmt: skip
def test_which_texts_have_the_same_meaning(old: str, new: str, same: bool) -> None:
    """Style does not count; values, types, order, anchors and tags do."""
    editor = editor_of(old)
    editor._splices.append((0, len(old), new))
    if same:
        assert editor.finish() == new
    else:
        with pytest.raises(CannotEdit):
            editor.finish()
