"""A large input is planned the same by one process and by two."""

from __future__ import annotations

import os
from typing import Any, cast

import pytest

from krm_otel.krm.item import Item
from krm_otel.plan import untracked
from krm_otel.plan.changes import Change
from krm_otel.plan.workloads import halves
from krm_otel.plan.workloads.candidate import WorkloadOutcome
from krm_otel.plan.workloads.halves import outcomes_of
from krm_otel.plan.workloads.planner import WorkloadPlanner
from krm_otel.run import Outcome, Source, run
from krm_otel.views.lines import lines

WORKLOAD = """\
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: echo-{n}
    namespace: demo
    annotations: {{oaas.io/class-runtime: echo}}
  spec:
    template:
      spec:
        containers: [{{name: {name}, image: "example/{n}"}}]
"""
HEAD = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: oaas.io/v1alpha1
  kind: ClassRuntime
  metadata: {name: echo, namespace: demo}
  spec: {observability: {enabled: true, collector: {endpoint: "http://otel:4317"}}}
"""


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process is started on any machine."""
    monkeypatch.setattr(halves, "_has_two_processors", lambda: True)


def _input(last: str = "") -> list[Source]:
    names = ["function", "istio-proxy", "worker"]
    workloads = [WORKLOAD.format(n=n, name=names[n % 3]) for n in range(600)]
    return [Source((HEAD + "".join(workloads) + last).encode())]


def _facts(outcome: Outcome) -> Any:
    return outcome.texts, [line.text for line in lines(outcome, "verbose")], outcome.results, outcome.changes


def test_two_processes_have_the_outcome_of_one() -> None:
    one, two = (run(_input(), {}, two_processes=two) for two in (False, True))
    assert one.texts != (_input()[0].data.decode(),)
    assert _facts(one) == _facts(two)


def test_a_broken_workload_in_the_second_half_is_an_error_as_ever() -> None:
    broken = _input("- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: x}\n  spec: a: b\n")
    one, two = (run(broken, {}, two_processes=two) for two in (False, True))
    assert one.exit_code == 1
    assert _facts(one) == _facts(two)


def _no_more_processes() -> int:
    raise BlockingIOError


class _FailsInChild:
    """Stands for a planner; it fails in any other process than the one that made it."""

    def __init__(self) -> None:
        self._process = os.getpid()

    def plan(self, item: Item) -> WorkloadOutcome:
        """The position of the item as its outcome."""
        if os.getpid() != self._process:
            raise MemoryError
        return WorkloadOutcome(cast(Change, item.position))


@pytest.mark.parametrize("can_fork", [True, False])
def test_what_no_child_plans_is_planned_here(can_fork: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can_fork:
        monkeypatch.setattr(os, "fork", _no_more_processes)
    items = [Item("", 0, 0, 0, position, "v1", "Pod") for position in range(1000)]
    planner = cast(WorkloadPlanner, _FailsInChild())
    outcomes = outcomes_of(planner, items, untracked, two_processes=True)
    assert [cast(int, outcome.change) for outcome in outcomes] == list(range(1000))
