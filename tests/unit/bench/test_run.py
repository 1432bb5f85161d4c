"""How long a measurement will take, as it says beforehand."""

from __future__ import annotations

from typing import Any

import pytest

from bench import record
from bench.run import estimate


def last(items: int, *seconds: float) -> dict[str, Any]:
    return {"items": items, "rows": {str(number): {"seconds": [one]} for number, one in enumerate(seconds)}}


def test_it_goes_by_the_last_results(monkeypatch: pytest.MonkeyPatch) -> None:
    results = {"large": last(1000, 2.0, 4.0), "cold": last(1000, 1.0)}
    monkeypatch.setattr(record, "read", results.get)
    # Six seconds a round, ten times as many items, and 5 + 1.5 rounds; cold inputs do not grow, but repeat.
    assert estimate(["large"], 10_000, 5) == "about 6 minutes, by the last results"
    assert estimate(["large"], 100, 5) == "about a minute"
    assert estimate(["large", "cold"], 10_000, 10) == "about 12 minutes, by the last results"
    assert "not measured yet" in estimate(["large", "sizes"], 1000, 1)
