"""Every name in users' manifests: groups, kinds, annotations, labels, variables.

Each is written once, so that this module lists what may appear in a diff.
"""

from __future__ import annotations

from typing import Final

CLASS_GROUP: Final = "oaas.io"
CLASS_KIND: Final = "ClassRuntime"
BLOCK: Final = "observability"
"""The field of a ClassRuntime's spec that configures its telemetry."""
CLASS_DEFINITION: Final = f"classruntimes.{CLASS_GROUP}"
"""The name of the CustomResourceDefinition of ClassRuntime."""
CLASS_API_VERSION: Final = "oaas.io/v1alpha1"
CONFIG_API_VERSION: Final = "fn.oaas.io/v1alpha1"
CONFIG_KIND: Final = "OTelConfig"
CONFIG_GROUPS: Final = (CONFIG_API_VERSION.partition("/")[0], CLASS_GROUP, "")
"""The groups in which an object of this kind is taken for an OTelConfig; only the first is right."""
PLATFORM_CLASS: Final = "oaas-platform"
"""The pseudo-class that the platform's own components form in each namespace."""
NODE_OWNER: Final = "oaas-otel"
"""The pseudo-class that owns the collectors of mode daemonset; their names begin with it."""
RESERVED: Final = {
    PLATFORM_CLASS: "the platform's own components",
    NODE_OWNER: "the collectors of mode daemonset",
}
"""Names that no ClassRuntime may have → what uses them."""

# Annotations and labels that users write.
A_CLASS: Final = "oaas.io/class-runtime"
A_INJECT: Final = "oaas.io/otel-inject"
A_CONTAINERS: Final = "oaas.io/otel-containers"
A_PROTOCOL: Final = "oaas.io/otel-protocol"
A_SDK: Final = "oaas.io/otel-sdk"
A_RESOURCE_PREFIX: Final = "resource.opentelemetry.io/"
L_OWNER: Final = "oaas.io/owner"
L_VERSION: Final = "app.kubernetes.io/version"

# Labels that krm-otel writes.
L_CLASS: Final = "otel.oaas.io/class"
"""On pod templates that send to a managed collector: its NetworkPolicy lets them in. krm-otel never matches by it."""
L_OWNED_BY: Final = "otel.oaas.io/owner"
"""The class of a generated object that makes a Deployment. Upstream's CRM deletes Deployments with `oaas.io/owner` that
it has not made, and waits for all of them before a class is available."""
L_COMPONENT: Final = "component"
COMPONENT: Final = "otel"

# Annotations that krm-otel writes.
A_RECORD: Final = "oaas.io/otel-injected"
A_WRITTEN: Final = "oaas.io/otel-written"
"""A hash of what krm-otel has written into a generated object: another content was edited by hand."""
A_GENERATED_BY: Final = "oaas.io/generated-by"
GENERATOR: Final = "krm-otel"
A_ENABLED_BY: Final = "oaas.io/otel-enabled-by"
"""On generated objects: what enabled their class, where that is not the ClassRuntime itself. While that is not in the
input, krm-otel cannot know that the class is off."""
A_CONFIG_HASH: Final = "oaas.io/otel-config-hash"
"""On pod templates: a hash of the collector's config, so that a changed config rolls the pods that read it."""

TEMPLATE_MEMBERS: Final = frozenset((L_CLASS, A_CONFIG_HASH))
"""Metadata of pod templates that nothing else uses: a changed value still belongs to krm-otel."""
A_SYNC_WAVE: Final = "argocd.argoproj.io/sync-wave"
"""On generated objects: the sync wave of the workloads that need them, where those have one."""

A_NO_SUBSTITUTION: Final = "kustomize.toolkit.fluxcd.io/substitute"
"""`disabled` keeps Flux from replacing `${…}`: it would empty every `${env:…}` of a collector's config."""
L_INSTANCE: Final = "app.kubernetes.io/instance"
"""The name of a collector, on all of its objects. Argo CD writes its Application there, and kustomize may, too."""
L_COLLECTOR: Final = "otel.oaas.io/collector"
"""The name of a collector, on all of its objects and pods: what selects them, since nobody else writes it."""
GENERATED_LABELS: Final = frozenset(
    (
        *(L_OWNER, L_OWNED_BY, L_COMPONENT, L_CLASS, L_INSTANCE, L_COLLECTOR),
        *(f"app.kubernetes.io/{name}" for name in ("name", "component", "part-of", "managed-by")),
    )
)
"""Labels of generated objects and their pods, by which they are found and pruned."""
GENERATED_ANNOTATIONS: Final = frozenset(
    (A_RECORD, A_GENERATED_BY, A_WRITTEN, A_ENABLED_BY, A_CONFIG_HASH, A_SYNC_WAVE, A_NO_SUBSTITUTION)
)
"""Annotations of generated objects and their pods."""

A_LOCAL: Final = "config.kubernetes.io/local-config"
"""On objects that belong to a package and are not applied to a cluster."""

# Annotations that kpt, kustomize and Helm 4 put on items in transit. They are not on disk.
A_PATH: Final = "config.kubernetes.io/path"
A_INDEX: Final = "config.kubernetes.io/index"
A_INTERNAL_PATH: Final = "internal.config.kubernetes.io/path"
A_INTERNAL_INDEX: Final = "internal.config.kubernetes.io/index"
A_PACKAGE_PATH: Final = "internal.config.kubernetes.io/package-path"
"""In `kpt fn render`: the folder of the package or subpackage that the path of an item is relative to."""
A_PREVIOUS_NAMES: Final = "internal.config.kubernetes.io/previousNames"
A_PREVIOUS_NAMESPACES: Final = "internal.config.kubernetes.io/previousNamespaces"
TRANSIT_PREFIXES: Final = (
    "internal.config.kubernetes.io/",
    "internal.config.k8s.io/",  # kpt, where it selects
    "kustomize.config.k8s.io/",
    "config.k8s.io/",
    "postrenderer.helm.sh/",
)
TRANSIT_ANNOTATIONS: Final = frozenset((A_PATH, A_INDEX))


def in_transit(annotation: str) -> bool:
    """Whether kpt, kustomize or Helm put an annotation there, for the way through the function."""
    return annotation in TRANSIT_ANNOTATIONS or annotation.startswith(TRANSIT_PREFIXES)


# The environment of the CRM's own settings (the proposal's section 5).
E_FEATURE: Final = "OPRC_CRM_FEATURES_OTEL"
E_PREFIX: Final = "OPRC_CRM_OTEL_"

# Variables that are injected.
HELPER_PREFIX: Final = "OAAS_OTEL_"
"""Helper variables have a prefix of their own: by its own, the OpenTelemetry Operator recognizes pods that it has
instrumented."""
E_NAMESPACE: Final = "OAAS_OTEL_NAMESPACE"
E_POD_NAME: Final = "OAAS_OTEL_POD_NAME"
E_POD_UID: Final = "OAAS_OTEL_POD_UID"
E_NODE_NAME: Final = "OAAS_OTEL_NODE_NAME"
E_HOST_IP: Final = "OAAS_OTEL_HOST_IP"
E_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
E_PROTOCOL: Final = "OTEL_EXPORTER_OTLP_PROTOCOL"
E_HEADERS: Final = "OTEL_EXPORTER_OTLP_HEADERS"
E_CERTIFICATE: Final = "OTEL_EXPORTER_OTLP_CERTIFICATE"
E_CLIENT_CERTIFICATE: Final = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"
E_CLIENT_KEY: Final = "OTEL_EXPORTER_OTLP_CLIENT_KEY"
E_TEMPORALITY: Final = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
E_SERVICE_NAME: Final = "OTEL_SERVICE_NAME"
E_SAMPLER: Final = "OTEL_TRACES_SAMPLER"
E_SAMPLER_ARG: Final = "OTEL_TRACES_SAMPLER_ARG"
E_PROPAGATORS: Final = "OTEL_PROPAGATORS"
E_ATTRIBUTES: Final = "OTEL_RESOURCE_ATTRIBUTES"
E_CONFIG_FILE: Final = "OTEL_CONFIG_FILE"
E_EXPERIMENTAL_CONFIG_FILE: Final = "OTEL_EXPERIMENTAL_CONFIG_FILE"
E_DISABLED: Final = "OTEL_SDK_DISABLED"

# Volumes that krm-otel adds, and where they are mounted.
VOLUME_PREFIX: Final = "oaas-otel-"
V_TLS: Final = f"{VOLUME_PREFIX}tls"
V_COLLECTOR: Final = f"{VOLUME_PREFIX}collector"
"""The volume of the generated ConfigMap with a collector's config."""
V_COLLECTOR_TLS: Final = f"{V_COLLECTOR}-tls"
MOUNT_ROOT: Final = "/etc/oaas-otel"


def mount_path(volume: str) -> str:
    """The folder that a volume is mounted at: `oaas-otel-tls` → `/etc/oaas-otel/tls`."""
    return f"{MOUNT_ROOT}/{volume.removeprefix(VOLUME_PREFIX)}"


# --- the OpenTelemetry Operator's ------------------------------------------------------------------------------------

INJECT_PREFIX: Final = "instrumentation.opentelemetry.io/inject-"
A_INJECT_SDK: Final = f"{INJECT_PREFIX}sdk"
A_CONTAINER_NAMES: Final = "instrumentation.opentelemetry.io/container-names"
A_SIDECAR: Final = "sidecar.opentelemetry.io/inject"
