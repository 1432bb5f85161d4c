"""The command as a whole: help, start-up and determinism."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.cli.command import STREAM, krm_otel

pytestmark = pytest.mark.slow  # each test starts the installed command


def test_help_has_examples() -> None:
    """What `kpt fn doc` prints."""
    text = krm_otel("--help").stdout.decode()
    assert "kpt fn eval" in text
    assert "kind: OTelConfig" in text


def test_start_up_imports_only_needed_modules() -> None:
    """The function's own way loads no terminal library, no network, no thread pool."""
    code = (
        "import sys, io; sys.argv = ['krm-otel']\n"
        "from krm_otel.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=STREAM, capture_output=True, check=True, timeout=60)
    loaded = set(done.stderr.decode().splitlines()[-1].split())
    assert {"krm_otel", "yaml", "pydantic", "click"} <= loaded
    assert not loaded & {
        "rich",
        "requests",
        "ssl",
        "multiprocessing",
        "asyncio",
        "hypothesis",
    }


def test_the_output_does_not_depend_on_the_hash_seed() -> None:
    """The same bytes whatever order Python's sets have."""
    outputs = {krm_otel(stdin=STREAM, PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "4242")}
    assert len(outputs) == 1
