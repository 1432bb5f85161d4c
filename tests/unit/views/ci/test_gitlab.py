"""A Code Quality report: entries that GitLab can compare between branches."""

from __future__ import annotations

from typing import Any

from krm_otel.run import Source, run
from krm_otel.views.ci.gitlab import code_quality
from tests.support.manifests import CLASS_AND_WORKLOAD

BROKEN = CLASS_AND_WORKLOAD.replace(b"enabled: true", b"enabled: true, nothing: 1, never: 2")


def entries(text: bytes, path: str = "./apps/a.yaml") -> list[dict[str, Any]]:
    return code_quality(run([Source(text, path)], {}))


def test_an_entry_has_severity_place_and_fingerprint() -> None:
    found = {one["severity"]: one for one in entries(BROKEN)}
    assert found["major"]["location"] == {"path": "apps/a.yaml", "lines": {"begin": 4}}
    assert found["major"]["check_name"] == "unknown-field"
    assert len({one["fingerprint"] for one in entries(BROKEN)}) == len(entries(BROKEN)) > 1


def test_a_fingerprint_stays_where_lines_move() -> None:
    before, after = entries(BROKEN), entries(b"# a comment\n" + BROKEN)
    assert [one["fingerprint"] for one in before] == [one["fingerprint"] for one in after]
    assert [one["location"]["lines"]["begin"] for one in before] != [one["location"]["lines"]["begin"] for one in after]


def test_a_fingerprint_is_of_one_file() -> None:
    fingerprints = {one["fingerprint"] for path in ("a.yaml", "b.yaml") for one in entries(BROKEN, path)}
    assert len(fingerprints) == 2 * len(entries(BROKEN))


def test_without_results_the_list_is_empty() -> None:
    assert entries(b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n") == []
