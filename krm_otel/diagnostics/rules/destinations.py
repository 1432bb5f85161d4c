"""Where telemetry goes: endpoints, backends, protocols, certificates."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

BACKEND_ASSUMED: Final = Rule(
    "backend-assumed",
    "warning",
    "An exporter names a type of backend that nobody declared, or a backend without an endpoint; the type's "
    "usual address is assumed, and named.",
    "Write `backends.<name>.endpoint` in the OTelConfig.",
)
BACKEND_ENDPOINT: Final = Rule(
    "backend-endpoint",
    "error",
    "An exporter names a backend that has no endpoint.",
    "Give the backend an `endpoint`.",
)
BACKEND_ENDPOINT_UNUSED: Final = Rule(
    "backend-endpoint-unused",
    "warning",
    "A backend of type `debug`, `file` or `prometheus-scrape` has an endpoint; nothing connects to one.",
    "Leave it out.",
)
BACKEND_FILE: Final = Rule(
    "backend-file",
    "error",
    "A backend has `file`, and is of another type.",
    "Write `type: file`, or leave `file` out.",
)
BACKEND_NAME: Final = Rule(
    "backend-name",
    "error",
    "The name of a backend is empty, or could be taken for an endpoint.",
    "Use letters, digits, `-`, `_` and `.`.",
)
BACKEND_NOT_DIRECT: Final = Rule(
    "backend-not-direct",
    "error",
    "An exporter names a backend of a type that SDKs cannot send OTLP to.",
    "Name an OTLP endpoint, or a backend of type `otlp`; beside an `endpoint`, leave it out.",
    example="collector.exporters.traces names the backend prom of type prometheus, which SDKs cannot send to without a "
    "collector: write an OTLP endpoint, or a backend of type otlp",
)
BACKEND_SIGNAL: Final = Rule(
    "backend-signal",
    "error",
    "An exporter names a backend of a type that does not store this signal.",
    "Name another one.",
    example="collector.exporters.logs names the backend tempo of type tempo, which takes no logs: write another one",
)
BACKEND_UNKNOWN: Final = Rule(
    "backend-unknown",
    "error",
    "An exporter names a backend that no OTelConfig declares, and that is no type with a usual address.",
    "Declare it under `backends`, or write an endpoint.",
    example="collector.exporters.traces names the backend temppo, which no OTelConfig declares: write tempo",
)
ENDPOINT_CREDENTIALS: Final = Rule(
    "endpoint-credentials",
    "error",
    "An endpoint contains a user name or password.",
    "Leave it out; use `headers` with a Secret.",
    example="collector.endpoint contains a user name or password: leave it out, and write headers with a Secret "
    "instead",
)
ENDPOINT_INVALID: Final = Rule(
    "endpoint-invalid",
    "error",
    "An endpoint is not a URL that every SDK reads alike.",
    "Write `http://host:4317` or like it.",
    example="collector.endpoint must be a URL with a port from 1 to 65535: write http://collector:4317",
)
ENDPOINT_MISSING: Final = Rule(
    "endpoint-missing",
    "error",
    "`mode: external`, and a signal that is on goes nowhere.",
    "Set `collector.endpoint`, or an exporter for the signal.",
    example="collector.endpoint is missing, and mode external leaves traces and metrics without a destination: write "
    "an OTLP endpoint such as http://collector:4317, or exporters",
)
ENDPOINT_PATH: Final = Rule(
    "endpoint-path",
    "error",
    "An endpoint has a path that gRPC does not know, or ends with `/v1/<signal>`, which is appended anyway.",
    "Write what is proposed.",
    example="collector.endpoint has the path /v1/traces, which gRPC does not know: write http://otel:4317",
)
EXPORTER_MISSING: Final = Rule(
    "exporter-missing",
    "warning",
    "A signal is on and no exporter is named for it: the collector only prints a summary of what it gets.",
    "Write `collector.exporters.<signal>`; `debug` keeps it so without a warning.",
    example="telemetry.logs is on, but logs only go to the collector's own log (debug): write "
    "spec.collector.exporters.logs in the OTelConfig",
)
EXPORTERS_SEVERAL: Final = Rule(
    "exporters-several",
    "error",
    "A signal has several exporters where SDKs send directly, and an SDK sends to one.",
    "Write one of them, or use a managed collector.",
)
FILE_CLAIM: Final = Rule(
    "file-claim",
    "error",
    "A backend's files are in a claim, and several collectors would write them.",
    "Write mode `deployment` with one replica, or leave `claim` out. See [logs and "
    "files](collector.md#logs-and-files).",
)
NAME_NOT_FINAL: Final = Rule(
    "name-not-final",
    "error",
    "A name would stand in a text that nothing carries on, and `names_may_change` says that a prefix may still "
    "come: the collector's in endpoints (mode `deployment`; of the node collectors the namespace, too), that "
    "of the Operator's objects in annotations (`flavor: operator`).",
    "Run the function as a transformer of the last overlay; or write `mode: sidecar` or an endpoint, "
    "`daemonset.manage: false`, `flavor: native`.",
    example="collector.mode writes the collector's name into endpoints, and names_may_change says that a prefix may "
    "still come: run the function as a transformer of the last overlay, or write mode: sidecar, or an endpoint",
)
NAMESPACE_MISSING: Final = Rule(
    "namespace-missing",
    "error",
    "`endpoint_host` is `svc` or `fqdn`, and the class has no namespace.",
    "Write `metadata.namespace`, or `endpoint_host: short`.",
)
PROTOCOL_ASSUMED: Final = Rule(
    "protocol-assumed",
    "info",
    "An endpoint's port is neither 4317 nor 4318, so the protocol is the configured one, else gRPC.",
    "Set `telemetry.protocol` if it is the other.",
    example="collector.endpoint has no port, so grpc is used: write telemetry.protocol: http if it speaks that",
)
PROTOCOL_PORT: Final = Rule(
    "protocol-port",
    "warning",
    "The configured protocol is not that of the endpoint's port; the port decides.",
    "Mend one of the two.",
    example="telemetry.protocol is http, but the port of http://otel:4317 is that of grpc, which is used: write grpc, "
    "or an endpoint with port 4318",
)
TLS_CA: Final = Rule(
    "tls-ca",
    "error",
    "A CA comes from neither or from both of a Secret and a ConfigMap.",
    "Name one of the two.",
    example="collector.tls.ca must name either a secret or a config_map: write {config_map: <name>, key: ca.crt}",
)
TLS_WITHOUT_HTTPS: Final = Rule(
    "tls-without-https",
    "warning",
    "A backend has `tls` and an `http://` endpoint.",
    "Write `https://`.",
)
