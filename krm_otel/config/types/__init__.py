"""Types of the models' fields: a plain type, the check of its value, and its name where the documentation has one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Strict

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


class TypeName(str):
    """The name of a type in the documentation, in its metadata. Types without one are named after what they are."""

    __slots__ = ()


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


# Lists come out of YAML as lists; frozen models have tuples.
LAX = Strict(False)

# --- texts and numbers ---
Text = Annotated[str, AfterValidator(text.printable)]
Word = Annotated[str, AfterValidator(text.without_space(rules.NOT_A_WORD, "must not be empty or contain white space"))]
Words = Annotated[tuple[Word, ...], LAX, TypeName("list of patterns")]
Count = Annotated[int, AfterValidator(text.count)]
Percentage = Annotated[int, AfterValidator(text.percentage)]
Duration = Annotated[str, BeforeValidator(duration.go_duration), TypeName("duration")]
Interval = Annotated[Duration, AfterValidator(duration.positive)]
Milliseconds = Annotated[Interval, AfterValidator(duration.whole_milliseconds)]
Bounds = Annotated[tuple[Duration, ...], LAX, AfterValidator(duration.bounds)]
PrometheusDuration = Annotated[str, BeforeValidator(duration.prometheus_duration), TypeName("Prometheus duration")]

# --- telemetry ---
Share = Annotated[float, AfterValidator(telemetry.share)]
SamplingRate = Annotated[float, AfterValidator(telemetry.sampling_rate)]
Propagator = Annotated[PropagatorName, AfterValidator(telemetry.propagator)]
Propagators = Annotated[tuple[Propagator, ...], LAX, AfterValidator(telemetry.propagators), TypeName("list")]
ServiceName = Annotated[str, AfterValidator(telemetry.service_name)]
Template = Annotated[str, AfterValidator(telemetry.service_name_template)]
Templates = Annotated[
    tuple[Template, ...],
    LAX,
    BeforeValidator(_as_list, json_schema_input_type=str | tuple[str, ...]),
    AfterValidator(telemetry.not_empty),
    TypeName("string, or a list of them"),
]
AttributeKey = Annotated[str, AfterValidator(telemetry.attribute_key)]
AttributeKeys = Annotated[tuple[AttributeKey, ...], LAX, TypeName("list of keys")]
ResourceAttributes = Annotated[dict[AttributeKey, Text], AfterValidator(telemetry.resource_attributes)]
Dimensions = Annotated[
    tuple[Annotated[AttributeKey, AfterValidator(telemetry.dimension)], ...], LAX, AfterValidator(_without_duplicates)
]

# --- destinations ---
BackendName = Annotated[str, AfterValidator(endpoint.backend_name)]
HeaderText = Annotated[str, AfterValidator(endpoint.header_text)]
HeaderName = Annotated[str, AfterValidator(endpoint.header_name)]
EndpointUrl = Annotated[str, AfterValidator(endpoint.endpoint), TypeName("URL")]
Exporter = Annotated[str, AfterValidator(endpoint.exporter)]
ExporterList = Annotated[
    tuple[Exporter, ...],
    LAX,
    BeforeValidator(_as_list),
    AfterValidator(endpoint.exporters),
    TypeName("URL or name of a backend, or a list of them"),
]

# --- Kubernetes ---
ObjectName = Annotated[str, AfterValidator(kubernetes.object_name)]
NamespaceName = Annotated[str, AfterValidator(kubernetes.namespace_name)]
DataKey = Annotated[str, AfterValidator(kubernetes.data_key)]
LabelKey = Annotated[str, AfterValidator(kubernetes.label_key)]
AdditionalLabelKey = Annotated[str, AfterValidator(kubernetes.additional_label_key)]
LabelValue = Annotated[str, AfterValidator(kubernetes.label_value)]
AnnotationKey = Annotated[str, AfterValidator(kubernetes.annotation_key)]
ApiVersion = Annotated[str, AfterValidator(kubernetes.api_version)]
Cidr = Annotated[str, AfterValidator(kubernetes.cidr), TypeName("network")]
Kind = Annotated[str, AfterValidator(kubernetes.kind)]
FieldPath = Annotated[str, AfterValidator(kubernetes.field_path)]
SdkVariableName = Annotated[str, AfterValidator(sdk_variables.sdk_variable_name)]
VariableName = Annotated[str, AfterValidator(kubernetes.variable_name)]
VariablePrefix = Annotated[str, AfterValidator(kubernetes.variable_prefix)]
VolumeName = Annotated[str, AfterValidator(kubernetes.volume_name)]
FolderPath = Annotated[str, AfterValidator(kubernetes.folder_path)]
Image = Annotated[str, AfterValidator(kubernetes.image)]
Registry = Annotated[str, AfterValidator(kubernetes.registry)]
Quantity = Annotated[str, BeforeValidator(text.number_as_text), AfterValidator(quantity.check), TypeName("quantity")]

# --- the collector's config ---
RawMapping = dict[str, Any]
"""A mapping that Kubernetes or the collector defines; nulls in it stay."""
SpreadConstraint = Annotated[RawMapping, AfterValidator(pod_fields.spread_constraint), TypeName("mapping")]
ScalingRules = Annotated[RawMapping, AfterValidator(pod_fields.scaling_rules), TypeName("mapping")]
DnsConfig = Annotated[RawMapping, AfterValidator(pod_fields.dns_config), TypeName("mapping")]
RawConfig = Annotated[RawMapping, AfterValidator(collector_config.collector_config)]
ProcessorConfig = Annotated[RawMapping, AfterValidator(collector_config.component_config), TypeName("mapping")]
ProcessorName = Annotated[str, AfterValidator(collector_config.component_id)]
Policies = Annotated[
    tuple[Annotated[RawMapping, AfterValidator(tail_sampling.policy)], ...],
    LAX,
    AfterValidator(tail_sampling.policies),
]
