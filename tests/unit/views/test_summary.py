"""The line that ends a run, and the lines before it."""

from __future__ import annotations

from typing import get_args

import pytest

from krm_otel.run import Outcome, Source, run
from krm_otel.views.lines import Detail, lines
from krm_otel.views.summary import Summary, Tense, plural

ON = "{enabled: true, telemetry: {propagators: [w3c]}, collector: {mode: external, endpoint: 'http://otel:4317'}}"


def oaas_class(name: str, block: str = ON) -> str:
    spec = f"spec: {{observability: {block}}}" if block else "spec: {}"
    return f"---\napiVersion: oaas.io/v1alpha1\nkind: ClassRuntime\nmetadata: {{name: {name}}}\n{spec}\n"


def workload(name: str, owner: str = "", env: str = "") -> str:
    labels = f", labels: {{oaas.io/owner: {owner}}}" if owner else ""
    container = f"{{name: main, image: a:1{env}}}"
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}{labels}}}\n"
        f"spec: {{template: {{spec: {{containers: [{container}]}}}}}}\n"
    )


def outcome_of(*parts: str, name: str = "", remove: bool = False) -> Outcome:
    return run([Source("".join(parts).encode(), name)], {}, remove=remove)


def sentence(outcome: Outcome, tense: Tense = "done", files: str = "") -> str:
    return Summary.of(outcome).sentence(tense, files)


def test_it_counts_what_there_was_and_what_was_done() -> None:
    parts = (oaas_class("a"), oaas_class("b"), oaas_class("c", "{enabled: false}"), workload("x"), workload("y", "a"))
    outcome = outcome_of(*parts, workload("z", "a"), workload("w", "b"), workload("v"))
    assert sentence(outcome) == "krm-otel: 3 classes (1 off); 5 workloads: 3 injected, 2 skipped (no class)"
    assert sentence(outcome, "planned", "1 file differs") == (
        "krm-otel: 3 classes (1 off); 5 workloads: 3 to inject, 2 skipped (no class); 1 file differs"
    )
    again = run([Source((outcome.texts[0] or "").encode())], {})
    assert sentence(again) == "krm-otel: 3 classes (1 off); 5 workloads: 3 unchanged, 2 skipped (no class)"
    back = run([Source((outcome.texts[0] or "").encode())], {}, remove=True)
    assert sentence(back).startswith("krm-otel: 3 classes (1 off); 5 workloads: 3 removed, 2 skipped")


def test_generated_objects_are_counted_by_themselves() -> None:
    block = "{enabled: true, telemetry: {propagators: [w3c]}, collector: {mode: sidecar, exporters: {traces: debug}}}"
    outcome = outcome_of(oaas_class("a", block), workload("x", "a"))
    assert sentence(outcome) == "krm-otel: 1 class; 1 workload injected; 1 object generated; 1 warning"


def test_with_errors_nothing_was_done() -> None:
    outcome = outcome_of(oaas_class("a", "{enabledd: true}"), oaas_class("b"), workload("x", "b"), workload("y"))
    assert sentence(outcome) == "krm-otel: 2 classes; 2 workloads; 1 error, so nothing is changed"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((), "no ClassRuntime in the input: write one with spec.observability.enabled: true"),
        ((workload("x"),), "no ClassRuntime in the input: write one with spec.observability.enabled: true"),
        ((oaas_class("a", ""),), "no class is on: write spec.observability.enabled: true in ClassRuntime a"),
        ((oaas_class("a"),), "no workload in the input: give krm-otel the workloads of ClassRuntime a, too"),
        ((oaas_class("a"), workload("x")), "no workload belongs to a class that is on, or all of them are skipped"),
    ],
)
def test_nothing_to_do_says_why(parts: tuple[str, ...], why: str) -> None:
    assert sentence(outcome_of(*parts)).endswith(f"nothing to do: {why}")


def test_a_class_may_be_in_the_base_of_a_kustomization() -> None:
    sources = [
        Source(b"resources: [../../base, workloads.yaml]\n", "overlays/prod/kustomization.yaml"),
        Source(workload("x").encode(), "overlays/prod/workloads.yaml"),
    ]
    assert sentence(run(sources, {})).endswith(
        "nothing to do: no ClassRuntime in the input, and overlays/prod/kustomization.yaml takes resources from "
        "../../base: run kustomize build overlays/prod | krm-otel render -"
    )
    base = Source(oaas_class("a", "{enabled: false}").encode(), "base/class.yaml")
    assert "takes resources from" not in sentence(run([*sources, base], {}))


def test_uninject_without_an_injection_says_so() -> None:
    assert sentence(outcome_of(workload("x"), remove=True)).endswith(
        "nothing to do: no object has anything of krm-otel"
    )


def test_many_reasons_would_not_be_read() -> None:
    """One or two reasons are named; more are in the lines above."""
    optout = workload("o", "a").replace("labels:", "annotations: {oaas.io/otel-inject: 'false'}, labels:")
    absent = workload("p", "gone")
    two = outcome_of(oaas_class("a"), workload("y", "a"), workload("x"), optout)
    assert "2 skipped (1: no class, 1: " in sentence(two)
    three = outcome_of(oaas_class("a"), workload("y", "a"), workload("x"), optout, absent)
    assert sentence(three).endswith("1 injected, 3 skipped")


def test_plural() -> None:
    assert [plural(count, "class") for count in (0, 1, 2)] == ["no class", "1 class", "2 classes"]
    assert [plural(count, "file") for count in (0, 1, 2)] == ["no file", "1 file", "2 files"]


# --- the lines before it ---------------------------------------------------------------------------------------------


def test_a_warning_of_many_workloads_stands_once() -> None:
    """With a count and some names; an error has a line for each, since each has to be mended."""
    block = ON.replace("telemetry: {propagators: [w3c]}, ", "")
    names = [f"w{number}" for number in range(5)]
    outcome = outcome_of(oaas_class("a", block), *(workload(name, "a") for name in names), name="a.yaml")
    printed = [line.text for line in lines(outcome) if line.severity]
    assert len(printed) == 1
    assert printed[0].startswith("a.yaml:7:1: warning[")
    assert printed[0].endswith("(5 times, also Deployment w1, Deployment w2 and 2 more; -v lists all)")
    each = [line.text for line in lines(outcome, "verbose") if line.severity == "warning"]
    assert [text.split(": ")[1].split(" ", 1)[1] for text in each] == [f"Deployment {name}" for name in names]


def test_how_much_is_printed() -> None:
    own = ", env: [{name: OTEL_SERVICE_NAME, value: mine}]"
    outcome = outcome_of(oaas_class("a"), workload("x", "a", own), workload("y"))
    quiet, normal, verbose = ([line.text for line in lines(outcome, detail)] for detail in get_args(Detail))
    assert quiet == []
    assert normal == ["Deployment/x injected", sentence(outcome)]
    assert verbose[:2] == ["Deployment/x injected", "Deployment/y skipped (no class)"]
    assert any("info[" in text for text in verbose) and verbose[-1] == sentence(outcome)
