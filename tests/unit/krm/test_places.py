"""Where results are in their files: line and column of the file, never of a document in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Place, Ref, Result
from krm_otel.krm.places import Places
from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.run import Source, run
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.parse import compose

KEYS = st.text("abcdefgh", min_size=1, max_size=4)
DATA = st.recursive(
    st.text("xyz é\U0001f600#:'\"\n", max_size=6) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(KEYS, DATA, min_size=1, max_size=4), min_size=1, max_size=3)


def paths(data: Any, start: str = "") -> list[tuple[str, str]]:
    """Field path → the key that it ends with; list entries have none."""
    found = []
    if isinstance(data, dict):
        for key, value in data.items():
            found += [(path := field_path(key, start=start), key), *((p, k) for p, k in paths(value, path))]
    elif isinstance(data, list):
        for index, value in enumerate(data):
            found += paths(value, field_path(index, start=start))
    return found


def at(text: str, place: Place) -> str:
    """The text from a place on."""
    return text.removeprefix("\ufeff").split("\n")[place.line - 1][place.column - 1 :]


@given(OBJECTS, st.sampled_from(["block", "flow", "json", "list"]), st.sampled_from(["", "\ufeff"]), st.booleans())
def test_every_key_is_found_where_it_stands(objects: list[dict[str, Any]], style: str, bom: str, crlf: bool) -> None:
    """In any document, style and item of a list, after a byte order mark, with any line end, beyond emoji."""
    documents = [{"apiVersion": "v1", "kind": "ConfigMap", **data} for data in objects]
    if style == "list":
        documents = [{"apiVersion": "v1", "kind": "List", "items": documents}]
    flow = style == "flow"
    if style == "json":
        text = "\n---\n".join(json.dumps(data, indent=1) for data in documents)
    else:
        text = yaml.dump_all(documents, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    text = bom + "# a comment\n" + (text.replace("\n", "\r\n") if crlf and style != "json" else text)
    items = read_envelope(text, "a.yaml").items
    places = Places(items)
    assert len(items) == len(objects)
    for item, data in zip(items, objects, strict=True):
        for path, key in paths(data):
            place = places.of(Result("empty", "info", "x", Ref(kind="ConfigMap", position=item.position), path))
            assert place is not None
            assert at(text, place).lstrip("\"'? ").startswith(key), (path, place)


FILE = """\
# first
apiVersion: v1
kind: ConfigMap
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: a}
spec:
  observability:
    enabled: true
    colector: {}
  list:
    - x: 1
    - [y]
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", (5, 1)),
        ("spec.observability.colector", (11, 5)),
        ("metadata.name", (7, 12)),
        ("spec.list[0].x", (13, 7)),
        ("spec.list[1][0]", (14, 8)),
        ("spec.observability.collector.mode", (9, 3)),
        ("spec.list[7]", (12, 3)),
        ("metadata.annotations[oaas.io/otel-inject]", (7, 1)),
        ("OPRC_CRM_OTEL_MODE", (5, 1)),
    ],
)
def test_a_field_that_is_absent_is_where_the_nearest_one_is(path: str, place: tuple[int, int]) -> None:
    items = read_envelope(FILE, "a.yaml").items
    found = Places(items).of(Result("empty", "info", "x", Ref(kind="ClassRuntime", position=1), path))
    assert found == Place(*place)


def test_a_key_of_a_merged_mapping_is_where_it_is_written() -> None:
    text = "base: &base\n  env: 1\nspec:\n  <<: *base\n  other: 2\n"
    result = Result("empty", "info", "x", Ref(kind="X", position=0), "spec.env")
    assert Places(read_envelope(text, "a.yaml").items).of(result) == Place(2, 8)


def test_a_function_config_has_places_too() -> None:
    text = "kind: OTelConfig\nspec:\n  colector: {}\n"
    root = compose(text)
    assert isinstance(root, Mapping)
    places = Places(function_config=Resource(root, file="otel.yaml", source=text))
    assert places.of(Result("empty", "error", "x", Ref(kind="OTelConfig", file="otel.yaml"), "spec.colector")) == Place(
        3, 3
    )
    assert places.of(Result("empty", "error", "x", Ref(kind="OTelConfig", file="other.yaml"), "spec")) is None


def test_items_of_a_resource_list_have_a_file_and_no_line() -> None:
    """The list is in no file, and kpt writes the items as it likes."""
    item = "  metadata:\n    name: a\n"
    item += "    annotations: {config.kubernetes.io/path: a.yaml, config.kubernetes.io/index: '1'}\n"
    text = (
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
        f"- apiVersion: oaas.io/v1alpha1\n  kind: ClassRuntime\n{item}  spec: {{observability: {{enabledd: true}}}}\n"
    )
    outcome = run([Source(text.encode())], {})
    (result,) = [result for result in outcome.results if result.code == "unknown-field"]
    assert outcome.places.of(result) is None
    assert result.to_dict()["file"] == {"path": "a.yaml", "index": 1}
    (named,) = [r for r in run([Source(text.encode(), "list.yaml")], {}).results if r.code == "unknown-field"]
    assert named.ref.file == "list.yaml", "a list that is a file has lines"


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ("a: 1\n\tb: 2\n", Place(2, 1)),
        ("kind: A\n---\nkind: B\nx: [1\n---\nkind: C\n", Place(4, 1)),
        ("kind: A\n---\n# more\n\nkind: B\nx: @y\n---\nkind: C\n", Place(6, 4)),
    ],
)
def test_what_cannot_be_read_has_the_line_of_the_file(broken: str, place: Place) -> None:
    """Not that of the document."""
    outcome = run([Source(broken.encode(), "a.yaml")], {})
    (result,) = [result for result in outcome.results if result.code.startswith("unreadable")]
    assert (result.ref.file, outcome.places.of(result)) == ("a.yaml", place)
    assert "line" not in result.message.partition(";")[0].replace("line break", "")
