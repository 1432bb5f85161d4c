"""The diff is a patch: real `git apply` makes the new file of the old one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krm_otel.krm.reader import read_envelope
from krm_otel.run import Source, run
from krm_otel.views import diff
from krm_otel.views.diff import unified
from tests.support.patch import patched

# Form feeds, NEL and line separators end no line for git, and may stand in a value.
LINES = st.lists(
    st.sampled_from(["a", "b", "c: d", "", "-- x", "++ y", "---", "a\r", "f\fg", "n\x85l", "s\u2028t", "é"])
)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n", "\r\n", "\n\n"]))


def applied(folder: Path, old: str | None, new: str | None, name: str = "f.yaml") -> str | None:
    """What `git apply` makes of the old text; None where the file is not there afterwards."""
    file = folder / name
    file.unlink(missing_ok=True)
    if old is not None:
        file.write_bytes(old.encode())
    patch = "".join(f"{line}\n" for line in unified(old, new, name))
    if patch:
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            cwd=folder,
            input=patch.encode(),
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CEILING_DIRECTORIES": str(folder.parent)},
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode() + patch
    return file.read_bytes().decode() if file.exists() else None


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_git_applies_any_change(old: str, new: str) -> None:
    """Whatever the lines and their ends; a file without a line in it is one that goes."""
    wanted = new if new or not old else None
    with tempfile.TemporaryDirectory() as folder:
        assert applied(Path(folder), old, wanted) == wanted


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_hunks_are_as_small_as_they_can_be(old: str, new: str) -> None:
    """Right numbers, three lines of context, one hunk where contexts touch."""
    if new:
        assert patched(old, list(unified(old, new, "f"))) == new


LINE = st.sampled_from("    +-")
ITEMS = st.lists(st.tuples(st.sampled_from([*"    -"]), st.lists(LINE, max_size=20)), max_size=8)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(ITEMS, st.integers(0, 2))
def test_items_are_compared_one_with_one(items: list[tuple[str, list[str]]], more: int) -> None:
    """With items that change, stay, go and come: what was changed is what the diff says, and nothing else."""
    marked: list[tuple[str, str]] = []
    stay = []
    for i, (fate, marks) in enumerate([*items, *[("+", [""])] * more]):
        marked.append((fate, f"--- # {i}\n"))
        marked.append((fate, f"kind: K{i}\n"))
        marked += [(mark if fate == " " else fate, f"k{i}x{j}: {j}\n") for j, mark in enumerate(marks)]
        stay += [fate == " "] if fate != "+" else []
    old, new = ("".join(line for mark, line in marked if mark != without) for without in "+-")
    starts = [item.start for item, stays in zip(read_envelope(old).items, stay, strict=True) if stays] if old else []
    if new:
        lines = list(unified(old, new, "f", starts))
        assert patched(old, lines) == new
        for sign in "-+":
            assert [f"{line[1:]}\n" for line in lines[2:] if line[0] == sign] == [
                line for mark, line in marked if mark == sign
            ]


STREAM = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: echo}
spec: {observability: {enabled: true, collector: {mode: external, endpoint: "http://o:4317"}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gone, labels: {oaas.io/owner: echo, component: otel}, annotations: {oaas.io/generated-by: krm-otel}}
"""
WORKLOAD = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, annotations: {oaas.io/class-runtime: echo}}
spec: {template: {spec: {containers: [{name: function, image: echo}]}}}
"""


def test_a_run_knows_the_lines_of_its_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing larger than an item is ever compared: time grows with the items, and not with their square."""
    sizes = []

    class Matcher(SequenceMatcher[str]):
        def __init__(self, junk: None, a: list[str], b: list[str]):
            sizes.append((len(a), len(b)))
            super().__init__(junk, a, b)

    monkeypatch.setattr(diff, "SequenceMatcher", Matcher)
    text = "\ufeff" + STREAM + WORKLOAD * 20
    outcome = run([Source(b"kind: A\n", "a.yaml"), Source(text.encode(), "b.yaml")], {})
    assert all(text[start:].startswith("apiVersion") for start in outcome.starts[1])
    assert [len(starts) for starts in outcome.starts] == [1, 21]
    assert outcome.texts[1] is not None
    lines = list(unified(text, outcome.texts[1], "b.yaml", outcome.starts[1]))
    assert patched(text, lines) == outcome.texts[1]
    assert sizes == [(9, 5), *[(5, 5)] * 19, (4, 4)]


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(TEXTS.filter(bool))
def test_git_creates_and_removes_files(text: str) -> None:
    """A file that comes, and one that goes."""
    with tempfile.TemporaryDirectory() as folder:
        assert applied(Path(folder), None, text) == text
        assert applied(Path(folder), text, None) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a b.yaml", "a b 2026-01-01 10:00.yaml", "é.yaml"])
def test_names_are_read_by_git(tmp_path: Path, name: str) -> None:
    """Blanks in a name do not end it."""
    for old, new in ((None, "a\n"), ("a\n", "b\n"), ("b\n", None)):
        assert applied(tmp_path, old, new, name) == new


@pytest.mark.slow
def test_a_file_without_a_line_is_filled(tmp_path: Path) -> None:
    """It is there, so it is not made."""
    assert applied(tmp_path, "", "a\n") == "a\n"


def test_equal_texts_have_no_diff() -> None:
    """No headers either."""
    assert list(unified("a\n", "a\n", "f")) == []


def test_the_last_line_is_marked_as_git_does() -> None:
    """A text that ends without a line break, before and after."""
    assert list(unified("a\nb", "a\nb\n", "f"))[2:] == [
        "@@ -1,2 +1,2 @@",
        " a",
        "-b",
        "\\ No newline at end of file",
        "+b",
    ]
    assert list(unified("a\nb\n", "c\nb\n", "f"))[-1] == " b"
