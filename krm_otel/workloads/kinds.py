"""Kinds that create pods: where their pod template is, and what it allows.

| group               | kinds                              | pod template                   | downward API |
|---------------------|------------------------------------|--------------------------------|--------------|
| apps                | Deployment, StatefulSet, DaemonSet | spec.template                  | yes          |
| apps                | ReplicaSet                         | spec.template                  | yes          |
| batch               | Job                                | spec.template                  | yes          |
| batch               | CronJob                            | spec.jobTemplate.spec.template | yes          |
| (core)              | Pod                                | the object itself              | yes          |
| keda.sh             | ScaledJob                          | spec.jobTargetRef.template     | yes          |
| serving.knative.dev | Service, Configuration             | spec.template                  | by a flag    |

Any version of the group matches. OTelConfig's `kinds` adds others by their exact apiVersion; they take precedence.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.krm.resource import Resource, strings
from krm_otel.names import A_GENERATED_BY, CLASS_GROUP, CLASS_KIND, CONFIG_GROUPS, CONFIG_KIND, GENERATOR
from krm_otel.yamltext.query import items_of, lookup, text_of

if TYPE_CHECKING:
    from krm_otel.config.settings import Configuration
    from krm_otel.workloads.containers import Container

KNATIVE_GROUP: Final = "serving.knative.dev"
NO_CLASS: Final = "no class"
"""The reason why most workloads are skipped: nothing says that they belong to a class."""


@dataclass(frozen=True, slots=True)
class KindInfo:
    """Facts about one kind of workload."""

    template_path: tuple[str, ...]
    """Path of the pod template, which has `metadata` and `spec`; empty where the object is the pod."""
    downward_api: bool = True
    """Whether its environment may have `fieldRef`."""
    knative: bool = False
    ends: bool = False
    """Whether its pods end by themselves."""
    immutable: str | None = None
    """Why a cluster refuses a changed environment; None where it accepts one."""
    name_attribute: str = ""
    """The resource attribute that has the object's name; empty where the conventions have none for the kind."""


_JOB: Final = (
    "a cluster refuses a changed pod template of a Job that already exists: delete the Job first, or give it "
    "another name"
)
_POD: Final = "a cluster refuses a changed environment of a Pod that already exists: delete the Pod first"

_TEMPLATE: Final = ("spec", "template")
_KNATIVE: Final = KindInfo(_TEMPLATE, downward_api=False, knative=True)
KINDS: Final[dict[tuple[str, str], KindInfo]] = {
    ("apps", "Deployment"): KindInfo(_TEMPLATE, name_attribute="k8s.deployment.name"),
    ("apps", "StatefulSet"): KindInfo(_TEMPLATE, name_attribute="k8s.statefulset.name"),
    ("apps", "DaemonSet"): KindInfo(_TEMPLATE, name_attribute="k8s.daemonset.name"),
    ("apps", "ReplicaSet"): KindInfo(_TEMPLATE, name_attribute="k8s.replicaset.name"),
    ("batch", "Job"): KindInfo(_TEMPLATE, ends=True, immutable=_JOB, name_attribute="k8s.job.name"),
    ("batch", "CronJob"): KindInfo(("spec", "jobTemplate", *_TEMPLATE), ends=True, name_attribute="k8s.cronjob.name"),
    ("keda.sh", "ScaledJob"): KindInfo(("spec", "jobTargetRef", "template"), ends=True),
    ("", "Pod"): KindInfo((), immutable=_POD),
    (KNATIVE_GROUP, "Service"): _KNATIVE,
    (KNATIVE_GROUP, "Configuration"): _KNATIVE,
}
"""(group, kind) → its facts. Names of attributes: OpenTelemetry semantic conventions, `resource/k8s.md`."""

_REQUIRED: Final = frozenset((*KINDS, (CLASS_GROUP, CLASS_KIND), *((group, CONFIG_KIND) for group in CONFIG_GROUPS)))


def is_required(group: str | None, kind: str) -> bool:
    """Whether every object of a kind has to be readable: objects that configure krm-otel, and those that it edits.

    Where the group is not known (None), the kind decides.
    """
    return (group, kind) in _REQUIRED if group is not None else any(kind == known for _, known in _REQUIRED)


class Workload:
    """An object that creates pods; its parts are read on demand, since most need no more than their class.

    Args:
        resource: the object.
        kind: the facts about its kind, whatever the object says.
    """

    def __init__(self, resource: Resource, kind: KindInfo):
        self.resource = resource
        self.kind = kind

    @cached_property
    def pod_path(self) -> tuple[str, ...]:
        """The path of the pod spec."""
        return (*self.kind.template_path, "spec")

    @cached_property
    def template_labels(self) -> dict[str, str]:
        """The labels of the pod template, as text."""
        return strings(self.resource.node(*self.template_path, "metadata", "labels"))

    @cached_property
    def template_annotations(self) -> dict[str, str]:
        """The annotations of the pod template, as text."""
        return strings(self.resource.node(*self.template_path, "metadata", "annotations"))

    @property
    def containers(self) -> tuple[Container, ...]:
        """The containers without faults."""
        return self._containers[0]

    @property
    def results(self) -> tuple[Result, ...]:
        """The faults of its containers. They count only where the workload belongs to a class: krm-otel passes other
        objects through as they are."""
        return self._containers[1]

    @cached_property
    def init_containers(self) -> tuple[Container, ...]:
        """The init containers that have a name of their own."""
        from krm_otel.workloads.containers import read_init_containers

        return read_init_containers(self.resource, self.pod_path, self.containers)

    @cached_property
    def _containers(self) -> tuple[tuple[Container, ...], tuple[Result, ...]]:
        from krm_otel.workloads.containers import read_containers

        return read_containers(self.resource, self.pod_path, self.kind.knative)

    @property
    def template_path(self) -> tuple[str, ...]:
        """Path of the pod template; empty where the object is the pod."""
        return self.kind.template_path

    @property
    def container_names(self) -> dict[tuple[str, int], str]:
        """The names of containers and init containers, by list and index."""
        return {container.place: container.name for container in (*self.containers, *self.init_containers)}

    def annotation(self, name: str) -> list[tuple[str, str]]:
        """An annotation's values with their field paths: on the object, then on the pod template.

        An empty value counts as absent: charts write it for a value that was not set.
        """
        return self._metadata(name, "annotations", self.resource.annotations, self.template_annotations)

    def label(self, name: str) -> list[tuple[str, str]]:
        """A label's values with their field paths, like `annotation`."""
        return self._metadata(name, "labels", self.resource.labels, self.template_labels)

    def _metadata(
        self, name: str, section: str, on_object: dict[str, str], on_template: dict[str, str]
    ) -> list[tuple[str, str]]:
        sources = [((), on_object)] + ([(self.template_path, on_template)] if self.template_path else [])
        return [
            (value, field_path(*path, "metadata", section, name))
            for path, members in sources
            if (value := members.get(name, "").strip())
        ]


def kind_info(api_version: str, kind: str, configuration: Configuration) -> KindInfo | None:
    """The facts about a kind; None where its objects are no workloads."""
    group = api_version.rpartition("/")[0]
    info = KINDS.get((group, kind))
    for configured in configuration.kinds:
        if (configured.api_version, configured.kind) == (api_version, kind):
            is_knative = group == KNATIVE_GROUP
            info = info or KindInfo((), downward_api=not is_knative, knative=is_knative)
            info = replace(info, template_path=configured.path)
            break
    if info is not None and info.knative and configuration.knative_field_ref:
        info = replace(info, downward_api=True)
    return info


def as_workload(resource: Resource, configuration: Configuration) -> Workload | None:
    """The resource as a workload; None for other kinds, generated objects and patches (`$patch:`)."""
    kind = kind_info(resource.api_version, resource.kind, configuration)
    if kind is None or is_generated(resource) or is_patch(resource):
        return None
    return Workload(resource, kind)


def is_patch(resource: Resource) -> bool:
    """Whether the object is a directive for kustomize (`$patch: delete`), as folders of manifests contain them."""
    return resource.node("$patch") is not None


def is_generated(resource: Resource) -> bool:
    """Whether krm-otel generated the object."""
    return resource.annotations.get(A_GENERATED_BY) == GENERATOR


def mounted_config_maps(resource: Resource, configuration: Configuration) -> Iterator[str]:
    """The names of the ConfigMaps that an object's pods mount."""
    kind = kind_info(resource.api_version, resource.kind, configuration)
    volumes = resource.node(*kind.template_path, "spec", "volumes") if kind else None
    for volume in items_of(volumes):
        if name := text_of(lookup(volume, "configMap", "name")):
            yield name
