"""The grammar of OTEL_RESOURCE_ATTRIBUTES."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, unquote_plus

import pytest
from opentelemetry.sdk.resources import OTELResourceDetector
from opentelemetry.util.re import parse_env_headers

from krm_otel.inject.attributes import has_unknown_parts, join, keys, malformed, merged, reference, split, too_long
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
    ("text", "fault"),
    [
        ("", ""),
        (" ", ""),
        ("a=b", ""),
        ("a=b,c=d", ""),
        ("a=b, ", ""),
        ("a=", ""),
        ("a=$(NAME)", ""),
        ("$(OTHER),a=b", ""),
        ("a=50%25", ""),
        ("production", "production in it is no key=value"),
        ("a=b;c=d", "a=b;c=d in it is no key=value"),
        ("a==b", "a==b in it is no key=value"),
        ("a=b c=d", "a=b c=d in it is no key=value"),
        ("a=b,,c=d", ", in it is no key=value"),
        ("=b", "=b in it is no key=value"),
        ("a=b,team", "team in it is no key=value"),
        ("a=50%", "a=50% in it has a % that encodes nothing"),
        ("a" * 99, "a" * 60 + "... in it is no key=value"),
        ("https://u:pw@h", "https://***@h in it is no key=value"),
    ],
)
def test_what_is_no_list_of_pairs(text: str, fault: str) -> None:
    """The first part that some SDK drops, or for which it drops everything; a message is short, without a secret."""
    assert malformed(text) == fault


def test_a_reference_may_bring_in_any_pairs() -> None:
    assert has_unknown_parts("a=b, $(OTHER)")
    assert has_unknown_parts("$(A)$(B)")
    assert not has_unknown_parts("a=$(B),$(A)=b")


def test_lengths_are_those_before_decoding() -> None:
    """As JavaScript's `EnvDetector` counts them."""
    assert too_long(f"a={'x' * 255},b={'%20' * 86}, c = {'x' * 256} ") == {"b": 258, "c": 256}


# How SDKs read a value that they decode, and one that decodes nothing; see `krm_otel.otlp`.
DECODERS = {"PathUnescape, unquote, decodeURIComponent": unquote, "urldecode, URLDecoder": unquote_plus}


@pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)
@pytest.mark.parametrize("text", [*map(chr, range(0x20, 0x7F)), "a+b c", "é", "😀", "%2B", " a ", '"a"', "a=b"])
def test_every_decoder_reads_the_same(decode: Callable[[str], str], text: str) -> None:
    """The separators are gone, trimming and removing quotes change nothing, and every character is a baggage octet."""
    encoded = encode(text)
    assert decode(encoded.strip().strip('"')) == text
    assert not set(encoded) & set(',=;\\" ') and encoded.isascii()


def test_the_python_sdk_reads_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = {"a+b": "2.0.1+git5f", "c": "x=y, z%", "d": " Zürich "}
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", join({key: encode(value) for key, value in pairs.items()}))
    assert dict(OTELResourceDetector().detect().attributes) == pairs


@pytest.mark.parametrize("value", ["team a", "a,b=c;d", "100%", "x/y:z+1", "application/json"])
def test_the_python_sdk_reads_plain_headers(value: str) -> None:
    """They are encoded in the same way."""
    assert parse_env_headers(f"x-tenant={encode(value)},b=c", liberal=True) == {"x-tenant": value, "b": "c"}
