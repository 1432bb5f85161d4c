"""Rules for `telemetry.env`: further variables for SDKs."""

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
