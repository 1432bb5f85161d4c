"""Blocks of configuration with random damage: read without pydantic they are the same, or pydantic judges."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.check import SETTINGS
from tests.support.blocks import blocks, mutated, verdict


@settings(SETTINGS, max_examples=6_000)
@given(st.integers(0, 2**32 - 1))
def test_damaged_blocks_are_read_the_same_both_ways(seed: int) -> None:
    """One seed chooses block and damage: they do not shrink well."""
    rng = random.Random(seed)
    block = mutated(rng.choice(blocks()), rng)
    found = verdict(block)
    assert found.by_reader == found.by_pydantic, block
