"""Planning one workload does not depend on other workloads, so the order does not matter."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.config.resolve.configuration import resolve
from krm_otel.krm.reader import read_envelope
from krm_otel.plan.request import Request, Scope
from krm_otel.plan.summary import summarize_classes
from krm_otel.plan.workloads.planner import WorkloadPlanner
from tests.unit.plan.test_degrade import CLASS, CONFIG, WORKLOAD

BROKEN = WORKLOAD.replace("NAME", "broken").replace("name: function", "name: [function]")


@pytest.mark.parametrize("mode", ["mode: sidecar", "mode: deployment"])
def test_workloads_are_planned_in_any_order(mode: str) -> None:
    workloads = [WORKLOAD.replace("NAME", name) for name in ("one", "two", "three")]
    one_class = CLASS.replace("MODE", mode).replace("TO", "debug")
    items = read_envelope("---\n".join([CONFIG, one_class, *workloads, BROKEN]), "", 0).items
    configuration, _ = resolve(None, [resource for item in items if (resource := item.resource)], {})
    request = Request(items, configuration)

    def plan(order: int) -> tuple[dict[int, Any], Any]:
        planner = WorkloadPlanner.of(request, Scope.of(request))
        outcomes = [outcome for item in items[::order] if (outcome := planner.plan(item))]
        memberships = [outcome.membership for outcome in outcomes if outcome.membership]
        by_position = {
            outcome.change.ref.position: (outcome.change.action, outcome.change.text, outcome.results, outcome.kept)
            for outcome in outcomes
        }
        return by_position, summarize_classes(configuration, memberships)

    forwards, backwards = plan(1), plan(-1)
    assert forwards == backwards
    assert [action for action, *_ in forwards[0].values()].count("injected") == 3
