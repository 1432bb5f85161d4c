"""Appended objects can be removed without a trace."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.krm.reader import read_envelope

NEW: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "one\ntwo\n"}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}, "spec": {"ports": [{"port": 1}]}},
]
HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
TEXTS = {
    "list": HEAD + "items:\n- kind: A\n  x: 1\n- kind: B\n  y:\n  - 1\n",
    "list, indented": HEAD + "items:\n  - kind: A\n    x: 1\n  # end\n# margin\n",
    "list, config behind": HEAD + "items:\n- kind: A\n  x: 1 # c\n\n# about it\nfunctionConfig:\n  kind: C\n",
    "list, results behind": HEAD + "items:\n- kind: A\nresults:\n- message: m\n",
    "list, no final newline": HEAD + "items:\n- kind: A\n  x: 1",
    "list, CRLF": (HEAD + "items:\n- kind: A\n  x: 1\n").replace("\n", "\r\n"),
    "list, block scalar last": HEAD + "items:\n- kind: A\n  x: |\n    text\n",
    "list, comment first": HEAD + "items:\n- # about A\n  kind: A\n- # about B\n  kind: B\n",
    "list, flow items": HEAD + "items:\n- {kind: A}\n- {kind: B}\n",
    "list, empty": HEAD + "items: []\nfunctionConfig:\n  kind: C\n",
    "JSON": '{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[{"kind":"A"},{"kind":"B"}]}',
    "JSON, lines": '{\n  "apiVersion": "config.kubernetes.io/v1",\n  "kind": "ResourceList",\n  "items": [\n'
    '    {\n      "kind": "A"\n    }\n  ]\n}\n',
    "JSON, empty": '{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}',
    "stream": "kind: A\n---\nkind: B\n# end\n",
    "stream, marker first": "---\n# Source: a.yaml\nkind: A\n",
    "stream, no final newline": "kind: A\n---\nkind: B",
    "stream, CRLF": "kind: A\r\n---\r\nkind: B\r\n",
    "stream, document end": "kind: A\n...\n---\nkind: B\n...\n",
    "stream, JSON document": '{"kind": "A"}\n',
    "stream, BOM": "\ufeffkind: A\n",
}


def items_of(text: str) -> list[Any]:
    """The decoded items, by PyYAML."""
    documents = [document for document in yaml.safe_load_all(text.removeprefix("\ufeff")) if document]
    found: list[Any] = documents[0].get("items", documents)
    return found


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_appended_objects_can_be_removed(text: str) -> None:
    """They are the last items; without them the text is as it was."""
    longer = read_envelope(text).with_appended(NEW)
    before = items_of(text)
    assert items_of(longer) == [*before, *NEW]
    count = len(before)
    assert read_envelope(longer).without([count, count + 1]) == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_one_of_two_appended_objects_can_be_removed(text: str) -> None:
    """Either may go alone, and what is left is as if it had come alone."""
    count = len(items_of(text))
    longer = read_envelope(text).with_appended(NEW)
    for i in (0, 1):
        assert read_envelope(longer).without([count + i]) == read_envelope(text).with_appended([NEW[1 - i]])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_object_is_rewritten_in_place(text: str) -> None:
    """The text around it stays."""
    count = len(items_of(text))
    longer = read_envelope(text).with_appended(NEW)
    envelope = read_envelope(longer)
    item = envelope.items[count]
    changed = envelope.splice({item.position: envelope.rewritten(item, NEW[1])}, [])
    assert items_of(changed) == [*items_of(text), NEW[1], NEW[1]]
    assert read_envelope(changed).without([count, count + 1]).split("results")[0] == text.split("results")[0]
