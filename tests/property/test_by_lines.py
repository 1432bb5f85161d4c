"""A ResourceList is cut by lines where libyaml would cut it, or not at all."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from krm_otel.krm.item import indented
from krm_otel.yamltext.documents.by_events import documents
from krm_otel.yamltext.documents.by_lines import resource_list
from krm_otel.yamltext.documents.spans import Document
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import compose
from tests.property.alike import Author
from tests.property.check import SETTINGS


def test_a_plain_list_is_cut() -> None:
    """The other tests compare something."""
    text = "kind: ResourceList\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- {kind: Pod}\n"
    assert resource_list(text) == documents(text)[0]


@settings(SETTINGS, max_examples=500)
@given(st.randoms(use_true_random=False))
def test_lines_and_events_agree(random: Random) -> None:
    text = Author(random).resource_list()
    cut = resource_list(text)
    if cut is None:
        return
    try:
        whole = documents(text)
    except SourceError:
        assert not all(_is_readable(text, cut)), "nothing in it is broken"
    else:
        assert [cut] == whole, text


def _is_readable(text: str, document: Document) -> list[bool]:
    """For each item of a document, whether it can be read by itself."""
    readable = []
    for item in document.items or ():
        try:
            compose(indented(text[item.start : item.end], 0 if item.flow else item.column))
            readable.append(True)
        except SourceError:
            readable.append(False)
    return readable
