"""Checks of variables for SDKs: their names and values. Each returns the value, or raises a finding.

Sources: OpenTelemetry specification, `configuration/sdk-environment-variables.md`, `protocol/exporter.md`,
`metrics/sdk_exporters/otlp.md` (names and types; a language's own variables begin with `OTEL_<LANGUAGE>_`);
OpenTelemetry Operator, `validateEnv` (it takes `OTEL_` and `SPLUNK_` only).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from krm_otel import names
from krm_otel.config.types import duration
from krm_otel.config.types.finding import Finding, fault, write
from krm_otel.diagnostics.rules import sdk_variables as rules
from krm_otel.diagnostics.suggestion import listed, nearest
from krm_otel.otlp import SIGNALS, exporter_variable, signal_variable
from krm_otel.regex import regex

Check = Callable[[str], Finding | None]

PREFIXES: Final = ("OTEL_", "SPLUNK_", "ELASTIC_OTEL_")
"""OpenTelemetry's variables, and those of distributions of its SDKs."""
_OF_A_LANGUAGE: Final = regex(
    r"OTEL_(PYTHON|NODE|JS|JAVA|JAVAAGENT|INSTRUMENTATION|DOTNET|GO|PHP|RUBY|RUST|CPP|SWIFT|ERLANG|BEAM|ELIXIR|INJECTOR"
    r"|EXPERIMENTAL|SEMCONV|AWS|AZURE|GCP|RESOURCE_PROVIDERS|JMX|SPAN_METRICS)_"
)
"""Variables of languages, of instrumentations and of what is not in the specification yet."""
_NEAR: Final = 0.86
"""How like a known name a wrong one is, at least: `OTEL_METRICS_EXPORT_INTERVAL` to `OTEL_METRIC_EXPORT_INTERVAL`."""


def _finding(text: str, value: str | None) -> Finding:
    return Finding(rules.SDK_VARIABLE_VALUE, text, write(value), value)


def _milliseconds(value: str) -> Finding | None:
    if re.fullmatch(r"[0-9]+", value):
        return None
    length = duration.as_milliseconds(value)
    return _finding("must be a whole number of milliseconds", None if length is None else str(length))


def _number(value: str) -> Finding | None:
    # In seconds for Python, which takes decimals; in milliseconds for the others.
    return None if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) else _finding("must be a number", None)


def _whole(lowest: int) -> Check:
    def check(value: str) -> Finding | None:
        if re.fullmatch(r"[0-9]{1,10}", value) and lowest <= int(value) < 2**31:
            return None
        return _finding(f"must be a whole number from {lowest}", None)

    return check


def _choice(*allowed: str) -> Check:
    def check(value: str) -> Finding | None:
        if value.lower() in allowed:
            return None
        return _finding(f"must be one of {listed(allowed)}", nearest(value, allowed))

    return check


def _otlp(option: str, check: Check) -> dict[str, Check]:
    """An option of the OTLP exporter, for all signals and for each."""
    general = f"OTEL_EXPORTER_OTLP_{option}"
    return dict.fromkeys((general, *(signal_variable(general, signal) for signal in SIGNALS)), check)


KNOWN: Final[dict[str, Check | None]] = {
    "OTEL_LOG_LEVEL": None,
    **{
        f"OTEL_{processor}_{option}": check
        for processor in ("BSP", "BLRP")
        for option, check in {
            "SCHEDULE_DELAY": _milliseconds,
            "EXPORT_TIMEOUT": _milliseconds,
            "MAX_QUEUE_SIZE": _whole(1),
            "MAX_EXPORT_BATCH_SIZE": _whole(1),
        }.items()
    },
    **{
        f"OTEL_{limit}_LIMIT": _whole(0)
        for limit in (
            *("ATTRIBUTE_VALUE_LENGTH", "ATTRIBUTE_COUNT", "SPAN_ATTRIBUTE_VALUE_LENGTH", "SPAN_ATTRIBUTE_COUNT"),
            *("SPAN_EVENT_COUNT", "SPAN_LINK_COUNT", "EVENT_ATTRIBUTE_COUNT", "LINK_ATTRIBUTE_COUNT"),
            *("LOGRECORD_ATTRIBUTE_VALUE_LENGTH", "LOGRECORD_ATTRIBUTE_COUNT"),
        )
    },
    "OTEL_METRIC_EXPORT_INTERVAL": _milliseconds,
    "OTEL_METRIC_EXPORT_TIMEOUT": _milliseconds,
    "OTEL_METRICS_EXEMPLAR_FILTER": _choice("always_on", "always_off", "trace_based"),
    **_otlp("TIMEOUT", _number),
    **_otlp("COMPRESSION", _choice("gzip", "none", "deflate", "zstd")),
    **_otlp("INSECURE", _choice("true", "false")),
    names.E_TEMPORALITY: _choice("cumulative", "delta", "lowmemory"),
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": _choice(
        "explicit_bucket_histogram", "base2_exponential_bucket_histogram"
    ),
    "OTEL_EXPORTER_PROMETHEUS_HOST": None,
    "OTEL_EXPORTER_PROMETHEUS_PORT": _whole(0),
    "OTEL_EXPORTER_ZIPKIN_ENDPOINT": None,
    "OTEL_EXPORTER_ZIPKIN_TIMEOUT": _number,
    "OTEL_EXPORTER_ZIPKIN_PROTOCOL": None,
}
"""Variables of the specification → the check of their value, if it has a type."""


def _reserved_for_exporters() -> dict[str, str]:
    fixes = {
        names.E_ENDPOINT: "write collector.endpoint",
        names.E_PROTOCOL: "write telemetry.protocol",
        names.E_HEADERS: "write collector.headers, or headers of a backend",
        names.E_CERTIFICATE: "write collector.tls.ca",
        names.E_CLIENT_CERTIFICATE: "write collector.tls.client",
        names.E_CLIENT_KEY: "write collector.tls.client",
    }
    of_signals = {
        signal_variable(name, signal): f"write collector.exporters.{signal}" if name == names.E_ENDPOINT else fix
        for name, fix in fixes.items()
        for signal in SIGNALS
    }
    switches = {exporter_variable(signal): f"write telemetry.{signal}" for signal in SIGNALS}
    return {**fixes, **of_signals, **switches}


_IN_THE_MANIFEST: Final = "write it into the containers that have the file"
RESERVED: Final[dict[str, str]] = {
    **_reserved_for_exporters(),
    names.E_SERVICE_NAME: "write telemetry.service_name",
    names.E_ATTRIBUTES: "write telemetry.resource_attributes",
    names.E_PROPAGATORS: "write telemetry.propagators",
    names.E_SAMPLER: "write collector.sampling_stage, or the variable into the containers",
    names.E_SAMPLER_ARG: "write telemetry.sampling_rate",
    names.E_DISABLED: f'write enabled: false, or the annotation {names.A_INJECT}: "false"',
    names.E_CONFIG_FILE: _IN_THE_MANIFEST,
    names.E_EXPERIMENTAL_CONFIG_FILE: _IN_THE_MANIFEST,
}
"""Variables that a setting decides, or that make an SDK ignore all others → what to write instead."""


def sdk_variable_name(value: str) -> str:
    """The name of a variable that SDKs read, and that no other setting decides."""
    if value in RESERVED:
        text = "has the name of a variable that another setting decides"
        raise fault(rules.SDK_VARIABLE_RESERVED, text, fix=RESERVED[value])
    if is_known(value):
        return value
    meant = nearest(value, (*KNOWN, *RESERVED), _NEAR)
    if meant or not re.fullmatch(r"[A-Z][A-Z0-9_]*", value) or not value.startswith(PREFIXES):
        text = "is not a variable of OpenTelemetry's SDKs"
        begin = f"write a name that begins with {listed(PREFIXES)}, or the variable into the containers"
        fix = begin if meant is None else RESERVED.get(meant, write(meant))
        raise fault(rules.SDK_VARIABLE_NAME, text, fix=fix, proposed=meant if meant in KNOWN else None)
    return value


def is_known(name: str) -> bool:
    """Whether the specification has a variable, or leaves it to a language or a distribution."""
    return name in KNOWN or bool(_OF_A_LANGUAGE.match(name)) or name.startswith(PREFIXES[1:])


def sdk_value(value: Any) -> Any:
    """A number or a switch as a text: `OTEL_BSP_MAX_QUEUE_SIZE: 4096` needs no quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def value_finding(name: str, value: str) -> Finding | None:
    """What is wrong with the value of a variable; None where nothing is known to be."""
    check = KNOWN.get(name)
    return check(value) if check and value else None  # to an SDK an empty value is as absent
