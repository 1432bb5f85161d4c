"""Rules for what SDKs read: further variables of `telemetry.env`, and SDK profiles."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

SDK_BATCH_SIZE: Final = Rule(
    "sdk-batch-size",
    "error",
    "A batch of spans or log records would be larger than the queue that it comes from. The specification forbids it; "
    "SDKs such as Python's fail at start.",
    "Write a batch size that is not above the queue's. Without values they are 512 and 2048.",
    example="telemetry.env.OTEL_BLRP_MAX_EXPORT_BATCH_SIZE makes batches of 1024 from a queue of 1000: write 1000 or "
    "less",
)
SDK_CANNOT_EXPRESS: Final = Rule(
    "sdk-cannot-express",
    "warning",
    "A setting of the class has no effect on a container, because its SDK reads no variable for it. The message names "
    "the SDK profile of the container.",
    "Write what the message proposes. If the container has another SDK, write the annotation `oaas.io/otel-sdk`, or an "
    "entry in `spec.sdk.select` of the OTelConfig.",
    example="odgm has the SDK profile oaas-rs, which reads no OTEL_PROPAGATORS, so b3 has no effect: write "
    "propagators: [w3c]",
)
SDK_PROFILE_UNKNOWN: Final = Rule(
    "sdk-profile-unknown",
    "error",
    "The annotation `oaas.io/otel-sdk`, or an entry in `sdk.select` of the OTelConfig, names an SDK profile that does "
    "not exist.",
    "Correct the name, or add the profile to `spec.sdk.profiles`.",
    example="oaas.io/otel-sdk is oaas_rs, and the SDK profiles are spec, oaas-rs and none: write oaas-rs",
)
SDK_SAMPLER_UNKNOWN: Final = Rule(
    "sdk-sampler-unknown",
    "warning",
    "The manifest sets `OTEL_TRACES_SAMPLER` to a value that the container's SDK does not know, so that it samples in "
    "another way.",
    "Write the sampler that the message names, or remove the variable.",
    example="OTEL_TRACES_SAMPLER is parentbased_traceidratio, which the SDK (profile oaas-rs) does not know and "
    "reads as always_on: write traceidratio",
)
SDK_SPANS_FILTERED: Final = Rule(
    "sdk-spans-filtered",
    "info",
    "The manifest sets a variable that filters log lines, and the container's SDK filters spans by it, too: above "
    "`info` there are none.",
    "Write `info`, or a filter for single modules.",
    example="RUST_LOG is warn, and the SDK (profile oaas-rs) filters spans by it, so there are none: write info",
)
SDK_VARIABLE_NAME: Final = Rule(
    "sdk-variable-name",
    "error",
    "A key of `telemetry.env` is no variable that SDKs read.",
    "Write the name that the message proposes. A variable of your application belongs in its manifest.",
    example="telemetry.env.OTEL_METRICS_EXPORT_INTERVAL is not a variable of OpenTelemetry's SDKs: write "
    "OTEL_METRIC_EXPORT_INTERVAL",
)
SDK_VARIABLE_RESERVED: Final = Rule(
    "sdk-variable-reserved",
    "error",
    "A key of `telemetry.env` is a variable that another setting decides, or that makes SDKs ignore all others.",
    "Write the setting that the message names.",
    example="telemetry.env.OTEL_SERVICE_NAME has the name of a variable that another setting decides: write "
    "telemetry.service_name",
)
SDK_VARIABLE_UNKNOWN: Final = Rule(
    "sdk-variable-unknown",
    "warning",
    "A key of `telemetry.env` begins with `OTEL_`, but is neither in OpenTelemetry's specification nor a variable of a "
    "language. It is set as it is.",
    "Compare the name with the documentation of your SDK.",
    example="telemetry.env.OTEL_FEATURE_OF_TOMORROW is not a variable of OpenTelemetry's specification, and is set as "
    "it is",
)
SDK_VARIABLE_VALUE: Final = Rule(
    "sdk-variable-value",
    "error",
    "A value of `telemetry.env` is not of the type that the specification gives the variable; SDKs ignore it.",
    "Write a value of that type. Times are in milliseconds, without a unit.",
    example="telemetry.env.OTEL_METRIC_EXPORT_TIMEOUT must be a whole number of milliseconds: write 15000",
)
SDK_WITHOUT_TELEMETRY: Final = Rule(
    "sdk-without-telemetry",
    "info",
    "A container of the class is known to have no telemetry, as the router of oaas-rs, so krm-otel injects nothing.",
    "Nothing. If it has telemetry, write the annotation `oaas.io/otel-sdk: spec`.",
    example="router has no telemetry (SDK profile none), so nothing is injected into it: write "
    "oaas.io/otel-sdk: spec if it has",
)
