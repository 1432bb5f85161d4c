"""The models of an OTelConfig: cluster defaults, and what only the cluster's owner says."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from krm_otel.config.schema.cluster_collector import ClusterCollector
from krm_otel.config.schema.credentials import Headers, TlsBlock
from krm_otel.config.schema.monitoring import DashboardsBlock, MonitorsBlock, RulesBlock
from krm_otel.config.schema.observability import Model, Observability, Telemetry
from krm_otel.config.types import (
    LAX,
    ApiVersion,
    AttributeKeys,
    BackendName,
    BackendType,
    Count,
    EndpointUrl,
    FieldPath,
    Kind,
    LabelKey,
    LabelValue,
    ObjectName,
    ServiceName,
    Share,
    Template,
    Word,
    Words,
)
from krm_otel.config.types.finding import fault


class AttributeGroups(Model):
    """Which resource attributes are derived."""

    k8s: bool | None = Field(None, description="k8s.* attributes, by the downward API. Default: true.")
    service: bool | None = Field(
        None, description="service.namespace, service.version and service.instance.id. Default: true."
    )
    oaas: bool | None = Field(None, description="Attributes oaas.class and oaas.function_key. Default: true.")
    drop: AttributeKeys | None = Field(None, description="Single keys that are not wanted. Default: none.")
    version_from_image: bool | None = Field(
        None,
        description="Take service.version from the image's tag where nothing else says it. Default: false.",
    )


class ClusterTelemetry(Telemetry):
    """Cluster defaults of `telemetry`, and what only the cluster's owner says."""

    service_name_template: Template | None = Field(
        None,
        description="Service name where none is given, from {class}, {container}, {function_key}, {workload} "
        "and {namespace}. Default: {class}-{container}.",
    )
    attributes: AttributeGroups | None = Field(None, description="Which resource attributes are derived.")


class FileBlock(Model):
    """Files that a backend of type file is: OTLP as JSON, one line for each batch."""

    claim: ObjectName | None = Field(
        None, description="An existing PersistentVolumeClaim for them. Default: a volume of the pod, that goes with it."
    )
    max_megabytes: Count | None = Field(None, description="Size at which a new one is begun. Default: 100.")
    max_backups: Count | None = Field(None, description="Older ones that are kept. Default: 3.")


class Backend(Model):
    """A backend that exporters can name."""

    type: BackendType | None = Field(None, description="What it is, which decides how it is spoken to. Default: otlp.")
    endpoint: EndpointUrl | None = Field(None, description="Its address; without a path the type's own is added.")
    headers: Headers | None = Field(None, description="Headers that go with it; values only from Secrets.")
    tls: TlsBlock | None = Field(None, description="Certificates that go with it.")
    file: FileBlock | None = Field(None, description="The files, for type file.")

    @model_validator(mode="after")
    def _files_are_of_type_file(self) -> Self:
        if self.file is not None and self.type != "file":
            text = f"has file, and is of type {self.type or 'otlp'}: write type: file, or leave file out"
            raise fault("backend-file", text)
        return self


class Component(Model):
    """A component of the platform: gateway, router, package manager, CRM."""

    match_labels: dict[LabelKey, LabelValue] = Field(
        min_length=1, description="Labels of its workloads; all of them must be there."
    )
    service_name: ServiceName | None = Field(None, description="Its service name. Default: the component's key.")


class Platform(Model):
    """The platform's own components, which form the pseudo-class oaas-platform in each namespace."""

    enabled: bool | None = Field(None, description="Instrument the platform's components. Default: true.")
    components: dict[Word, Component] | None = Field(None, description="The components by name.")


class Limits(Model):
    """What a ClassRuntime's author may not exceed; the OTelConfig itself is not bound."""

    sampling_rate: Share | None = Field(None, description="Highest sampling rate; a higher one is clamped.")
    images: Words | None = Field(
        None, description="Allowed collector images, as patterns in which * stands for any text."
    )
    endpoints: Words | None = Field(
        None,
        description="Allowed endpoints, as patterns in which * stands for any text in host or path.",
    )
    backends: Words | None = Field(None, description="Names of the allowed backends, as patterns.")


class KindEntry(Model):
    """A kind of workload beyond those that are known."""

    api_version: ApiVersion = Field(alias="apiVersion", description="Its apiVersion, such as argoproj.io/v1alpha1.")
    kind: Kind = Field(description="Its kind, such as Rollout.")
    path: FieldPath = Field(description="Where its pod template stands, such as spec.template.")


class Knative(Model):
    """What the cluster's Knative allows."""

    field_ref: bool | None = Field(
        None, description="The feature flag kubernetes.podspec-fieldref is on. Default: false."
    )


class ConfigSpec(Model):
    """`spec` of an OTelConfig."""

    enabled: bool | None = Field(
        None,
        description="Global switch: false takes everything out; true is the default of `enabled` in a block.",
    )
    telemetry: ClusterTelemetry | None = Field(None, description="Cluster defaults of what is recorded.")
    collector: ClusterCollector | None = Field(None, description="Cluster defaults of the collector.")
    classes: dict[Word, Observability] | None = Field(
        None,
        description="Blocks for single classes by name, for clusters whose CRD refuses spec.observability.",
    )
    backends: dict[BackendName, Backend] | None = Field(None, description="Backends that exporters can name.")
    platform: Platform | None = Field(None, description="The platform's own components.")
    skip_containers: Words | None = Field(
        None,
        description="Names of containers left alone (* allowed), beside known proxies and agents.",
    )
    limits: Limits | None = Field(None, description="What a ClassRuntime's author may not exceed.")
    kinds: Annotated[tuple[KindEntry, ...], LAX] | None = Field(
        None, description="Further kinds of workloads, with the path of their pod template."
    )
    knative: Knative | None = Field(None, description="What the cluster's Knative allows.")
    dashboards: DashboardsBlock | None = Field(None, description="A Grafana dashboard for each class.")
    rules: RulesBlock | None = Field(None, description="Prometheus rules for each class.")
    monitors: MonitorsBlock | None = Field(
        None, description="A ServiceMonitor or PodMonitor for each managed collector."
    )
    on_error: Literal["fail", "degrade"] | None = Field(
        None,
        description="What a fault of one class does: `fail` changes nothing at all; with `degrade` the class keeps "
        "what it had, and the others go on. Default: fail.",
    )
    adopt: bool | None = Field(
        None,
        description="Take over variables that manifests set by hand, but for headers and attributes. Default: false.",
    )
    prune: bool | None = Field(
        None,
        description="The input is complete: classes not in it are gone. Default: decided by the input.",
    )
    status: Literal["results-only", "write"] | None = Field(
        None,
        description="Where the conditions of a class go: into the results, or into the ClassRuntime. "
        "Default: results-only.",
    )
    merge_crd: bool | None = Field(
        None,
        description="A CustomResourceDefinition classruntimes.oaas.io in the input gets spec.observability. "
        "Default: false.",
    )
    names_may_change: bool | None = Field(
        None,
        description="Names get a prefix or suffix, or objects another namespace, after the function, as in a kustomize "
        "component: what needs a name in a text is then an error. Default: false.",
    )
    flavor: Literal["native", "operator"] | None = Field(
        None,
        description="Whose objects are written: our own environment and manifests, or the OpenTelemetry Operator's "
        "custom resources and annotations. Default: native.",
    )
