"""Which objects are workloads, and where their pod templates are."""

from __future__ import annotations

import pytest

from krm_otel.config.settings import Configuration, KindPath
from krm_otel.dataclass import replace
from krm_otel.workloads.kinds import KINDS, as_workload
from tests.unit.workloads.objects import ROLLOUT, resource, view

NONE = Configuration(())
TEMPLATE = ("spec", "template")


@pytest.mark.parametrize(
    ("api_version", "kind", "path", "downward_api", "knative", "immutable", "name_attribute"),
    [
        ("apps/v1", "Deployment", TEMPLATE, True, False, False, "k8s.deployment.name"),
        ("apps/v1beta2", "Deployment", TEMPLATE, True, False, False, "k8s.deployment.name"),
        ("apps/v1", "StatefulSet", TEMPLATE, True, False, False, "k8s.statefulset.name"),
        ("apps/v1", "DaemonSet", TEMPLATE, True, False, False, "k8s.daemonset.name"),
        ("apps/v1", "ReplicaSet", TEMPLATE, True, False, False, "k8s.replicaset.name"),
        ("batch/v1", "Job", TEMPLATE, True, False, True, "k8s.job.name"),
        ("batch/v1beta1", "CronJob", ("spec", "jobTemplate", *TEMPLATE), True, False, False, "k8s.cronjob.name"),
        ("serving.knative.dev/v1", "Service", TEMPLATE, False, True, False, ""),
        ("serving.knative.dev/v1", "Configuration", TEMPLATE, False, True, False, ""),
        ("keda.sh/v1alpha1", "ScaledJob", ("spec", "jobTargetRef", "template"), True, False, False, ""),
    ],
)
def test_each_kind_has_its_template(
    api_version: str,
    kind: str,
    path: tuple[str, ...],
    downward_api: bool,
    knative: bool,
    immutable: bool,
    name_attribute: str,
) -> None:
    """The table: path, downward API, Knative, immutability, the attribute of its name; any version of the group."""
    text = "{" + f"apiVersion: {api_version}, kind: {kind}, metadata: {{name: x, labels: {{tier: outer}}}}, "
    body = "{metadata: {labels: {tier: inner}, annotations: {note: inner}}, spec: {containers: [{name: a}]}}"
    for step in reversed(path):
        body = f"{{{step}: {body}}}"
    found = view(text + body[1:-1] + "}")
    assert found.template_path == path
    assert found.pod_path == (*path, "spec")
    assert found.kind.downward_api is downward_api
    assert found.kind.knative is knative
    assert bool(found.kind.immutable) is immutable
    assert found.kind.name_attribute == name_attribute
    assert found.template_labels == {"tier": "inner"}
    assert found.template_annotations == {"note": "inner"}
    assert [c.path for c in found.containers] == [(*path, "spec", "containers", 0)]


def test_a_pod_is_its_own_template() -> None:
    """A bare Pod: labels and annotations are its own, and nothing is read twice."""
    found = view(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: p, labels: {a: b}, annotations: {oaas.io/otel-inject: "false"}}
        spec: {containers: [{name: main}]}
        """
    )
    assert (found.template_path, found.pod_path) == ((), ("spec",))
    assert found.template_labels == {"a": "b"}
    assert found.annotation("oaas.io/otel-inject") == [("false", "metadata.annotations[oaas.io/otel-inject]")]
    assert found.kind.immutable


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "Service"), ("extensions/v1beta1", "Deployment"), ("argoproj.io/v1alpha1", "Rollout"), ("", "")],
)
def test_other_kinds_are_not_workloads(api_version: str, kind: str) -> None:
    """A core Service is not a Knative one; what the table does not name is none."""
    assert as_workload(resource(f"{{apiVersion: '{api_version}', kind: '{kind}'}}"), NONE) is None


def test_generated_objects_are_not_workloads() -> None:
    """What we made ourselves is never instrumented; what others generated may be."""
    text = "{{apiVersion: apps/v1, kind: Deployment, metadata: {{annotations: {{oaas.io/generated-by: {}}}}}}}"
    assert as_workload(resource(text.format("krm-otel")), NONE) is None
    assert as_workload(resource(text.format("someone")), NONE) is not None


def test_kinds_of_otelconfig_are_added_by_exact_api_version() -> None:
    """A kind that OTelConfig names is a workload, in the version it says."""
    told = replace(NONE, kinds=(ROLLOUT,))
    found = view("{apiVersion: argoproj.io/v1alpha1, kind: Rollout}", told)
    assert found.pod_path == ("spec", "template", "spec")
    assert found.kind.downward_api and not found.kind.immutable
    assert as_workload(resource("{apiVersion: argoproj.io/v1, kind: Rollout}"), told) is None


def test_kinds_of_otelconfig_keep_the_facts_of_a_built_in_kind() -> None:
    """A configured path replaces the built-in one; what Knative or a Job forbids stays forbidden."""
    kinds = (
        KindPath("batch/v1", "Job", ("spec", "other")),
        KindPath("serving.knative.dev/v1", "Revision", ()),
    )
    told = replace(NONE, kinds=kinds)
    job = view("{apiVersion: batch/v1, kind: Job}", told)
    assert job.template_path == ("spec", "other") and job.kind.immutable
    revision = view("{apiVersion: serving.knative.dev/v1, kind: Revision}", told)
    assert revision.pod_path == ("spec",)
    assert revision.kind.knative and not revision.kind.downward_api


def test_values_of_the_object_come_before_those_of_its_template() -> None:
    """Annotations and labels come with their places, the object's first; empty ones read as absent."""
    found = view(
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          annotations: {a: outer, b: "", c: }
          labels: {l: outer}
        spec:
          template:
            metadata: {annotations: {a: inner, b: inner}, labels: {l: inner}}
        """
    )
    assert found.annotation("a") == [
        ("outer", "metadata.annotations.a"),
        ("inner", "spec.template.metadata.annotations.a"),
    ]
    assert found.annotation("b") == [("inner", "spec.template.metadata.annotations.b")]
    assert found.annotation("c") == []
    assert [value for value, _ in found.label("l")] == ["outer", "inner"]


def test_the_docstring_lists_every_kind() -> None:
    """Every kind of the table is in the module's docstring."""
    import krm_otel.workloads.kinds as module

    for group, kind in KINDS:
        assert kind in (module.__doc__ or "")
        assert (group or "(core)") in (module.__doc__ or "")
