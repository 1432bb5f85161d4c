"""Real ResourceLists, as real clients hand them to a function: nothing changes but what was asked for.

The corpus lies beside the checkout (`../shared/corpus`). Where it is absent these tests are skipped, except on CI,
where they fail. The inputs of `tests/cases` keep the same laws.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from krm_otel.krm.reader import read_envelope
from krm_otel.run import VERIFY_EACH
from krm_otel.views.lines import lines
from krm_otel.yamltext.nodes import SourceError
from tests.corpus.written import CLASS, ENDPOINT, with_class
from tests.support.laws import assert_laws, function
from tests.support.oracle import assert_injected, assert_lines_kept

pytestmark = pytest.mark.corpus

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
FILES = sorted(CORPUS.glob("*.yaml"))
CASES = sorted(path for path in (ROOT / "tests" / "cases").rglob("input.*") if path.is_file())
BLOCKER = """\
import socket, time

def blocked(*args, **kwargs):
    raise AssertionError("neither the network nor the clock is ours")

socket.socket = socket.create_connection = socket.getaddrinfo = blocked
time.time = time.time_ns = time.localtime = time.gmtime = blocked
"""


@pytest.fixture(scope="module", autouse=True)
def corpus() -> None:
    """Skips with a word where there is no corpus; fails there on CI."""
    if not FILES:
        word = f"no corpus at {CORPUS}"
        if os.environ.get("CI") == "true":
            pytest.fail(word)
        pytest.skip(word)


def by_name(paths: list[Path]) -> pytest.MarkDecorator:
    """One test a path, or one that the fixture skips."""
    names = [path.stem if path.parent == CORPUS else path.parent.name for path in paths]
    return pytest.mark.parametrize("path", paths or [Path("absent")], ids=names or ["absent"])


@contextmanager
def cut_off() -> Iterator[None]:
    """Neither network nor clock."""

    def blocked(*_: object, **__: object) -> NoReturn:
        raise AssertionError("neither the network nor the clock is ours")

    with pytest.MonkeyPatch.context() as patch:
        for owner, names in ((socket, ("socket", "create_connection", "getaddrinfo")), (time, ("time", "time_ns"))):
            for name in names:
                patch.setattr(owner, name, blocked)
        yield


@by_name(FILES)
def test_with_nothing_to_do_nothing_changes(path: Path) -> None:
    """There is no class: standard output equals standard input, byte for byte."""
    data = path.read_bytes()
    with cut_off():
        out, outcome = function(data)
    assert out == data
    assert outcome.results == () and outcome.exit_code == 0


@by_name(FILES)
def test_every_workload_is_injected_and_nothing_else(path: Path) -> None:
    """With a class for every workload: the injection, every line of the user's, idempotence, undo."""
    written = with_class(path.read_bytes().decode())
    data = written.text.encode()
    with cut_off():
        out, outcome = function(data)
    assert outcome.exit_code == 0
    changed = {change.ref.position for change in outcome.changes if change.text is not None}
    assert changed == set(written.workloads)
    before, after = read_envelope(written.text).items, read_envelope(out.decode()).items
    for old, new in zip(before, after, strict=True):
        if old.position in changed:
            assert_lines_kept(old.text, new.text)
            assert_injected(old.text, new.text, CLASS, ENDPOINT)
        else:
            assert old.text == new.text
    assert_laws(data, ran=(out, outcome))


@by_name(FILES)
def test_verified_for_a_shape_or_one_by_one_the_output_is_the_same(path: Path) -> None:
    """What is read and verified for another text of the shape is what libyaml reads in each."""
    data = with_class(path.read_bytes().decode()).text.encode()
    assert function(data)[0] == function(data, {VERIFY_EACH: "1"})[0]


def test_there_are_workloads_in_the_corpus() -> None:
    """What finds no workload proves nothing."""
    assert sum(len(with_class(path.read_bytes().decode()).workloads) for path in FILES) > 100


@by_name(CASES)
def test_inputs_of_the_cases_keep_the_laws_with_a_class(path: Path) -> None:
    """The shapes of the cases once more, with a class for workloads that have none."""
    try:
        text = path.read_bytes().decode()
        written = with_class(text)
    except (UnicodeDecodeError, SourceError):
        pytest.skip("cannot be read, which the case itself is about")
    assert_laws(written.text.encode())


def test_the_console_script_gives_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """Another process, other hash seeds, no network and no clock: the same bytes as here."""
    smallest = min((path for path in FILES if with_class(path.read_bytes().decode()).workloads), key=_size)
    data = with_class(smallest.read_bytes().decode()).text.encode()
    expected, outcome = function(data)
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    for seed in ("1", "2"):
        environ = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(tmp_path)}
        script = Path(sys.executable).with_name("krm-otel")
        done = subprocess.run([script], input=data, capture_output=True, env=environ, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == expected
        assert done.stderr.decode().splitlines() == [line.text for line in lines(outcome)]


def _size(path: Path) -> int:
    return path.stat().st_size
