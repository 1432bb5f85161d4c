"""Every folder below this one with an `input.*` file is a case, compared as bytes.

    input.yaml | input.json   what the function reads (a ResourceList or a plain stream)
    env                       NAME=value lines, optional: the environment
    expected.diff             unified diff from input to output; absent: the output equals the input
    expected.stderr           what the run prints on standard error
    exit                      the exit code; absent: 0

A diff is the golden file, so that a reviewer reads what changes and nothing else. `make golden` rewrites the expected
files and fails: read the diff before you commit it. Every case also keeps the laws (`tests/support/laws.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from krm_otel.run import Outcome
from krm_otel.views.diff import unified
from krm_otel.views.lines import lines
from tests.support.cases import CASES, ROOT, read, read_environ
from tests.support.laws import assert_laws, function
from tests.support.patch import patched


def test_there_are_cases() -> None:
    """A suite that finds nothing passes everything."""
    assert len(CASES) > 50


@pytest.mark.parametrize("case", CASES, ids=lambda path: str(path.relative_to(ROOT)))
def test_case(case: Path, request: pytest.FixtureRequest) -> None:
    """Output, standard error and exit code are as reviewed, and the laws hold."""
    data = next(case.glob("input.*")).read_bytes()
    environ = read_environ(case / "env")
    out, outcome = function(data, environ)
    actual = {
        "expected.diff": "".join(f"{line}\n" for line in difference(data, out, outcome)),
        "expected.stderr": "".join(f"{line.text}\n" for line in lines(outcome)),
        "exit": f"{outcome.exit_code}\n" if outcome.exit_code else "",
    }
    expected = {name: read(case / name) for name in actual}
    if request.config.getoption("--update-golden"):
        for name in actual:
            if actual[name] != expected[name]:
                write(case / name, actual[name])
    assert actual == expected
    assert not out or patched(data.decode(), actual["expected.diff"].split("\n")[:-1]) == out.decode()
    assert_laws(data, environ, (out, outcome))


def difference(before: bytes, after: bytes, outcome: Outcome) -> Iterator[str]:
    """The diff, with (no output) where standard output is empty."""
    if not after and before:
        yield "(no output)"
        return
    yield from unified(before.decode(), after.decode(), "items", outcome.starts[0])


def write(path: Path, text: str) -> None:
    if text:
        path.write_bytes(text.encode())
    else:
        path.unlink(missing_ok=True)
