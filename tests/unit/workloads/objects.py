"""Builders of the objects that these tests need."""

from __future__ import annotations

from textwrap import dedent

from krm_otel.config.settings import Configuration, Function, KindPath, OaasClass, PlatformComponent
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import Workload, as_workload
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.parse import compose


def resource(text: str) -> Resource:
    """The one object of a YAML text."""
    node = compose(dedent(text))
    assert isinstance(node, Mapping)
    return Resource(node)


def view(text: str, configuration: Configuration | None = None) -> Workload:
    """The workload of a YAML text."""
    found = as_workload(resource(text), configuration or Configuration(()))
    assert found is not None
    return found


def deployment(
    name: str = "web",
    namespace: str = "",
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    template_annotations: dict[str, str] | None = None,
    template_labels: dict[str, str] | None = None,
    owners: tuple[str, ...] = (),
    containers: tuple[tuple[str, str], ...] = (("main", "web:1"),),
    configuration: Configuration | None = None,
) -> Workload:
    """A Deployment; `containers` are (name, image), `owners` names of ClassRuntimes."""
    references = [f"{{apiVersion: oaas.io/v1alpha1, kind: ClassRuntime, name: {o}, uid: u}}" for o in owners]
    listed = ", ".join(f"{{name: '{n}', image: '{i}'}}" for n, i in containers)
    text = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  annotations: {_map(annotations)}
  labels: {_map(labels)}
  ownerReferences: [{", ".join(references)}]
spec:
  template:
    metadata:
      annotations: {_map(template_annotations)}
      labels: {_map(template_labels)}
    spec:
      containers: [{listed}]
"""
    return view(text, configuration)


def _map(data: dict[str, str] | None) -> str:
    return "{" + ", ".join(f"'{key}': '{value}'" for key, value in (data or {}).items()) + "}"


def oaas_class(
    name: str, *functions: tuple[str, str], namespace: str = "", previous: tuple[str, ...] = ()
) -> OaasClass:
    """A class; `functions` are (key, image)."""
    made = tuple(Function(key, image) for key, image in functions)
    ref = Ref("oaas.io/v1alpha1", "ClassRuntime", name, namespace)
    return OaasClass(name, (name, *previous), namespace, ref, made, None)


def component(key: str, **labels: str) -> PlatformComponent:
    """A platform component by its labels."""
    return PlatformComponent(key, labels, f"oaas-{key}")


ROLLOUT = KindPath("argoproj.io/v1alpha1", "Rollout", ("spec", "template"))
