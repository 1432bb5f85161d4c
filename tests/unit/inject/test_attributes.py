"""The grammar of OTEL_RESOURCE_ATTRIBUTES."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from krm_otel.inject.attributes import join, keys, malformed, merged, reference, split
from krm_otel.otlp import encode


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("core", "core"),
        ("a,b=c", "a%2Cb%3Dc"),
        ("100%", "100%25"),
        ("Zürich", "Z%C3%BCrich"),
        ("😀", "%F0%9F%98%80"),
        ("two words", "two%20words"),
        ("$(HOME)", "%24(HOME)"),
        ('"\\;', "%22%5C%3B"),
        ("host:5000/a@sha256:b+c", "host:5000/a@sha256:b%2Bc"),
        ("", ""),
    ],
)
def test_only_special_characters_are_encoded(text: str, encoded: str) -> None:
    """Nothing that a parser, the kubelet or a header would take for something else stays; the rest stays readable."""
    assert encode(text) == encoded
    assert unquote(encoded) == text


def test_references_are_not_encoded() -> None:
    """The kubelet replaces them before an SDK sees the value."""
    assert join({"k8s.pod.name": reference("POD"), "team": encode("a,b")}) == "k8s.pod.name=$(POD),team=a%2Cb"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=1,b=2", ["a", "b"]),
        (" a = 1 , b=2 ", ["a", "b"]),
        ("a%2Eb=1", ["a.b"]),
        ("a=1=2", ["a"]),
        ("a=1,,b", ["a"]),
        ("=1", []),
        ("", []),
    ],
)
def test_keys_that_a_value_sets(text: str, found: list[str]) -> None:
    """Decoded and trimmed; a segment without key or `=` sets none, and none gets lost."""
    assert keys(text) == found
    assert ",".join(raw for _, raw in split(text)) == text


@pytest.mark.parametrize(
    ("own", "result"),
    [
        ("", "a=1,b=2"),
        ("c=3", "c=3,a=1,b=2"),
        ("c=3, ", "c=3,a=1,b=2"),
        ("c=3,,", "c=3,a=1,b=2"),
        (" b = 9 ", " b = 9,a=1"),
        ("a=9,b=9", "a=9,b=9"),
        ("%61=9", "%61=9,b=2"),
        ("broken", "broken,a=1,b=2"),
    ],
)
def test_the_users_keys_win(own: str, result: str) -> None:
    """The user's text comes first and unchanged; only missing keys are added."""
    assert merged(own, {"a": "1", "b": "2"}) == result


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        (" ", ""),
        ("a=b", ""),
        ("a=b,c=d", ""),
        ("a=b, ", ""),
        ("a=", ""),
        ("a=$(NAME)", ""),
        ("production", "production"),
        ("a=b;c=d", "a=b;c=d"),
        ("a=b,,c=d", ","),
        ("=b", "=b"),
        ("a=b,team", "team"),
    ],
)
def test_what_is_no_list_of_pairs(text: str, part: str) -> None:
    """The first part that some SDK drops, or for which it drops everything."""
    assert malformed(text) == part
