"""The diff is a patch: real `git apply` makes the new file of the old one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krm_otel.views.diff import colour, unified

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


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_git_applies_any_change(old: str, new: str) -> None:
    """Whatever the lines and their ends; a file without a line in it is one that goes."""
    wanted = new if new or not old else None
    with tempfile.TemporaryDirectory() as folder:
        assert applied(Path(folder), old, wanted) == wanted


@settings(max_examples=20, deadline=None)
@given(TEXTS.filter(bool))
def test_git_makes_and_removes_files(text: str) -> None:
    """A file that comes, and one that goes."""
    with tempfile.TemporaryDirectory() as folder:
        assert applied(Path(folder), None, text) == text
        assert applied(Path(folder), text, None) is None


@pytest.mark.parametrize("name", ["a b.yaml", "a b 2026-01-01 10:00.yaml", "é.yaml"])
def test_names_are_read_by_git(tmp_path: Path, name: str) -> None:
    """Blanks in a name do not end it."""
    for old, new in ((None, "a\n"), ("a\n", "b\n"), ("b\n", None)):
        assert applied(tmp_path, old, new, name) == new


def test_a_file_without_a_line_is_filled(tmp_path: Path) -> None:
    """It is there, so it is not made."""
    assert applied(tmp_path, "", "a\n") == "a\n"


def test_the_same_has_no_diff() -> None:
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


def test_colours() -> None:
    """A removed document separator is no header."""
    assert [colour(line) for line in ("--- a/f", "+++ b/f", "@@ -1 +1 @@", "----", "++++", " a", "\\ No")] == [
        *("bright_white", "bright_white", "cyan", "red", "green", None, None),
    ]
