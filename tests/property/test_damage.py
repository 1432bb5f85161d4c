"""Damaged input never raises, never loses anything, and keeps the laws where it can still be read."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from krm_otel.run import Source, run
from tests.property.check import SETTINGS
from tests.property.manifests import Writer
from tests.property.mutations import damaged
from tests.support.laws import assert_laws, function


@st.composite
def damaged_inputs(draw: st.DrawFn, *, injected: bool) -> bytes:
    """An input, or the output for one, with damage. One seed chooses it: damage does not shrink well."""
    rng = random.Random(draw(st.integers(0, 2**32 - 1)))
    data = Writer(rng.randrange, rare=True).made().text.encode()
    if injected:
        data = function(data)[0] or data
    return damaged(data, rng.randrange)


def assert_survives(data: bytes) -> None:
    """Nothing is raised, with or without `remove`; what is not read is not written; what is read keeps the laws."""
    _, outcome = assert_laws(data)
    removed = run([Source(data)], {}, remove=True)
    if outcome.texts == (None,):
        assert outcome.exit_code == 1
        # `uninject` minds no fault of the configuration, so it may have been able to do its work.
        assert removed.texts != (None,) or removed.exit_code == 1


@settings(SETTINGS, max_examples=350)
@given(damaged_inputs(injected=False))
def test_damaged_input(data: bytes) -> None:
    """An input that was cut, mixed up or typed over."""
    assert_survives(data)


@settings(SETTINGS, max_examples=350)
@given(damaged_inputs(injected=True))
def test_damaged_output(data: bytes) -> None:
    """Our own output after somebody's hands: records, injected lines and all."""
    assert_survives(data)


@settings(SETTINGS, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes that are no manifest at all."""
    assert_survives(data)


@settings(SETTINGS, max_examples=300)
@given(st.text(alphabet="ab:-? \n\t#&*!|>'\"%@`[]{},<\\\r\u2028\ufeff~", max_size=120))
def test_any_yaml_like_text(text: str) -> None:
    """Text of YAML's own signs."""
    assert_survives(text.encode())
