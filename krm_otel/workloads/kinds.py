"""Kinds that make pods: where their pod template stands, and what it allows.

| group               | kinds                              | pod template                   | downward API |
|---------------------|------------------------------------|--------------------------------|--------------|
| apps                | Deployment, StatefulSet, DaemonSet | spec.template                  | yes          |
| apps                | ReplicaSet                         | spec.template                  | yes          |
| batch               | Job                                | spec.template                  | yes          |
| batch               | CronJob                            | spec.jobTemplate.spec.template | yes          |
| (core)              | Pod                                | the object itself              | yes          |
| serving.knative.dev | Service, Configuration             | spec.template                  | by a flag    |

Any version of the group. OTelConfig's `kinds` adds others, by their exact apiVersion; they come first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from krm_otel.config.settings import Configuration
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.krm.resource import Resource, strings
from krm_otel.names import A_GENERATED_BY, CLASS_GROUP, CLASS_KIND, CONFIG_API_VERSION, CONFIG_KIND, GENERATOR
from krm_otel.workloads.containers import Container, read_containers

KNATIVE_GROUP: Final = "serving.knative.dev"


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What is known of one kind of workload."""

    template_path: tuple[str, ...]
    """Path of the pod template, which has `metadata` and `spec`; empty where the object is the pod."""
    downward_api: bool = True
    """Whether `fieldRef` may stand in its environment."""
    knative: bool = False
    immutable: str | None = None
    """Why a cluster refuses a changed environment; None where it does not."""


_JOB: Final = (
    "a cluster refuses a changed pod template of a Job that is already there: the Job has to be deleted "
    "first, or get another name"
)
_POD: Final = "a cluster refuses a changed environment of a Pod that is already there: the Pod has to be deleted first"

_TEMPLATE: Final = KindInfo(("spec", "template"))
_KNATIVE: Final = KindInfo(("spec", "template"), downward_api=False, knative=True)
KINDS: Final[dict[tuple[str, str], KindInfo]] = {
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("batch", "Job"): KindInfo(("spec", "template"), immutable=_JOB),
    ("batch", "CronJob"): KindInfo(("spec", "jobTemplate", "spec", "template")),
    ("", "Pod"): KindInfo((), immutable=_POD),
    (KNATIVE_GROUP, "Service"): _KNATIVE,
    (KNATIVE_GROUP, "Configuration"): _KNATIVE,
}
"""(group, kind) → what is known of it."""

_CONFIG_GROUPS: Final = (CONFIG_API_VERSION.partition("/")[0], CLASS_GROUP, "")
_REQUIRED: Final = frozenset((*KINDS, (CLASS_GROUP, CLASS_KIND), *((group, CONFIG_KIND) for group in _CONFIG_GROUPS)))


def is_required(group: str | None, kind: str) -> bool:
    """Whether every object of a kind has to be readable: objects that configure krm-otel, and those that it edits.

    Where the group is not known (None), the kind decides.
    """
    return (group, kind) in _REQUIRED if group is not None else any(kind == known for _, known in _REQUIRED)


@dataclass(frozen=True, slots=True)
class Workload:
    """An object that makes pods, as the rest of the program sees it.

    `results` are the faults of its containers. They count only where the workload belongs to a class: what
    does not concern us passes as it is.
    """

    resource: Resource
    kind: KindInfo
    pod_path: tuple[str, ...]
    template_labels: dict[str, str]
    template_annotations: dict[str, str]
    containers: tuple[Container, ...]
    results: tuple[Result, ...] = ()

    @property
    def template_path(self) -> tuple[str, ...]:
        """Path of the pod template; empty where the object is the pod."""
        return self.kind.template_path

    @property
    def container_names(self) -> list[str]:
        """The containers' names by index in the list; empty for entries that are none."""
        by_index = {container.index: container.name for container in self.containers}
        return [by_index.get(i, "") for i in range(max(by_index, default=-1) + 1)]

    def annotation(self, name: str) -> list[tuple[str, str]]:
        """An annotation's values with their field paths: on the object, then on the pod template.

        An empty value reads as absent: that is what charts write for a value that was not set.
        """
        return _written(name, "annotations", self.resource.annotations, self.template_annotations, self)

    def label(self, name: str) -> list[tuple[str, str]]:
        """A label's values with their field paths, as `annotation` gives them."""
        return _written(name, "labels", self.resource.labels, self.template_labels, self)


def _written(
    name: str, where: str, on_object: dict[str, str], on_template: dict[str, str], workload: Workload
) -> list[tuple[str, str]]:
    found = []
    if value := on_object.get(name, "").strip():
        found.append((value, field_path("metadata", where, name)))
    if workload.template_path and (value := on_template.get(name, "").strip()):
        found.append((value, field_path(*workload.template_path, "metadata", where, name)))
    return found


def kind_info(resource: Resource, configuration: Configuration) -> KindInfo | None:
    """What is known of the resource's kind; None where it is no workload."""
    known = KINDS.get((resource.group, resource.kind))
    for told in configuration.kinds:
        if told.kind == resource.kind and told.api_version == resource.api_version:
            is_knative = resource.group == KNATIVE_GROUP
            known = replace(
                known or KindInfo((), downward_api=not is_knative, knative=is_knative),
                template_path=told.path,
            )
            break
    if known is not None and known.knative and configuration.knative_field_ref:
        known = replace(known, downward_api=True)
    return known


def workload(resource: Resource, configuration: Configuration) -> Workload | None:
    """The resource as a workload; None where it is none, one of our own objects, or a patch (`$patch:`)."""
    kind = kind_info(resource, configuration)
    if kind is None or is_generated(resource) or is_patch(resource):
        return None
    return workload_of(resource, kind)


def workload_of(resource: Resource, kind: KindInfo) -> Workload:
    """The resource seen as a workload of this kind, whatever it says of itself."""
    path = kind.template_path
    pod_path = (*path, "spec")
    containers, faults = read_containers(resource, pod_path, kind.knative)
    return Workload(
        resource,
        kind,
        pod_path,
        strings(resource.node(*path, "metadata", "labels")),
        strings(resource.node(*path, "metadata", "annotations")),
        containers,
        faults,
    )


def is_patch(resource: Resource) -> bool:
    """Whether the object is a directive for kustomize (`$patch: delete`), as folders hold them."""
    return resource.node("$patch") is not None


def is_generated(resource: Resource) -> bool:
    """Whether the object is one that we generated."""
    return resource.annotations.get(A_GENERATED_BY) == GENERATOR
