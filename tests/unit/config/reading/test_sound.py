"""Sound blocks are read without pydantic, and as pydantic reads them; what is not sound, pydantic judges."""

from __future__ import annotations

import random
from typing import Any

import pytest

from krm_otel.config.reading.sound import read
from krm_otel.config.schema.sdk import SdkProfile
from krm_otel.config.schema.setting import Model
from krm_otel.config.settings.sdk_profiles import PROFILES
from tests.support.blocks import blocks, mutated, verdict


def test_both_ways_give_the_same_model_and_every_fault_reaches_pydantic() -> None:
    """In every block of the cases and examples, and in the documentation of every field."""
    verdicts = [verdict(block) for block in blocks()]
    for block, found in zip(blocks(), verdicts, strict=True):
        assert found.by_reader == found.by_pydantic, block
    faulty = sum(found.by_pydantic is None for found in verdicts)
    assert faulty > 150 and len(verdicts) - faulty > 500


@pytest.mark.parametrize("seed", range(8))
def test_damaged_blocks_are_read_the_same_both_ways(seed: int) -> None:
    """Values of other fields, unknown keys, lists in place of single values."""
    rng = random.Random(seed)
    verdicts = []
    for _ in range(250):
        verdicts.append(found := verdict(block := mutated(rng.choice(blocks()), rng)))
        assert found.by_reader == found.by_pydantic, block
    faulty = sum(found.by_pydantic is None for found in verdicts)
    assert faulty > 100 and len(verdicts) - faulty > 25


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_built_in_profiles_are_sound(profile: SdkProfile) -> None:
    """What code writes is not checked where it runs."""
    assert read(SdkProfile, written(profile)) == profile


def written(value: Any) -> Any:
    """A model as the data that a user would write."""
    match value:
        case Model():
            return {name: written(getattr(value, name)) for name in value.written_names}
        case tuple():
            return [written(entry) for entry in value]
    return value
