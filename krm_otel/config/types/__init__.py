"""Types of the models' fields: a plain type, the check of its value, and its name where the documentation has one."""

from __future__ import annotations

from typing import Any, Literal

from krm_otel.config.marks import LAX, Annotated, Before, Check, TypeName
from krm_otel.config.types import (
    collector_config,
    duration,
    endpoint,
    kubernetes,
    pod_fields,
    quantity,
    sdk_variables,
    tail_sampling,
    telemetry,
    text,
)
from krm_otel.diagnostics.rules import fields as rules

PropagatorName = Literal["w3c", "b3", "b3multi", "jaeger", "xray", "ottrace", "none"]
BackendType = Literal[
    "otlp", "jaeger", "tempo", "prometheus", "prometheus-remote-write", "prometheus-scrape", "mimir", "loki",
    "victoriametrics", "victorialogs", "victoriatraces", "file", "debug",
]  # fmt: skip


def _as_list(value: Any) -> Any:
    """A single entry needs no brackets."""
    return value if isinstance(value, list | tuple | dict) else (value,)


def _without_duplicates(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value))


# --- texts and numbers ---
Text = Annotated[str, Check(text.printable)]
Word = Annotated[str, Check(text.without_space(rules.NOT_A_WORD, "must not be empty or contain white space"))]
Words = Annotated[tuple[Word, ...], LAX, TypeName("list of patterns")]
Count = Annotated[int, Check(text.count)]
Percentage = Annotated[int, Check(text.percentage)]
Duration = Annotated[str, Before(duration.go_duration), TypeName("duration")]
Interval = Annotated[Duration, Check(duration.positive)]
Milliseconds = Annotated[Interval, Check(duration.whole_milliseconds)]
Bounds = Annotated[tuple[Duration, ...], LAX, Check(duration.bounds)]
PrometheusDuration = Annotated[str, Before(duration.prometheus_duration), TypeName("Prometheus duration")]

# --- telemetry ---
Share = Annotated[float, Check(telemetry.share)]
SamplingRate = Annotated[float, Check(telemetry.sampling_rate)]
Propagator = Annotated[PropagatorName, Check(telemetry.propagator)]
Propagators = Annotated[tuple[Propagator, ...], LAX, Check(telemetry.propagators), TypeName("list")]
ServiceName = Annotated[str, Check(telemetry.service_name)]
Template = Annotated[str, Check(telemetry.service_name_template)]
Templates = Annotated[
    tuple[Template, ...],
    LAX,
    Before(_as_list, written_as=str | tuple[str, ...]),
    Check(telemetry.not_empty),
    TypeName("string, or a list of them"),
]
AttributeKey = Annotated[str, Check(telemetry.attribute_key)]
AttributeKeys = Annotated[tuple[AttributeKey, ...], LAX, TypeName("list of keys")]
ResourceAttributes = Annotated[dict[AttributeKey, Text], Check(telemetry.resource_attributes)]
Dimensions = Annotated[tuple[Annotated[AttributeKey, Check(telemetry.dimension)], ...], LAX, Check(_without_duplicates)]

# --- destinations ---
BackendName = Annotated[str, Check(endpoint.backend_name)]
HeaderText = Annotated[str, Check(endpoint.header_text)]
HeaderName = Annotated[str, Check(endpoint.header_name)]
EndpointUrl = Annotated[str, Check(endpoint.endpoint), TypeName("URL")]
Exporter = Annotated[str, Check(endpoint.exporter)]
ExporterList = Annotated[
    tuple[Exporter, ...],
    LAX,
    Before(_as_list),
    Check(endpoint.exporters),
    TypeName("URL or name of a backend, or a list of them"),
]

# --- Kubernetes ---
ObjectName = Annotated[str, Check(kubernetes.object_name)]
NamespaceName = Annotated[str, Check(kubernetes.namespace_name)]
DataKey = Annotated[str, Check(kubernetes.data_key)]
LabelKey = Annotated[str, Check(kubernetes.label_key)]
AdditionalLabelKey = Annotated[str, Check(kubernetes.additional_label_key)]
LabelValue = Annotated[str, Check(kubernetes.label_value)]
AnnotationKey = Annotated[str, Check(kubernetes.annotation_key)]
ApiVersion = Annotated[str, Check(kubernetes.api_version)]
Cidr = Annotated[str, Check(kubernetes.cidr), TypeName("network")]
Kind = Annotated[str, Check(kubernetes.kind)]
FieldPath = Annotated[str, Check(kubernetes.field_path)]
SdkVariableName = Annotated[str, Check(sdk_variables.sdk_variable_name)]
VariableName = Annotated[str, Check(kubernetes.variable_name)]
VariablePrefix = Annotated[str, Check(kubernetes.variable_prefix)]
VolumeName = Annotated[str, Check(kubernetes.volume_name)]
FolderPath = Annotated[str, Check(kubernetes.folder_path)]
Image = Annotated[str, Check(kubernetes.image)]
Registry = Annotated[str, Check(kubernetes.registry)]
Quantity = Annotated[str, Before(text.number_as_text), Check(quantity.check), TypeName("quantity")]

# --- the collector's config ---
RawMapping = dict[str, Any]
"""A mapping that Kubernetes or the collector defines; nulls in it stay."""
SpreadConstraint = Annotated[RawMapping, Check(pod_fields.spread_constraint), TypeName("mapping")]
ScalingRules = Annotated[RawMapping, Check(pod_fields.scaling_rules), TypeName("mapping")]
DnsConfig = Annotated[RawMapping, Check(pod_fields.dns_config), TypeName("mapping")]
RawConfig = Annotated[RawMapping, Check(collector_config.collector_config)]
ProcessorConfig = Annotated[RawMapping, Check(collector_config.component_config), TypeName("mapping")]
ProcessorName = Annotated[str, Check(collector_config.component_id)]
Policies = Annotated[
    tuple[Annotated[RawMapping, Check(tail_sampling.policy)], ...],
    LAX,
    Check(tail_sampling.policies),
]
