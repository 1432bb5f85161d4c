"""The blocks below `spec.collector` of an OTelConfig: what a managed collector is, and what runs it."""

from __future__ import annotations

from typing import Any, Final, Literal

from krm_otel.config import types
from krm_otel.config.marks import Annotated
from krm_otel.config.schema.setting import REQUIRED, Model, setting
from krm_otel.config.types.finding import fault
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import fields as field_rules

DEFAULT_IMAGE: Final = "otel/opentelemetry-collector-contrib:0.158.0"
"""The image that krm-otel writes and tests configs for; Docker Hub's, unless `image_registry` names a mirror."""

Labels = dict[types.LabelKey, types.LabelValue]
AdditionalLabels = dict[types.AdditionalLabelKey, types.LabelValue]
"""Labels in addition to those of krm-otel."""
Signal = Literal["traces", "metrics", "logs"]
Annotations = dict[types.AnnotationKey, types.Text]


class ResourceList(Model):
    """Amounts of resources, as Kubernetes quantities."""

    cpu: types.Quantity | None = setting(None, "Processor time, such as 100m.", example="50m")
    memory: types.Quantity | None = setting(None, "Memory, such as 256Mi.", example="128Mi")
    ephemeral_storage: types.Quantity | None = setting(None, "Disk of the node, such as 1Gi.", example="1Gi")

    def by_name(self) -> dict[str, str]:
        """The written amounts, by Kubernetes' names."""
        amounts = {"cpu": self.cpu, "memory": self.memory, "ephemeral-storage": self.ephemeral_storage}
        return {name: amount for name, amount in amounts.items() if amount is not None}


class ResourcesBlock(Model):
    """What a managed collector asks for, and what it may not exceed."""

    requests: ResourceList | None = setting(None, "Requests; given, they replace the defaults as a whole.")
    limits: ResourceList | None = setting(
        None, "Limits; given, they replace the defaults as a whole, but for memory, which always has one."
    )


class Batch(Model):
    """How a managed collector gathers items before it sends them on."""

    enabled: bool = setting(True, "Send items in batches.", example="false")
    send_batch_size: types.Count = setting(
        1024, "Number of items after which a batch is sent.", example="8192", flat="batch_size"
    )
    send_batch_max_size: types.Count | None = setting(
        None, "Number of items that a batch never exceeds.", shown="no limit", example="10000"
    )
    timeout: types.Duration = setting(
        "10s", "Time after which a batch is sent anyway.", example="1s", flat="batch_timeout"
    )

    def check(self) -> None:
        """The highest size is not below the usual one."""
        if self.size_conflict:
            text, fix = self.size_conflict
            raise fault(rules.BATCH_SIZE, text, fix=fix)

    @property
    def size_conflict(self) -> tuple[str, str] | None:
        """What is wrong with the two sizes, and what to write; None where they fit each other."""
        size, highest = self.send_batch_size, self.send_batch_max_size
        if highest is None or highest >= size:
            return None
        return f"has send_batch_max_size {highest} below send_batch_size {size}", f"write {size} or more"


class AdditionalProcessor(Model):
    """A processor of the collector that is added to the generated ones, at a place among them."""

    name: types.ProcessorName = setting(REQUIRED, "Its id in the collector's config.", example="filter/health")
    config: types.ProcessorConfig = setting({}, "Its config, as the collector has it.", example="{error_mode: ignore}")
    signals: Annotated[tuple[Signal, ...], types.LAX] = setting(
        (), "The signals that it is for.", shown="all that are on", example="[traces]"
    )
    before: types.ProcessorName | None = setting(
        None, "The processor that it stands before.", shown="batch; without batch, at the end", example="batch"
    )
    after: types.ProcessorName | None = setting(
        None, "The processor that it stands after, instead of `before`.", example="memory_limiter"
    )

    def check(self) -> None:
        """A processor has one place."""
        if self.before is not None and self.after is not None:
            text = "has both before and after, and a processor has one place"
            raise fault(rules.PROCESSOR_PLACE, text, fix="leave one of the two out")


AdditionalProcessors = Annotated[tuple[AdditionalProcessor, ...], types.LAX]


class Queue(Model):
    """The batches that wait in a managed collector while a backend is away."""

    size: types.Count | None = setting(
        None,
        "Number of batches that wait, for each exporter.",
        shown="200 in a sidecar, otherwise 1000",
        example="5000",
    )
    persistent: bool = setting(
        False,
        "Keep them in files, so that they outlive a restart of the collector.",
        example="true",
        note="See [the queue](collector.md#the-queue).",
    )
    size_limit: types.Quantity | None = setting(
        None, "Highest size of the pod's own volume for them.", shown="none", example="1Gi"
    )
    claim: types.ObjectName | None = setting(
        None,
        "An existing PersistentVolumeClaim for them, so that they outlive the pod, too.",
        example="otel-queue",
        note="Only for a Deployment of one replica.",
    )

    def check(self) -> None:
        """What says where batches are kept needs files, and one place for them."""
        if not self.persistent and (self.size_limit or self.claim):
            text = "says where batches are kept, but persistent is not true"
            raise fault(rules.QUEUE_VOLUME, text, fix="write persistent: true")
        if self.size_limit and self.claim:
            text = "has a claim, which has a size of its own"
            raise fault(rules.QUEUE_VOLUME, text, fix="leave size_limit out")


class Volume(Model):
    """A volume of a managed collector, for files that `config` names."""

    path: types.FolderPath = setting(REQUIRED, "Folder of the container that has the files.", example="/etc/certs")
    secret: types.ObjectName | None = setting(
        None, "A Secret in the namespace of the pods, whose keys are files.", example="vendor-certs"
    )
    config_map: types.ObjectName | None = setting(
        None, "A ConfigMap in the namespace of the pods, whose keys are files.", example="scrape-targets"
    )
    claim: types.ObjectName | None = setting(None, "An existing PersistentVolumeClaim.", example="otel-data")
    empty_dir: bool = setting(False, "An empty folder, which ends with the pod.", example="true")

    def check(self) -> None:
        """A volume has one source."""
        if sum(map(bool, (self.secret, self.config_map, self.claim, self.empty_dir))) != 1:
            text = "must have one of secret, config_map, claim and empty_dir"
            raise fault(rules.VOLUME_SOURCE, text, fix="write secret: <name>")

    def source(self) -> dict[str, Any]:
        """The source of the volume, as in a pod."""
        if self.secret:
            return {"secret": {"secretName": self.secret}}
        if self.config_map:
            return {"configMap": {"name": self.config_map}}
        return {"persistentVolumeClaim": {"claimName": self.claim}} if self.claim else {"emptyDir": {}}


class Pod(Model):
    """What the pods of a managed collector get in addition; the pods around a sidecar are yours."""

    image_pull_secrets: Annotated[tuple[types.ObjectName, ...], types.LAX] = setting(
        (),
        "Names of the Secrets to pull the image with; pods around a sidecar get them, too.",
        example="[registry]",
        note="Everything else in `pod` is for collectors with pods of their own.",
    )
    tolerations: Annotated[tuple[types.RawMapping, ...], types.LAX] = setting(
        (), "As in a pod.", example="[{key: infra, operator: Exists}]"
    )
    node_selector: Labels = setting({}, "As in a pod.", example="{pool: infra}")
    affinity: types.RawMapping = setting({}, "As in a pod.", example="{nodeAffinity: {}}")
    topology_spread_constraints: Annotated[tuple[types.SpreadConstraint, ...], types.LAX] = setting(
        (),
        "As in a pod; a constraint without `labelSelector` counts the collector's own pods.",
        shown="over nodes, where there may be several replicas",
        example="[{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway}]",
    )
    priority_class_name: types.ObjectName | None = setting(None, "As in a pod.", example="system-cluster-critical")
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] | None = setting(
        None, "As in a pod.", shown="ClusterFirst", example='"None"', note="`None` needs `dns_config.nameservers`."
    )
    dns_config: types.DnsConfig = setting({}, "As in a pod.", example='{options: [{name: ndots, value: "2"}]}')
    termination_grace_period_seconds: types.Count = setting(
        30,
        "As in a pod: the time in which a collector that ends can send what it has.",
        example="60",
    )
    labels: AdditionalLabels = setting(
        {},
        "Labels of the pods, in addition to those of krm-otel.",
        example="{team: core}",
        note="See [what is generated](collector.md#what-is-generated).",
    )
    annotations: Annotations = setting(
        {},
        "Annotations of the pods, in addition to those of krm-otel, which win.",
        example='{sidecar.istio.io/inject: "false"}',
    )
    security_context: types.RawMapping = setting(
        {}, "As in a pod; it is merged into the one of krm-otel.", example="{fsGroup: 10001}"
    )

    def check(self) -> None:
        """Without the cluster's DNS servers, a pod needs others."""
        if self.dns_policy == "None" and not self.dns_config.get("nameservers"):
            text = "has dns_policy None, with which a pod knows no DNS server"
            raise fault(field_rules.EMPTY, text, fix="write dns_config: {nameservers: [<address>]}")


class ServiceAccount(Model):
    """The ServiceAccount of a managed Deployment."""

    name: types.ObjectName | None = setting(
        None, "An existing ServiceAccount; without one, krm-otel generates one.", example="collector"
    )
    annotations: Annotations = setting(
        {}, "Annotations of the generated one.", example="{acme.example/role: telemetry}"
    )

    def check(self) -> None:
        """A ServiceAccount is an existing one, or a generated one."""
        if self.name is not None and self.annotations:
            text = "has a name, so krm-otel generates no ServiceAccount that could have annotations"
            raise fault(rules.SERVICE_ACCOUNT, text, fix="leave one of the two out")


class Scraper(Model):
    """Who may fetch metrics from a managed Deployment."""

    namespace_labels: Labels = setting(
        {},
        "Labels of its namespace.",
        shown="the collector's own namespace",
        example="{kubernetes.io/metadata.name: monitoring}",
    )
    pod_labels: Labels = setting({}, "Labels of its pods.", shown="every pod", example="{app: prometheus}")

    def check(self) -> None:
        """A scraper has labels."""
        if not self.namespace_labels and not self.pod_labels:
            fix = "write namespace_labels: {kubernetes.io/metadata.name: monitoring}"
            raise fault(field_rules.EMPTY, "must have labels of a namespace or of pods", fix=fix)


class NetworkPolicy(Model):
    """The NetworkPolicy of a managed Deployment."""

    enabled: bool = setting(True, "Generate one.", example="false")
    mesh: Literal["none", "istio", "linkerd"] = setting(
        "none",
        "Service mesh whose tunnel port is let in, too.",
        example="istio",
        note="15008 for Istio, 4143 for Linkerd.",
    )
    scrapers: Annotated[tuple[Scraper, ...], types.LAX] = setting(
        (), "Who may reach the metrics ports.", shown="nobody"
    )
    cidrs: Annotated[tuple[types.Cidr, ...], types.LAX] = setting(
        (),
        "Networks that may send, in addition to the class's own pods.",
        example="[10.0.0.0/16]",
        note="Pods in the host's network send from the addresses of nodes.",
    )


class DaemonSet(Model):
    """The collectors of mode daemonset: one on each node, for all classes."""

    manage: bool | None = setting(
        None,
        "Generate them here; false: something else does. One package of a cluster says true.",
        example="true",
        note="See [on every node](collector.md#on-every-node).",
    )
    namespace: types.NamespaceName = setting(
        "oaas-system", "Where they run; every package says the same.", example="telemetry"
    )
    host_port: bool = setting(
        False,
        "Open the OTLP ports on the node, and have SDKs send to the node's address; every package says the same.",
        example="true",
        note="Without it SDKs send to a Service that stays on the node.",
    )
