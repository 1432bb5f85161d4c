"""The blocks below `spec.collector` of an OTelConfig: what a managed collector is, and what runs it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from krm_otel.config.schema.observability import Model
from krm_otel.config.types import (
    LAX,
    AnnotationKey,
    Count,
    Duration,
    LabelKey,
    LabelValue,
    NamespaceName,
    ObjectName,
    OwnLabelKey,
    Percentage,
    Quantity,
    RawMapping,
    Text,
)
from krm_otel.config.types.finding import fault

Labels = dict[LabelKey, LabelValue]
MoreLabels = dict[OwnLabelKey, LabelValue]
"""Labels that something gets beside our own."""
Annotations = dict[AnnotationKey, Text]


class ResourceList(Model):
    """Amounts of resources, as Kubernetes quantities."""

    cpu: Quantity | None = Field(None, description="Processor time, such as 100m.")
    memory: Quantity | None = Field(None, description="Memory, such as 256Mi.")
    ephemeral_storage: Quantity | None = Field(None, description="Disk of the node, such as 1Gi.")

    def by_name(self) -> dict[str, str]:
        """The amounts by Kubernetes' names, those that are said."""
        amounts = {"cpu": self.cpu, "memory": self.memory, "ephemeral-storage": self.ephemeral_storage}
        return {name: amount for name, amount in amounts.items() if amount is not None}


class ResourcesBlock(Model):
    """What a managed collector asks for, and what it may not exceed."""

    requests: ResourceList | None = Field(None, description="Requests; given, they replace the defaults as a whole.")
    limits: ResourceList | None = Field(
        None, description="Limits; given, they replace the defaults as a whole, but for memory, which always has one."
    )


class BatchBlock(Model):
    """How a managed collector gathers items before it sends them on."""

    enabled: bool | None = Field(None, description="Batch at all. Default: true.")
    send_batch_size: Count | None = Field(None, description="Items after which a batch is sent. Default: 1024.")
    send_batch_max_size: Count | None = Field(None, description="Items that a batch never exceeds. Default: no limit.")
    timeout: Duration | None = Field(None, description="Time after which a batch is sent anyway. Default: 10s.")

    @model_validator(mode="after")
    def _max_is_not_below_size(self) -> Self:
        size, highest = self.send_batch_size or 1024, self.send_batch_max_size
        if highest is not None and highest < size:
            text = f"has send_batch_max_size {highest} below send_batch_size {size}: write {size} or more"
            raise fault("batch-size", text)
        return self


class QueueBlock(Model):
    """What waits in a managed collector while a backend is away."""

    size: Count | None = Field(None, description="Batches that wait. Default: 200 in a sidecar, else 1000.")
    persistent: bool | None = Field(
        None, description="Keep them in files, so that they outlive a restart of the collector. Default: false."
    )
    size_limit: Quantity | None = Field(
        None, description="Highest size of the pod's own volume for them. Default: none."
    )
    claim: ObjectName | None = Field(
        None, description="An existing PersistentVolumeClaim for them, so that they outlive the pod, too."
    )

    @model_validator(mode="after")
    def _has_files(self) -> Self:
        if not self.persistent and (self.size_limit or self.claim):
            text = "says where batches are kept, but not that they are: write persistent: true"
            raise fault("queue-volume", text)
        if self.size_limit and self.claim:
            text = "has a claim, which has a size of its own: leave size_limit out"
            raise fault("queue-volume", text)
        return self


class AutoscalingBlock(Model):
    """How many pods a managed Deployment has, by load."""

    min_replicas: Count | None = Field(None, description="Fewest pods. Default: 1.")
    max_replicas: Count = Field(description="Most pods.")
    cpu: Percentage | None = Field(None, description="Use of the requested processor time to aim at. Default: 75.")

    @model_validator(mode="after")
    def _max_is_not_below_min(self) -> Self:
        if self.max_replicas < (self.min_replicas or 1):
            text = f"has max_replicas {self.max_replicas} below min_replicas: write {self.min_replicas} or more"
            raise fault("autoscaling-range", text)
        return self


class PodBlock(Model):
    """What the pods of a managed collector get in addition; the pods around a sidecar are yours."""

    image_pull_secrets: Annotated[tuple[ObjectName, ...], LAX] | None = Field(
        None, description="Names of the Secrets to pull the image with; pods around a sidecar get them, too."
    )
    tolerations: Annotated[tuple[RawMapping, ...], LAX] | None = Field(None, description="As in a pod.")
    node_selector: Labels | None = Field(None, description="As in a pod.")
    affinity: RawMapping | None = Field(None, description="As in a pod.")
    priority_class_name: ObjectName | None = Field(None, description="As in a pod.")
    labels: MoreLabels | None = Field(None, description="Labels of the pods, beside our own.")
    annotations: Annotations | None = Field(None, description="Annotations of the pods, beside our own.")
    security_context: RawMapping | None = Field(None, description="As in a pod; joins what we set.")


class ServiceAccountBlock(Model):
    """The ServiceAccount of a managed Deployment."""

    name: ObjectName | None = Field(None, description="An existing one; none is made then.")
    annotations: Annotations | None = Field(None, description="Annotations of the one that is made.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.name is not None and self.annotations:
            text = "has a name, so none is made that could carry annotations: leave one of the two out"
            raise fault("service-account", text)
        return self


class ScraperBlock(Model):
    """Who may fetch metrics from a managed Deployment."""

    namespace_labels: Labels | None = Field(
        None, description="Labels of its namespace. Default: the collector's own namespace."
    )
    pod_labels: Labels | None = Field(None, description="Labels of its pods. Default: every pod.")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.namespace_labels and not self.pod_labels:
            text = "must name somebody: write namespace_labels: {kubernetes.io/metadata.name: monitoring}"
            raise fault("empty", text)
        return self


class NetworkPolicyBlock(Model):
    """The NetworkPolicy of a managed Deployment."""

    enabled: bool | None = Field(None, description="Make one. Default: true.")
    mesh: Literal["none", "istio", "linkerd"] | None = Field(
        None, description="Service mesh whose tunnel port is let in, too. Default: none."
    )
    scrapers: Annotated[tuple[ScraperBlock, ...], LAX] | None = Field(
        None, description="Who may reach the metrics ports. Default: nobody."
    )


class DaemonSetBlock(Model):
    """The collectors of mode daemonset: one on each node, for all classes."""

    manage: bool | None = Field(
        None, description="Generate them here; false: something else does. One package of a cluster says true."
    )
    namespace: NamespaceName | None = Field(None, description="Where they run. Default: oaas-system.")
