"""The block: `spec.observability` of a ClassRuntime, its flat form, and upstream's `spec.telemetry`.

Sources: the proposal's section 4; upstream's CRD for `FlatTelemetry`.
"""

from __future__ import annotations

from typing import Any, Final

from krm_otel.config import types
from krm_otel.config.placement import Mode
from krm_otel.config.schema.collector import DEFAULT_IMAGE, Batch
from krm_otel.config.schema.credentials import SdkVariables
from krm_otel.config.schema.setting import Model, setting
from krm_otel.otlp import Protocol

_SWITCH_NOTE: Final = "It decides `OTEL_{}_EXPORTER`: `otlp` or `none`."


class SdkBatch(Model):
    """How SDKs gather spans and log records before they send them on."""

    max_queue_size: types.Count | None = setting(
        None, "Spans or log records that wait; what exceeds them is dropped.", shown="2048", example="4096"
    )
    max_export_batch_size: types.Count | None = setting(
        None, "Spans or log records in a batch, at most as many as wait.", shown="512", example="1024"
    )
    schedule_delay: types.Milliseconds | None = setting(
        None, "Time between two batches.", shown="5s; of log records 1s", example="2s"
    )
    export_timeout: types.Milliseconds | None = setting(
        None, "Time after which a batch that is not accepted is given up.", shown="30s", example="10s"
    )


class Telemetry(Model):
    """What is recorded, and under which names."""

    traces: bool = setting(True, "Export traces.", example="true", flat="traces", note=_SWITCH_NOTE.format("TRACES"))
    metrics: bool = setting(
        True, "Export metrics.", example="false", flat="metrics", note=_SWITCH_NOTE.format("METRICS")
    )
    logs: bool = setting(False, "Export logs.", example="true", flat="logs", note=_SWITCH_NOTE.format("LOGS"))
    sampling_rate: types.SamplingRate = setting(
        0.1,
        "Share of the traces that are kept, from 0.0 to 1.0.",
        example="0.05",
        flat="sampling_rate",
        note="It governs the traces that the class starts. A rate outside 0.0 to 1.0 is clamped with a warning; "
        "a rate above 0.5 gets a warning.",
    )
    service_name: types.ServiceName | None = setting(
        None,
        "Service name of every container of the class.",
        shown="from service_name_template",
        example="cart",
        note="The object store (ODGM) gets `<service_name>-odgm`.",
    )
    propagators: types.Propagators = setting(
        ("w3c", "b3"),
        "Context propagation formats, in order.",
        shown="[w3c, b3]",
        example="[w3c]",
        flat="propagators",
        note="`w3c` (written as `tracecontext,baggage`), `b3`, `b3multi`, `jaeger`, `xray`, `ottrace`, or `none` "
        "alone. Write `[w3c]` unless all your SDKs have a B3 package: see "
        "[propagators](injection.md#propagators-and-b3). OpenTelemetry has deprecated `jaeger` and `ottrace`; they get "
        "a warning.",
    )
    resource_attributes: types.ResourceAttributes = setting(
        {},
        "Resource attributes; they merge with those of the other sources, key by key.",
        example="{team: core}",
        flat="resource_attributes",
        note='Keys are printable ASCII without spaces and `= , % ; " \\`.',
    )
    protocol: Protocol = setting(
        "grpc",
        "OTLP protocol where the endpoint's port does not say it (4317, 4318).",
        example="http",
        flat="protocol",
        note="4317 is always gRPC, 4318 always HTTP.",
    )
    batch: SdkBatch = setting(
        SdkBatch(),
        "How SDKs gather spans and log records before they send them on.",
        note="Only what is written becomes variables: `OTEL_BSP_*`, and `OTEL_BLRP_*` where logs are on. A variable in "
        "`env` wins.",
    )
    env: SdkVariables = setting(
        {},
        "Further variables for SDKs; they merge with those of the other sources, by name.",
        example='{OTEL_METRIC_EXPORT_INTERVAL: "15000"}',
        note="See [variables of yours](injection.md#variables-of-yours).",
    )


_EXPORTER_NOTE: Final = (
    "A managed collector sends to all of them. Without a managed collector, SDKs send to this one in place of "
    "`endpoint`."
)


class Exporters(Model):
    """Where each signal goes: an endpoint, or the name of a backend in the OTelConfig; a managed collector takes
    several, as a list."""

    traces: types.ExporterList | None = setting(
        None,
        "Endpoint or backend for traces, or several.",
        example="[tempo, debug]",
        flat="exporter_traces",
        note=_EXPORTER_NOTE,
    )
    metrics: types.ExporterList | None = setting(
        None,
        "Endpoint or backend for metrics, or several.",
        example="https://otlp.acme.example:4318",
        flat="exporter_metrics",
        note=_EXPORTER_NOTE,
    )
    logs: types.ExporterList | None = setting(
        None,
        "Endpoint or backend for logs, or several.",
        example="http://logs.acme.example:4317",
        flat="exporter_logs",
        note=_EXPORTER_NOTE,
    )


class Collector(Model):
    """The collector that the SDKs send to."""

    mode: Mode = setting(
        "sidecar",
        "Where the collector runs; `external`: it is not ours.",
        example="deployment",
        flat="mode",
        note="See [collectors](collector.md).",
    )
    image: types.Image | None = setting(
        None,
        "Image of the managed collector.",
        example="ghcr.io/acme/otelcol:0.158.0",
        flat="collector_image",
        note=f"Without one it is `{DEFAULT_IMAGE}`. It has to be of version 0.154 or later; see "
        "[images](collector.md#images).",
    )
    endpoint: types.EndpointUrl | None = setting(
        None,
        "OTLP endpoint to send to; where it is set, no managed collector is made.",
        example="http://otel-collector.observability:4317",
        flat="endpoint",
        note="This holds in every mode. See [endpoints](#endpoints-backends-headers-tls).",
    )
    exporters: Exporters = setting(Exporters(), "Where each signal goes in the end.")


class Observability(Model):
    """`spec.observability` of a ClassRuntime, and an entry of `classes` in an OTelConfig."""

    enabled: bool = setting(
        False,
        "Instrument the workloads of this class.",
        example="true",
        flat="enabled",
        note="The [global switch](#the-global-switch) can be the default.",
    )
    telemetry: Telemetry = setting(Telemetry(), "What is recorded, and under which names.")
    collector: Collector = setting(Collector(), "The collector that the SDKs send to.")


class FlatCollector(Collector):
    """The collector of the flat form, with what only the cluster's owner says."""

    batch: Batch = setting(Batch(), "How a managed collector gathers items before it sends them on.")


class FlatForm(Observability):
    """The flat form (environment, ConfigMap) in the shape of a block, with what only the cluster's owner says."""

    collector: FlatCollector = setting(FlatCollector(), "The collector that the SDKs send to.")
    features_otel: bool | None = setting(None, "Global switch.", flat="features_otel")


def _as_in_block(name: str) -> Any:
    """A field of `telemetry` in the flat block. It has no default of its own there: another source may say it."""
    return setting(None, f"As telemetry.{name} of spec.observability.", example=Telemetry.settings[name].example)


class FlatTelemetry(Model):
    """`spec.telemetry` as upstream's released CRD spells the block."""

    enabled: bool | None = setting(None, "As spec.observability.enabled.", example="true")
    traces: bool | None = _as_in_block("traces")
    metrics: bool | None = _as_in_block("metrics")
    logs: bool | None = _as_in_block("logs")
    sampling_rate: types.SamplingRate | None = _as_in_block("sampling_rate")
    service_name: types.ServiceName | None = _as_in_block("service_name")
    resource_attributes: types.ResourceAttributes | None = _as_in_block("resource_attributes")


def nested(flat: FlatTelemetry) -> Observability:
    """The flat block in the shape of `spec.observability`."""
    values = {name: value for name in flat.written_names if (value := flat.written(name)) is not None}
    enabled = {"enabled": values.pop("enabled")} if "enabled" in values else {}
    return Observability(telemetry=Telemetry(**values), **enabled)
