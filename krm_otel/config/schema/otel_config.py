"""`spec` of an OTelConfig: cluster defaults, and what only the cluster's owner says."""

from __future__ import annotations

from typing import Literal

from krm_otel.config import types
from krm_otel.config.marks import Annotated
from krm_otel.config.schema.cluster_collector import ClusterCollector
from krm_otel.config.schema.credentials import Headers, TlsBlock
from krm_otel.config.schema.monitoring import Dashboards, Monitors, Rules
from krm_otel.config.schema.observability import Observability, Telemetry
from krm_otel.config.schema.sdk import Sdk
from krm_otel.config.schema.setting import REQUIRED, Model, setting
from krm_otel.config.types.finding import fault
from krm_otel.config.types.telemetry import DEFAULT_TEMPLATE
from krm_otel.diagnostics.rules import destinations as rules


class AttributeGroups(Model):
    """Which resource attributes are derived."""

    k8s: bool = setting(
        True,
        "k8s.* attributes: names of the workload and the container, and the pod's by the downward API.",
        example="false",
    )
    service: bool = setting(True, "service.namespace, service.version and service.instance.id.", example="false")
    oaas: bool = setting(
        True,
        "Attributes oaas.class, oaas.deployment_id and oaas.function_key.",
        example="false",
        note="`deployment.name` stays; `drop` takes it out.",
    )
    drop: types.AttributeKeys = setting(
        (),
        "Single derived keys that are not wanted.",
        shown="none",
        example="[k8s.pod.uid]",
        note="Configured and annotated attributes stay.",
    )
    version_from_image: bool = setting(
        False,
        "Take service.version from the image's tag and digest where nothing else says it.",
        example="true",
        note="An annotation or label says it first.",
    )


class ClusterTelemetry(Telemetry):
    """Cluster defaults of `telemetry`, and what only the cluster's owner says."""

    service_name_template: types.Templates = setting(
        (DEFAULT_TEMPLATE,),
        "Service name where none is given, from `{class}`, `{class_key}`, `{container}`, `{function_key}`, "
        "`{workload}`, `{namespace}` and labels: `{label:app.kubernetes.io/name}`.",
        shown=DEFAULT_TEMPLATE,
        example='"{namespace}-{workload}"',
        note="`{class_key}` is `spec.package_class_key`, or the class's name; `{function_key}` is the container's name "
        "where the function is not known; `{namespace}` is `default` where none is written. Of a list, the first whose "
        "labels the workload has is taken: see [names from labels](injection.md#names-from-labels).",
    )
    attributes: AttributeGroups = setting(AttributeGroups(), "Which resource attributes are derived.")


class Files(Model):
    """Files that a backend of type file writes: OTLP as JSON, one line for each batch."""

    claim: types.ObjectName | None = setting(
        None,
        "An existing PersistentVolumeClaim for them.",
        shown="a volume of the pod, that goes with it",
        example="telemetry",
        note="Only for a Deployment of one replica.",
    )
    max_megabytes: types.Count = setting(100, "Size at which the collector begins a new file.", example="50")
    max_backups: types.Count = setting(3, "Number of older files that are kept.", example="10")


class Backend(Model):
    """A backend that exporters can name."""

    type: types.BackendType = setting(
        "otlp", "Its type, which decides how collectors send to it.", example="tempo", note="See the types below."
    )
    endpoint: types.EndpointUrl | None = setting(
        None,
        "Its address; without a path the type's own is added.",
        example="http://tempo:4317",
        note="Without an address the type's [usual one](collector.md#backends) is assumed.",
    )
    headers: Headers = setting({}, "Headers that go with it; values only from Secrets.")
    tls: TlsBlock | None = setting(None, "Certificates that go with it.")
    file: Files | None = setting(None, "The files, for type file.")

    def check(self) -> None:
        """Only a backend of type file has files."""
        if self.file is not None and self.type != "file":
            text = f"has file, and is of type {self.type}"
            raise fault(rules.BACKEND_FILE, text, fix="write type: file, or leave file out")


class Component(Model):
    """A component of the platform: gateway, router, package manager, CRM."""

    match_labels: dict[types.LabelKey, types.LabelValue] = setting(
        REQUIRED,
        "Labels of its workloads; all of them must be on the object, or all on its pod template.",
        example="{app: gateway}",
        min_length=1,
    )
    service_name: types.ServiceName | None = setting(
        None, "Its service name.", shown="the component's key", example="oprc-gateway"
    )


class Platform(Model):
    """The platform's own components, which form the pseudo-class oaas-platform in each namespace."""

    enabled: bool = setting(
        True,
        "Instrument the platform's components.",
        example="false",
        note="See [platform components](#platform-components).",
    )
    preset: Literal["oaas-rs"] | None = setting(
        None,
        "A platform whose components are known, by the labels that its charts write.",
        example="oaas-rs",
        note="An entry in `components` with the same name replaces labels and service name of the preset's; the SDK "
        "profile stays.",
    )
    components: dict[types.Word, Component] = setting({}, "The components by name.")


class Limits(Model):
    """What a ClassRuntime's author may not exceed; the OTelConfig itself is not bound."""

    sampling_rate: types.Share | None = setting(
        None,
        "Highest sampling rate; a higher one is clamped.",
        example="0.2",
        note="See [limits](#limits).",
    )
    images: types.Words | None = setting(
        None, "Allowed collector images, as patterns in which * stands for any text.", example='["ghcr.io/acme/*"]'
    )
    endpoints: types.Words | None = setting(
        None,
        "Allowed endpoints, as patterns in which * stands for any text in host or path.",
        example='["http://*.observability:4317"]',
    )
    backends: types.Words | None = setting(None, "Names of the allowed backends, as patterns.", example="[tempo]")


class KindEntry(Model):
    """A kind of workload beyond those that are known."""

    api_version: types.ApiVersion = setting(
        REQUIRED,
        "Its apiVersion, such as argoproj.io/v1alpha1.",
        alias="apiVersion",
        example="argoproj.io/v1alpha1",
        note="krm-otel [knows](matching.md#kinds) the kinds of Kubernetes and Knative.",
    )
    kind: types.Kind = setting(REQUIRED, "Its kind, such as Rollout.", example="Rollout")
    path: types.FieldPath = setting(
        REQUIRED, "Path of its pod template, as dotted field names, such as spec.template.", example="spec.template"
    )


class Knative(Model):
    """What the cluster's Knative allows."""

    field_ref: bool = setting(
        False,
        "The feature flag kubernetes.podspec-fieldref is on, so that downward API variables may be injected.",
        example="true",
    )


class ConfigSpec(Model):
    """`spec` of an OTelConfig."""

    enabled: bool | None = setting(
        None,
        "Global switch: false takes everything out; true is the default of `enabled` in a block.",
        example="false",
        note="See [the global switch](#the-global-switch).",
    )
    telemetry: ClusterTelemetry = setting(ClusterTelemetry(), "Cluster defaults of what is recorded.")
    collector: ClusterCollector = setting(ClusterCollector(), "Cluster defaults of the collector.")
    classes: dict[types.Word, Observability] = setting(
        {},
        "Blocks for single classes by name, for clusters whose CRD refuses spec.observability.",
        example="{enabled: true}",
        note="A class also answers to the name that it had before kustomize renamed it.",
    )
    backends: dict[types.BackendName, Backend] = setting({}, "Backends that exporters can name.")
    platform: Platform | None = setting(None, "The platform's own components.")
    skip_containers: types.Words = setting(
        (),
        "Names of containers left alone (* allowed), in addition to known proxies and agents.",
        example="[audit-*]",
        note="See [which containers](matching.md#which-containers).",
    )
    sdk: Sdk = setting(Sdk(), "What the SDKs of containers read and understand.")
    limits: Limits = setting(Limits(), "What a ClassRuntime's author may not exceed.")
    kinds: Annotated[tuple[KindEntry, ...], types.LAX] = setting(
        (), "Further kinds of workloads, with the path of their pod template."
    )
    knative: Knative = setting(Knative(), "What the cluster's Knative allows.")
    dashboards: Dashboards | None = setting(None, "A Grafana dashboard for each class.")
    rules: Rules | None = setting(None, "Prometheus rules for each class.")
    monitors: Monitors | None = setting(None, "A ServiceMonitor or PodMonitor for each managed collector.")
    adopt: bool = setting(
        False,
        "Take over variables that manifests set by hand, except for headers and attributes.",
        example="true",
        note="Those are endpoint, protocol, service name, exporters, sampler and propagators. See "
        "[moving in](injection.md#moving-in).",
    )
    on_error: Literal["fail", "degrade"] = setting(
        "fail",
        "What an error of one class does: `fail` changes nothing at all; with `degrade` the class keeps what it had, "
        "and the others go on.",
        example="degrade",
        note="With `degrade` an error of one class or workload is a warning. A class that wants another collector than "
        "such a workload can use (another mode, another config for its sidecar) waits with the workload, and a result "
        "says so (`class-held-back`). Errors of the OTelConfig itself always fail.",
    )
    status: Literal["results-only", "write"] = setting(
        "results-only",
        "Where the conditions of a class go: into the results, or into the ClassRuntime.",
        example="write",
        note="`write`: into `status.conditions`, with a reference to the collector in `status.resource_refs`. See "
        "[status](status.md).",
    )
    merge_crd: bool = setting(
        False,
        "A CustomResourceDefinition classruntimes.oaas.io in the input gets spec.observability.",
        example="true",
        note="It gets the field in v1alpha1, where it lacks it. `uninject` takes it out. The global switch does not, "
        "since a server would then refuse classes that have the block.",
    )
    names_may_change: bool = setting(
        False,
        "Names get a prefix or suffix, or objects another namespace, after the function, as in a kustomize "
        "component: what needs a name in a text is then an error.",
        example="true",
        note="This refuses mode `deployment`, `daemonset.manage` and `flavor: operator`, and leaves out the workload's "
        "name (`k8s.deployment.name`). See [kustomize](clients.md#kustomize).",
    )
    flavor: Literal["native", "operator"] = setting(
        "native",
        "Whose objects are written: the environment and manifests of krm-otel, or the OpenTelemetry Operator's "
        "custom resources and annotations.",
        example="operator",
        note="See [the Operator](operator.md).",
    )
    prune: bool | None = setting(
        None,
        "The input is complete: classes not in it are gone.",
        shown="decided by the input",
        example="true",
        note="`false`: no class is ever gone, and generated objects that a class no longer wants stay, each with a "
        "warning (`not-pruned`); the global switch and `uninject` take them out all the same. See "
        "[half an input](matching.md#half-an-input).",
    )
