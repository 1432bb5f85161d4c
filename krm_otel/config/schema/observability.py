"""The configuration that users write, as pydantic models.

Every field may be absent (None); what a field means where it is absent is decided in `compose`. Types are
strict: a string where a number belongs is a fault, since YAML's own guesses (`1.10`, `on`) are the most
common mistakes. The descriptions go into the CRD and the schemas. Sources: the proposal's section 4;
upstream's CRD for `FlatTelemetry`. What only an OTelConfig has is in `otelconfig`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from krm_otel.config.settings import Mode
from krm_otel.config.types import (
    EndpointUrl,
    ExporterList,
    Image,
    Propagators,
    ResourceAttributes,
    SamplingRate,
    ServiceName,
)
from krm_otel.otlp import Protocol


class Model(BaseModel):
    """What all configuration models have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Telemetry(Model):
    """What is recorded, and under which names."""

    traces: bool | None = Field(None, description="Export traces. Default: true.")
    metrics: bool | None = Field(None, description="Export metrics. Default: true.")
    logs: bool | None = Field(None, description="Export logs. Default: false.")
    sampling_rate: SamplingRate | None = Field(
        None, description="Share of the traces that are kept, from 0.0 to 1.0. Default: 0.1."
    )
    service_name: ServiceName | None = Field(
        None, description="Service name of every container of the class. Default: from service_name_template."
    )
    propagators: Propagators | None = Field(
        None, description="Context propagation formats, in order. Default: [w3c, b3]."
    )
    resource_attributes: ResourceAttributes | None = Field(
        None, description="Resource attributes; they merge with those of the other sources, key by key."
    )
    protocol: Protocol | None = Field(
        None,
        description="OTLP protocol where the endpoint's port does not say it (4317, 4318). Default: grpc.",
    )


class Exporters(Model):
    """Where each signal goes: an endpoint, or the name of a backend in the OTelConfig; a managed collector takes
    several, as a list."""

    traces: ExporterList | None = Field(None, description="Endpoint or backend for traces, or several.")
    metrics: ExporterList | None = Field(None, description="Endpoint or backend for metrics, or several.")
    logs: ExporterList | None = Field(None, description="Endpoint or backend for logs, or several.")


class Collector(Model):
    """The collector that the SDKs send to."""

    mode: Mode | None = Field(
        None, description="Where the collector runs; `external`: it is not ours. Default: sidecar."
    )
    image: Image | None = Field(None, description="Image of the managed collector.")
    endpoint: EndpointUrl | None = Field(
        None, description="OTLP endpoint to send to; where it is set, no managed collector is made."
    )
    exporters: Exporters | None = Field(None, description="Where each signal goes in the end.")


class Observability(Model):
    """`spec.observability` of a ClassRuntime, and an entry of `classes` in an OTelConfig."""

    enabled: bool | None = Field(None, description="Instrument the workloads of this class. Default: false.")
    telemetry: Telemetry | None = Field(None, description="What is recorded, and under which names.")
    collector: Collector | None = Field(None, description="The collector that the SDKs send to.")


class FlatTelemetry(Model):
    """`spec.telemetry` as upstream's released CRD spells the block."""

    enabled: bool | None = Field(None, description="As spec.observability.enabled.")
    traces: bool | None = Field(None, description="As telemetry.traces of spec.observability.")
    metrics: bool | None = Field(None, description="As telemetry.metrics of spec.observability.")
    logs: bool | None = Field(None, description="As telemetry.logs of spec.observability.")
    sampling_rate: SamplingRate | None = Field(None, description="As telemetry.sampling_rate of spec.observability.")
    service_name: ServiceName | None = Field(None, description="As telemetry.service_name of spec.observability.")
    resource_attributes: ResourceAttributes | None = Field(
        None, description="As telemetry.resource_attributes of spec.observability."
    )

    def nested(self) -> Observability:
        """The same in the shape of `spec.observability`."""
        values = {name: value for name in self.model_fields_set if (value := getattr(self, name)) is not None}
        enabled = values.pop("enabled", None)
        telemetry = Telemetry.model_construct(**values)
        return Observability.model_construct(enabled=enabled, telemetry=telemetry, collector=None)


class FlatForm(Observability):
    """The flat form (environment, ConfigMap) in the shape of a block, with the global switch."""

    features_otel: bool | None = Field(None, description="Global switch.")
