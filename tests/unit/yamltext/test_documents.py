"""The positions of documents and items, in every layout and around unreadable ones."""

from __future__ import annotations

import pytest

from krm_otel.yamltext.documents.broken import readable
from krm_otel.yamltext.documents.by_events import documents
from krm_otel.yamltext.nodes import SourceError

ITEM = "apiVersion: v1\nkind: X\n"


def items_of(text: str) -> list[str]:
    (document,) = documents(text)
    return [text[span.start : span.end] for span in document.items or ()]


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("", []),
        ("# nothing\n---\n---\n# more\n...\n", []),
        ("a: 1\n---\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("a: 1\n...\n# between\n---\nb: 2\n...\n", ["a: 1\n", "b: 2\n"]),
        ("---\n# lead\na: 1\n# trail\n--- # next\nb: 2", ["a: 1\n# trail\n", "b: 2"]),
        ("--- {a: 1}\n--- [b]\n--- c\n--- |\n d\n", ["{a: 1}", "[b]", "c", "|\n d\n"]),
        ("%YAML 1.1\n---\na: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "b: 2\r\n"]),
    ],
)
def test_documents(text: str, roots: list[str]) -> None:
    """Empty ones are left out; markers and directives belong to none."""
    found = documents(text)
    assert [text[d.root.start : d.root.end if d.root.flow or not d.root.is_mapping else d.end] for d in found] == roots


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("items:\n- a: 1\n- b: 2\n", ["a: 1\n", "b: 2\n"]),
        ("items:\n  - a: 1\n\n  # c\n  - b: 2\n# d\nz: 1\n", ["a: 1\n\n  # c\n  ", "b: 2\n# d\n"]),
        ("items:\n- # lead\n  a: 1\n-\n  b: 2\n", ["a: 1\n", "b: 2\n"]),
        ("items: [{a: 1}, {b: 2} ]\n", ["{a: 1}", "{b: 2}"]),
        ('{"items": [{"a": 1},\n{"b": 2}], "kind": "X"}', ['{"a": 1}', '{"b": 2}']),
        ("items:\n- {a: 1} # c\n- - x\n- y\n-\n- *z\n- |\n  x\n", ["{a: 1}", "- x\n", "y", "", "*z", "|\n  x\n"]),
        ("items:\n- a: |+\n    x\n\n- &k b: 2\n- &n\n  c: 3\n", ["a: |+\n    x\n\n", "&k b: 2\n", "&n\n  c: 3\n"]),
        ("items: []\n", []),
        ("items:\n", []),
        ("items: {a: 1}\n", []),
    ],
)
def test_items(text: str, items: list[str]) -> None:
    """The elements of `items`; in block style each runs up to the next one."""
    assert [item.rstrip(" -") for item in items_of(text)] == [item.rstrip(" -") for item in items]


@pytest.mark.parametrize(
    ("item", "api_version", "kind"),
    [
        ("apiVersion: a/v1\nkind: X", "a/v1", "X"),
        ("kind: &k X\n'apiVersion': \"v1\"\nq: *k", "v1", "X"),
        ("metadata: {kind: Y, apiVersion: v2}\nkind: X\nspec:\n- kind: Z", "", "X"),
        ("? kind\n: X\n[a]: {kind: Y}", "", "X"),
        ("kind: {a: b}", "", ""),
        ("kind: *k", "", ""),
        ("<<: {kind: X}", "", ""),
        ("kind: X\nkind: Y", "", "Y"),
        ("{kind: X, *a : b, apiVersion: v1}", "v1", "X"),
        ("kind:\napiVersion: v1", "v1", ""),
    ],
)
def test_kind_and_api_version(item: str, api_version: str, kind: str) -> None:
    """They are those of the object itself, whatever is inside it; the same for documents and for items."""
    (document,) = documents("items:\n- " + item.replace("\n", "\n  ") + "\n")
    assert document.items
    assert (document.items[0].api_version, document.items[0].kind) == (api_version, kind)
    (alone,) = documents(item)
    assert (alone.root.api_version, alone.root.kind) == (api_version, kind)


def test_keys_of_a_document() -> None:
    """Every key in the order of the text; a double one is named."""
    text = "kind: A\nitems: [1]\nresults:\n- x\nkind: B\n? [c]\n: d\n"
    (document,) = documents(text)
    assert document.duplicate == "kind" and document.root.kind == "B"
    assert [text[key.start : key.end] for key, _ in document.pairs] == ["kind", "items", "results", "kind", "[c]"]
    assert document.keys["kind"] is document.pairs[3]


def test_aliases_and_tag_handles_are_noted() -> None:
    """What an item cannot be read without."""
    (document,) = documents("%TAG !e! tag:e,2000:\n---\nitems:\n- a: &x 1\n- {b: *x, c: [*y]}\n- *z\n")
    assert document.tag_handles
    assert [span.aliases for span in document.items or ()] == [None, {"x", "y"}, {"z"}]
    assert not documents("a: 1\n")[0].tag_handles


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("kind: A\n---\nkind: B\na: [}\n---\nkind: C\n", ["B"]),
        ("kind: A\n---\nkind: 'B'\na: {{ .x }}: y\n", ["B"]),
        ("a: {{ x }}: y\n---\nkind: B\n", [""]),
        ("kind: ResourceList\nitems:\n- kind: A\n- kind: B\n  a: [}\n- kind: C\nfunctionConfig: {}\n", ["B"]),
        ("kind: ResourceList\nitems: # c\n\n  # d\n  - kind: A\n    a: [}\n  - kind: C\n", ["A"]),
        ("kind: ResourceList\r\nitems:\r\n- kind: A\r\n  a: [}\r\n- kind: C\r\n", ["A"]),
        ('kind: A\n---\nkind: B\na: "\\ud83d\\ude00"\n', ["B"]),
        ('kind: A\n---\n# c\n{"kind": "B", "a": "\\ud83d\\ude00"}\n', []),
        ('kind: ResourceList\nitems:\n- {"kind": "B", "a": "\\ud83d\\ude00"}\n- kind: A\n', []),
    ],
)
def test_unreadable_documents_are_blanked(text: str, kinds: list[str]) -> None:
    """The rest is readable then, and every index is where it was; JSON is mended and not blanked."""
    with pytest.raises(SourceError):
        documents(text)
    blanked, broken = readable(text)
    assert [b.kind for b in broken] == kinds
    assert len(blanked) == len(text)
    documents(blanked)
    for b in broken:
        assert b.reason and not blanked[b.start : b.end].replace("-", "", 1).strip()


@pytest.mark.parametrize("text", ["kind: ResourceList\nitems: [{a: ]\n", "kind: ResourceList\nfoo: [\n"])
def test_blanking_may_find_nothing(text: str) -> None:
    """Nothing is found to blank, or nothing is left."""
    blanked, broken = readable(text)
    assert blanked == text or not blanked.strip() or broken


def test_many_unreadable_documents_take_linear_time() -> None:
    """Each is read once, and the text is put together once."""
    text = "a: [}\n---\n" * 20_000 + "b: 1\n"
    blanked, broken = readable(text)
    assert len(broken) == 20_000 and len(blanked) == len(text)
