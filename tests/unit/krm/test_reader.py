"""Envelopes: items with their exact text, and results in every place where a ResourceList can have them."""

from __future__ import annotations

import json

import pytest
import yaml

from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.reader import read_envelope
from krm_otel.yamltext.nodes import SourceError

HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
ITEMS = "items:\n- kind: A\n"
ONE = [Result("unreadable-item", "info", "said: this")]
SAID = {"message": "said: this", "severity": "info", "tags": {"code": "unreadable-item"}}
BLOCK = 'results:\n- message: "said: this"\n  severity: info\n  tags: {code: unreadable-item}\n'


@pytest.mark.parametrize(
    ("before", "after", "bare"),
    [
        (HEAD + ITEMS, HEAD + ITEMS + BLOCK, None),
        (HEAD + ITEMS + "# end\n", HEAD + ITEMS + "# end\n" + BLOCK, None),
        (HEAD + ITEMS + "...\n", HEAD + ITEMS + BLOCK + "...\n", None),
        (HEAD + "items:\n- a: |\n    x", BLOCK + HEAD + "items:\n- a: |\n    x", None),
        (HEAD + "results: []\n" + ITEMS, HEAD + BLOCK + ITEMS, HEAD + ITEMS),
        (
            HEAD + "results:\n- old\n# of items\n" + ITEMS,
            HEAD + BLOCK + "# of items\n" + ITEMS,
            HEAD + "# of items\n" + ITEMS,
        ),
        (
            HEAD + ITEMS + "results:\n- a: |\n    x\n\n# end\n",
            HEAD + ITEMS + BLOCK + "\n# end\n",
            HEAD + ITEMS + "\n# end\n",
        ),
        (HEAD + ITEMS + "results: [old]", HEAD + ITEMS + BLOCK, HEAD + ITEMS),
        ("# lead\n---\n" + HEAD + ITEMS, "# lead\n---\n" + HEAD + ITEMS + BLOCK, None),
        ("? ---\n" + HEAD + ITEMS, "? ---\n" + HEAD + ITEMS + BLOCK, None),
        ("--- !!map\n" + HEAD + "x: y", "--- !!map\n" + BLOCK + HEAD + "x: y", None),
        ((HEAD + ITEMS).replace("\n", "\r\n"), (HEAD + ITEMS + BLOCK).replace("\n", "\r\n"), None),
        ("\ufeff" + HEAD + ITEMS, "\ufeff" + HEAD + ITEMS + BLOCK, None),
        ("\ufeff\ufeff" + HEAD + ITEMS, "\ufeff\ufeff" + HEAD + ITEMS + BLOCK, None),
    ],
)
def test_results_in_yaml(before: str, after: str, bare: str | None) -> None:
    """They take the place of old ones, else the end; comments of others stay; without results there is no key."""
    envelope = read_envelope(before)
    assert envelope.splice({}, ONE) == after
    assert yaml.safe_load(after)["results"] == [SAID]
    assert envelope.splice({}, []) == (before if bare is None else bare)
    again = read_envelope(after)
    assert again.splice({}, ONE) == after, "not the same on a second run"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("order", ["kir", "rki", "kri", "ki"])
def test_results_in_json(order: str, indent: int | None) -> None:
    """In JSON they are the last member; the rest keeps its bytes."""
    members = {"k": ("kind", "ResourceList"), "i": ("items", [{"kind": "A"}]), "r": ("results", [{"message": "old"}])}
    data = {"apiVersion": "config.kubernetes.io/v1", **dict(members[letter] for letter in order)}
    text = json.dumps(data, indent=indent)
    envelope = read_envelope(text)
    out, bare = envelope.splice({}, ONE), envelope.splice({}, [])
    without = {key: value for key, value in data.items() if key != "results"}
    assert json.loads(out) == {**without, "results": [SAID]} and list(json.loads(out))[-1] == "results"
    assert json.loads(bare) == without
    assert read_envelope(out).splice({}, ONE) == out
    assert read_envelope(out).splice({}, []) == bare
    if "r" not in order:
        assert bare == text


@pytest.mark.parametrize(
    ("text", "changed", "after"),
    [
        (
            "items:\n  - kind: A\n    # c\n  - kind: B\n",
            {1: "    kind: C\n"},
            "items:\n  - kind: A\n    # c\n  - kind: C\n",
        ),
        ("items: [{kind: A}, {kind: B}]\n", {0: "{kind: C}"}, "items: [{kind: C}, {kind: B}]\n"),
        ("items:\n- # lead\n  kind: A\n- kind: B\n", {0: "  kind: C\n"}, "items:\n- # lead\n  kind: C\n- kind: B\n"),
    ],
)
def test_items_are_replaced_in_place(text: str, changed: dict[int, str], after: str) -> None:
    """A new text has the columns of the old one; everything around it stays."""
    envelope = read_envelope(HEAD + text)
    assert envelope.splice(changed, []) == HEAD + after
    assert envelope.splice({i: item.text for i, item in enumerate(envelope.items)}, []) == HEAD + text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("kind: A\n---\n# c\n---\nkind: B\n", ["A", "B"]),
        ("apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n---\nkind: C\n", ["A", "B", "C"]),
        ('{"kind": "A"}\n---\nkind: B\n', ["A", "B"]),
        ("apiVersion: v1\nkind: List\nitems: []\n", []),
        ("apiVersion: a/v1\nkind: BList\nitems:\n- {apiVersion: a/v1, kind: B}\n", ["B"]),
        ("apiVersion: a/v1\nkind: BList\nitems:\n- {name: B}\n", ["BList"]),
        ("kind: ResourceList\nitems:\n- kind: A\n", ["ResourceList"]),
        ("- kind: A\n", [""]),
        ("", []),
    ],
)
def test_plain_streams(text: str, kinds: list[str]) -> None:
    """One object a document, or those of a List; there is no place for results."""
    envelope = read_envelope(text)
    assert envelope.resource_list is None and [item.kind for item in envelope.items] == kinds
    assert envelope.splice({}, ONE) == text


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("%TAG !e! tag:e:\n---\n" + HEAD + ITEMS + "functionConfig: !e!x {}\n", "function-config-kind", "by itself"),
        ("%TAG !e! tag:e:\n---\n" + HEAD + "items:\n- kind: Pod\n  a: !e!x y\n", "unreadable-item", "by itself"),
        ("%TAG !e! tag:e:\n---\nkind: Pod\na: !e!x y\n", "unreadable-item", "by itself"),
        (HEAD + "items:\n- kind: A\n  a: &x 1\n- kind: Pod\n  a: *x\n", "unreadable-item", "alias *x"),
        (HEAD + "items:\n- &x {kind: Pod}\n- *x\n", "unreadable-item", "alias *x"),
        (HEAD + ITEMS + "- kind: Pod\n  a: [}\n", "unreadable-item", "has to read every Pod"),
    ],
)
def test_faults(text: str, code: str, words: str) -> None:
    """What cannot be decided on is an error; the text comes out all the same."""
    envelope = read_envelope(text, is_required=lambda _, kind: kind == "Pod")
    (fault,) = envelope.results
    assert (fault.code, fault.severity) == (code, "error") and words in fault.message
    assert envelope.splice({}, []) == text
    for item in envelope.items:
        _ = item.resource


@pytest.mark.parametrize(
    "text",
    [HEAD + "items:\n- kind: A\n  a: &x 1\n- kind: B\n  a: *x\n", HEAD + "items: null\n", HEAD, HEAD + "items:\n"],
)
def test_no_faults(text: str) -> None:
    """Bystanders may be as they are, and a list may be empty."""
    assert read_envelope(text).results == []


def test_unreadable_bystanders_are_kept_with_a_warning() -> None:
    """With a warning; the others are read."""
    text = HEAD + "items:\n- kind: A\n- kind: Other\n  a: [}\n- kind: B\n"
    envelope = read_envelope(text)
    assert [item.kind for item in envelope.items] == ["A", "", "B"]
    assert [fault.severity for fault in envelope.results] == ["warning"]
    assert envelope.splice({}, []) == text
    broken = envelope.items[1]
    assert text[broken.start : broken.end] == " kind: Other\n  a: [}\n" and broken.resource is None


def test_new_items_follow_an_unreadable_last_item() -> None:
    """Not within it: its end is that of its text."""
    text = HEAD + "items:\n- kind: A\n- kind: Other\n  a: [}\n  b: 1\n"
    assert read_envelope(text).with_appended([{"kind": "W"}]) == text + "- kind: W\n"


@pytest.mark.parametrize("text", ["a: [}\n", "a: {{ x }}: y\n", HEAD + "items: [}\n"])
def test_an_unreadable_text_is_an_error(text: str) -> None:
    """There is nothing to pass on then."""
    with pytest.raises(SourceError):
        read_envelope(text)


def test_function_config() -> None:
    """Before or after the items, as YAML or JSON; empty and null read as none."""
    for config in ("{kind: C}", "\n  kind: C", '{"kind": "C"}'):
        for text in (f"functionConfig: {config}\n{ITEMS}", f"{ITEMS}functionConfig: {config}\n"):
            found = read_envelope(HEAD + text).function_config
            assert found is not None and found.kind == "C" and found.ref == Ref(kind="C")
    for config in ("", "{}", "null"):
        assert read_envelope(HEAD + ITEMS + f"functionConfig: {config}\n").function_config is None


def test_positions_and_files() -> None:
    """Several texts can be one input."""
    envelope = read_envelope("kind: A\n---\nkind: B\n", "x.yaml", 5)
    assert [(item.position, item.file) for item in envelope.items] == [(5, "x.yaml"), (6, "x.yaml")]
    assert envelope.splice({6: "kind: C\n"}, []) == "kind: A\n---\nkind: C\n"
