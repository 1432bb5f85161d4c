"""The codec of the annotation `oaas.io/otel-injected`."""

from __future__ import annotations

import json

import pytest

from krm_otel.inject.patch.record import Adopted, ContainerRecord, Merge, Record, digest, load

FULL = Record(
    "echo",
    {
        "function": ContainerRecord(
            {"OTEL_SERVICE_NAME": digest("echo")},
            Merge('"tëam=core"', {"oaas.class": digest("echo")}, digest("team=core,oaas.class=echo")),
            {"volumeMounts": [digest({"name": "oaas-otel-tls"})]},
            {"env": "= []", "volumeMounts": "new"},
            {"OTEL_PROPAGATORS": Adopted("b3", digest("tracecontext,baggage"))},
            ["OTEL_TRACES_SAMPLER"],
        )
    },
    {"volumes": [digest({})]},
    {"annotations": {"a": digest("b")}},
    {"annotations": "new"},
)


@pytest.mark.parametrize("record", [FULL, Record("echo"), Record("echo", {"function": ContainerRecord()})])
def test_a_written_record_is_read_again(record: Record) -> None:
    """In ASCII, whatever the texts in it, without blanks at the ends of lines and without empty lines."""
    text = record.dump()
    assert load(text) == record
    assert text.isascii()
    assert all(line.strip() == line != "" for line in text.split("\n"))


def test_the_same_injection_has_the_same_record() -> None:
    """The order in which things were put in does not show."""
    one, two = Record("c"), Record("c")
    for record, names in ((one, "ab"), (two, "ba")):
        for name in names:
            record.containers[name] = ContainerRecord({key: digest(key) for key in (names + name)})
    assert one.dump() == two.dump()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "null",
        "[]",
        "{}",
        FULL.dump()[:-1],
        FULL.dump().replace('"v":1', '"v":2'),
        '{"v":1,"class":"c"}',
        '{"v":1,"class":7,"containers":{}}',
        '{"v":1,"class":"c","containers":[]}',
        '{"v":1,"class":"c","containers":{"a":{}}}',
        '{"v":1,"class":"c","containers":{"a":{"env":{"A":1}}}}',
        '{"v":1,"class":"c","containers":{"a":{"env":{},"merge":{"text":""}}}}',
        '{"v":1,"class":"c","containers":{"a":{"env":{},"opened":[]}}}',
        '{"v":1,"class":"c","containers":{},"lists":"x"}',
        "[" * 100_000,
    ],
)
def test_an_invalid_record_is_refused(text: str) -> None:
    """Edited, cut off, of another version or hostile: None, never an exception."""
    assert load(text) is None


def test_values_show_as_hashes_only() -> None:
    """A record never holds a value that was injected."""
    record = Record("c", {"a": ContainerRecord({"TOKEN": digest("hunter2")})})
    assert "hunter2" not in record.dump()
    assert json.loads(record.dump())["containers"]["a"]["env"]["TOKEN"] == digest("hunter2")


def test_digests_tell_values_apart() -> None:
    """Plain data counts, not the order of keys; a lone surrogate is no crash."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert len({digest(""), digest("a"), digest("0.1"), digest({"a": 1}), digest({"a": "1"}), digest("\ud800")}) == 6
