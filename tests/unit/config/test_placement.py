"""The table of modes."""

from __future__ import annotations

from typing import get_args

from krm_otel.config.placement import PLACEMENTS, Mode


def test_every_mode_has_a_placement() -> None:
    assert set(PLACEMENTS) == set(get_args(Mode))


def test_a_managed_collector_is_in_pods_of_the_class_or_behind_a_service() -> None:
    for mode, placement in PLACEMENTS.items():
        assert placement.managed == (placement.in_class_pods or placement.has_service), mode
        assert not (placement.in_class_pods and placement.has_service), mode
