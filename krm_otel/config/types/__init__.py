"""Types of the models' fields: a plain type, and the check of its value."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Strict

from krm_otel.config.types import collector as collectorchecks
from krm_otel.config.types import sampling as scalechecks
from krm_otel.config.types import text as checks
from krm_otel.config.types.endpoint import endpoint, is_endpoint
from krm_otel.config.types.finding import fault
from krm_otel.diagnostics.rules import fields as fields_rules

PropagatorName = Literal["w3c", "b3", "b3multi", "jaeger", "xray", "ottrace", "none"]
BackendType = Literal[
    "otlp",
    "jaeger",
    "tempo",
    "prometheus",
    "prometheus-remote-write",
    "prometheus-scrape",
    "mimir",
    "loki",
    "victoriametrics",
    "victorialogs",
    "victoriatraces",
    "file",
    "debug",
]


def _exporter(value: str) -> str:
    return endpoint(value) if is_endpoint(value) else checks.backend_name(value)


def _several(value: Any) -> Any:
    """One is written without brackets."""
    return value if isinstance(value, list | tuple | dict) else (value,)


def _once_each(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value))


def _one_at_least(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise fault(
            fields_rules.EMPTY, "must not be empty: write an endpoint or a backend's name, or leave the field out"
        )
    return tuple(dict.fromkeys(value))


# Lists come out of YAML as lists; frozen models hold tuples.
LAX = Strict(False)
Share = Annotated[float, AfterValidator(checks.share)]
SamplingRate = Annotated[float, AfterValidator(checks.sampling_rate)]
Propagator = Annotated[PropagatorName, AfterValidator(checks.propagator)]
Propagators = Annotated[tuple[Propagator, ...], LAX, AfterValidator(checks.propagators)]
ServiceName = Annotated[str, AfterValidator(checks.service_name)]
Template = Annotated[str, AfterValidator(checks.template)]
AttributeKey = Annotated[str, AfterValidator(checks.attribute_key)]
Text = Annotated[str, AfterValidator(checks.printable)]
Image = Annotated[str, AfterValidator(checks.image)]
EndpointUrl = Annotated[str, AfterValidator(endpoint)]
Exporter = Annotated[str, AfterValidator(_exporter)]
ExporterList = Annotated[tuple[Exporter, ...], LAX, BeforeValidator(_several), AfterValidator(_one_at_least)]
ObjectName = Annotated[str, AfterValidator(checks.object_name)]
NamespaceName = Annotated[str, AfterValidator(checks.namespace_name)]
DataKey = Annotated[str, AfterValidator(checks.data_key)]
HeaderName = Annotated[str, AfterValidator(checks.header_name)]
BackendName = Annotated[str, AfterValidator(checks.backend_name)]
Word = Annotated[str, AfterValidator(checks.word)]
Words = Annotated[tuple[Word, ...], LAX]
AttributeKeys = Annotated[tuple[AttributeKey, ...], LAX]
LabelKey = Annotated[str, AfterValidator(checks.label_key)]
OwnLabelKey = Annotated[str, AfterValidator(checks.own_label_key)]
LabelValue = Annotated[str, AfterValidator(checks.label_value)]
ResourceAttributes = dict[AttributeKey, Text]
ApiVersion = Annotated[str, AfterValidator(checks.api_version)]
Kind = Annotated[str, AfterValidator(checks.kind)]
FieldPath = Annotated[str, AfterValidator(checks.field_path)]

# --- of managed collectors ---
Quantity = Annotated[str, BeforeValidator(collectorchecks.number_as_text), AfterValidator(collectorchecks.quantity)]
Count = Annotated[int, AfterValidator(collectorchecks.count)]
Percentage = Annotated[int, AfterValidator(collectorchecks.percentage)]
Duration = Annotated[str, BeforeValidator(collectorchecks.duration)]
Interval = Annotated[Duration, AfterValidator(collectorchecks.positive_duration)]
PrometheusDuration = Annotated[str, BeforeValidator(collectorchecks.prometheus_duration)]
Registry = Annotated[str, AfterValidator(collectorchecks.registry)]
AnnotationKey = Annotated[str, AfterValidator(collectorchecks.annotation_key)]
VariableName = Annotated[str, AfterValidator(collectorchecks.variable_name)]
RawMapping = dict[str, Any]
"""A mapping of Kubernetes' or the collector's own; nulls in it stay."""
RawConfig = Annotated[RawMapping, AfterValidator(collectorchecks.collector_config)]
Dimensions = Annotated[
    tuple[Annotated[AttributeKey, AfterValidator(scalechecks.dimension)], ...], LAX, AfterValidator(_once_each)
]
Bounds = Annotated[tuple[Duration, ...], LAX, AfterValidator(scalechecks.bounds)]
Policies = Annotated[
    tuple[Annotated[RawMapping, AfterValidator(scalechecks.policy)], ...], LAX, AfterValidator(scalechecks.policies)
]
