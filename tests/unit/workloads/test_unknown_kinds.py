"""Unknown kinds with a pod template are noticed."""

from __future__ import annotations

import time

import pytest

from krm_otel.workloads.unknown_kinds import unknown_template
from tests.unit.workloads.objects import resource

TEMPLATE = "{spec: {containers: [{name: a}]}}"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"{{kind: Rollout, spec: {{template: {TEMPLATE}}}}}", "spec.template"),
        (
            f"{{apiVersion: extensions/v1beta1, kind: Deployment, spec: {{template: {TEMPLATE}}}}}",
            "spec.template",
        ),
        (
            f"{{kind: ScaledJob, spec: {{jobTargetRef: {{template: {TEMPLATE}}}}}}}",
            "spec.jobTargetRef.template",
        ),
        (f"{{kind: X, spec: {{podTemplate: {TEMPLATE}}}}}", "spec.podTemplate"),
        (f"{{kind: X, template: {TEMPLATE}}}", "template"),
        (f"{{kind: X, spec: {{workers: [{{template: {TEMPLATE}}}]}}}}", "spec.workers[].template"),
        (
            f"{{kind: X, spec: {{w: [{{template: {TEMPLATE}}}], deep: {{head: {{template: {TEMPLATE}}}}}}}}}",
            "spec.deep.head.template",
        ),
        # Read through merge keys.
        (f"{{kind: X, a: &a {{template: {TEMPLATE}}}, spec: {{<<: *a}}}}", "a.template"),
        # No pod template:
        ("{kind: X, spec: {template: {spec: {containers: {}}}}}", None),
        ("{kind: X, spec: {template: {spec: {container: []}}}}", None),
        (f"{{kind: X, spec: {{pod: {TEMPLATE}}}}}", None),
        ("{kind: X}", None),
        # Known, or not for us:
        (f"{{apiVersion: apps/v1, kind: Deployment, spec: {{template: {TEMPLATE}}}}}", None),
        (f"{{kind: CustomResourceDefinition, spec: {{template: {TEMPLATE}}}}}", None),
        (
            "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, "
            f"spec: {{rules: [{{pattern: {{template: {TEMPLATE}}}}}]}}}}",
            None,
        ),
        (
            "{kind: X, metadata: {annotations: {oaas.io/generated-by: krm-otel}}, "
            f"spec: {{template: {TEMPLATE}}}}}",
            None,
        ),
    ],
)
def test_path_to_propose(text: str, path: str | None) -> None:
    """The path as `kinds` in OTelConfig wants it; `[]` where it cannot be named."""
    assert unknown_template(resource(text)) == path


def test_the_search_is_bounded() -> None:
    """Depth is bounded, and aliases that lead to the same node again and again cost nothing."""
    deep = "{a: " * 12 + f"{{template: {TEMPLATE}}}" + "}" * 12
    assert unknown_template(resource(f"{{kind: X, spec: {deep}}}")) is None
    laughs = "kind: X\na: &a [z,z]\n" + "".join(
        f"{name}: &{name} [" + ",".join([f"*{before}"] * 9) + "]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    started = time.perf_counter()
    assert unknown_template(resource(laughs)) is None
    assert time.perf_counter() - started < 1
