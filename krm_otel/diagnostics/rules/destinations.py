"""Destinations: endpoints, backends, protocols, certificates."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

BACKEND_ASSUMED: Final = Rule(
    "backend-assumed",
    "warning",
    "An exporter names a type of backend that no OTelConfig declares, or a backend without an endpoint. krm-otel "
    "assumes the usual address of the type, which the message gives.",
    "Write `backends.<name>.endpoint` in the OTelConfig.",
    example="collector.exporters.traces[0] names tempo, which no OTelConfig declares, so "
    "http://tempo.observability.svc:4317 is assumed, the usual address of tempo: write backends.tempo.endpoint in "
    "the OTelConfig",
)
BACKEND_ENDPOINT: Final = Rule(
    "backend-endpoint",
    "error",
    "An exporter names a backend that has no endpoint.",
    "Write `backends.<name>.endpoint` in the OTelConfig.",
    example="collector.exporters.traces names the backend nowhere, which has no endpoint: write "
    "backends.nowhere.endpoint in the OTelConfig",
)
BACKEND_ENDPOINT_UNUSED: Final = Rule(
    "backend-endpoint-unused",
    "warning",
    "A backend of type `debug`, `file` or `prometheus-scrape` has an endpoint, but the collector connects to none.",
    "Leave `endpoint` out.",
    example="backends.print.endpoint is not used, since nothing connects to a backend of type debug: leave it out",
)
BACKEND_FILE: Final = Rule(
    "backend-file",
    "error",
    "A backend has `file`, but is not of type `file`.",
    "Write `type: file`, or leave `file` out.",
    example="backends.store has file, and is of type otlp: write type: file, or leave file out",
)
BACKEND_NAME: Final = Rule(
    "backend-name",
    "error",
    "The name of a backend is empty, or could be taken for an endpoint.",
    "Use letters, digits, `-`, `_` and `.`.",
    example="OPRC_CRM_OTEL_EXPORTER_LOGS must have a name of letters, digits, -, _ and . as its key",
)
BACKEND_NOT_DIRECT: Final = Rule(
    "backend-not-direct",
    "error",
    "An exporter names a backend of a type that SDKs cannot send OTLP to.",
    "Name an OTLP endpoint, or a backend of type `otlp`. With `collector.endpoint`, leave the exporter out.",
    example="collector.exporters.traces names the backend prom of type prometheus, which SDKs cannot send to without "
    "a collector: write an OTLP endpoint, or a backend of type otlp",
)
BACKEND_SIGNAL: Final = Rule(
    "backend-signal",
    "error",
    "An exporter names a backend of a type that does not store this signal.",
    "Name another backend.",
    example="collector.exporters.logs names the backend tempo of type tempo, which takes no logs: write another one",
)
BACKEND_UNKNOWN: Final = Rule(
    "backend-unknown",
    "error",
    "An exporter names a backend that no OTelConfig declares, and that is not a type with a usual address.",
    "Declare it under `backends`, or write an endpoint.",
    example="collector.exporters.traces names the backend temppo, which no OTelConfig declares: write tempo",
)
ENDPOINT_CREDENTIALS: Final = Rule(
    "endpoint-credentials",
    "error",
    "An endpoint contains a user name, a password, or a token in its path or query.",
    "Leave them out, and write `headers` with a Secret. For a token in the path, write an exporter in "
    "`collector.config` with `${env:NAME}` as its endpoint, and `collector.env.NAME` with its Secret.",
    example="collector.endpoint contains a user name or password: leave it out, and write headers with a Secret "
    "instead",
)
ENDPOINT_INVALID: Final = Rule(
    "endpoint-invalid",
    "error",
    "An endpoint is not a URL that every SDK reads in the same way.",
    "Write a URL such as `http://host:4317`.",
    example="collector.endpoint must be a URL with a port from 1 to 65535: write http://collector:4317",
)
ENDPOINT_LOOP: Final = Rule(
    "endpoint-loop",
    "error",
    "A collector sends to itself, so everything would go round for ever.",
    "Write the endpoint of a backend.",
    example="spec.collector.exporters.traces is http://$(HOST_IP):4317, the port of the node that daemonset.host_port "
    "gives to this collector itself: write the endpoint of a backend",
)
ENDPOINT_MISSING: Final = Rule(
    "endpoint-missing",
    "error",
    "With `mode: external`, a signal that is on has no destination.",
    "Set `collector.endpoint`, or an exporter for the signal.",
    example="collector.endpoint is missing, and mode external leaves traces and metrics without a destination: write "
    "an OTLP endpoint such as http://collector:4317, or exporters",
)
ENDPOINT_PATH: Final = Rule(
    "endpoint-path",
    "error",
    "An endpoint has a path, which gRPC does not support, or ends with `/v1/<signal>`, which SDKs append themselves.",
    "Write the endpoint that the message proposes.",
    example="collector.endpoint has the path /v1/traces, which gRPC does not support: write http://otel:4317",
    otherwise="warning for an endpoint in a manifest, which is kept",
)
ENDPOINT_PORT: Final = Rule(
    "endpoint-port",
    "warning",
    "A gRPC endpoint in a manifest has no port. SDKs dial 80, 443 or 4317 then, each its own.",
    "Write the port.",
    otherwise="error in `collector.config`, since the collector does not start",
    example="OTEL_EXPORTER_OTLP_ENDPOINT is http://agent, and gRPC clients disagree about the port of an endpoint "
    "without one: write http://agent:4317",
)
ENDPOINT_SIGNAL_PATH: Final = Rule(
    "endpoint-signal-path",
    "warning",
    "The HTTP endpoint of one signal has a path that does not end in `/v1/<signal>`. It is used as it is, and most "
    "backends answer 404 there.",
    "Write the complete URL, or the base as `collector.endpoint` or as the endpoint of a backend.",
    example="collector.exporters.traces ends in no /v1/traces, and traces are sent to "
    "https://otlp.vendor.example/otlp as it is: write https://otlp.vendor.example/otlp/v1/traces",
)
ENDPOINT_VARIABLE: Final = Rule(
    "endpoint-variable",
    "error",
    "An endpoint has a variable that the container does not have, or that nothing expands.",
    "Write `$(HOST_IP)` for the address of the node, which krm-otel defines, or add the variable.",
    otherwise="warning for an endpoint in a manifest, and where the variable may come by `envFrom`",
    example="the endpoint is http://$(AGENT):4317, and the container function has no variable AGENT: write $(HOST_IP) "
    "for the address of the node, or add the variable",
)
EXPORTER_MISSING: Final = Rule(
    "exporter-missing",
    "warning",
    "A signal is on and has no exporter, so the collector only prints a summary of what it receives.",
    "Write `collector.exporters.<signal>`. The exporter `debug` keeps this without a warning.",
    example="telemetry.logs is on, but logs only go to the collector's own log (debug): write "
    "spec.collector.exporters.logs in the OTelConfig",
)
EXPORTERS_SEVERAL: Final = Rule(
    "exporters-several",
    "error",
    "A signal has several exporters where SDKs send directly, but an SDK sends to one only.",
    "Write one of them, or use a managed collector.",
    example="collector.exporters.traces[0] names several exporters, and an SDK sends to one: write one of them, or "
    "use a managed collector",
)
FILE_CLAIM: Final = Rule(
    "file-claim",
    "error",
    "A backend's files are in a claim that several collectors would write.",
    "Write mode `deployment` with one replica, or leave `claim` out. See [logs and "
    "files](collector.md#logs-and-files).",
    example="collector.exporters.traces names kept, files in the claim kept, which only one collector can write: "
    "write mode: deployment with one replica, or leave backends.kept.file.claim out",
)
KEY_MISSING: Final = Rule(
    "key-missing",
    "warning",
    "The settings name a key that a Secret or ConfigMap of the input does not have, or that what makes the Secret in "
    "the cluster (a SealedSecret, an ExternalSecret, a Certificate) does not write. Pods that need it do not start.",
    "Write one of its keys, or add the key.",
    example="the settings name the key tokn of Secret vendor, which has token and tenant in this input: write token",
)
NAME_NOT_FINAL: Final = Rule(
    "name-not-final",
    "error",
    "`names_may_change` says that names may still change, but krm-otel has to write one into a text: the collector's "
    "name into endpoints (mode `deployment`, `gateway`), the namespace of the node collectors into endpoints, or the "
    "names of the Operator's objects into annotations (`flavor: operator`).",
    "Run the function as a transformer of the last overlay. Otherwise write `mode: sidecar` or an endpoint, "
    "`daemonset.manage: false`, or `flavor: native`.",
    example="collector.mode writes the collector's name into endpoints, and names_may_change says that a prefix may "
    "still come: run the function as a transformer of the last overlay, or write mode: sidecar, or an endpoint",
)
NAMESPACE_MISSING: Final = Rule(
    "namespace-missing",
    "error",
    "`endpoint_host` is `svc` or `fqdn`, but the class has no namespace.",
    "Write `metadata.namespace`, or `endpoint_host: short`.",
    example="collector.endpoint_host is svc, which needs a namespace, and this class has none: write "
    "metadata.namespace, or endpoint_host: short",
)
PROTOCOL_ASSUMED: Final = Rule(
    "protocol-assumed",
    "info",
    "The port of an endpoint is neither 4317 nor 4318, so krm-otel uses the configured protocol. Otherwise it uses "
    "HTTP for an endpoint with a path, else gRPC. For gRPC without a port it writes 443 after https, else 4317.",
    "Write `telemetry.protocol` if the endpoint uses the other protocol.",
    example="collector.endpoint has no port, so grpc at port 4317 is used: write the port if it is another one, or "
    "telemetry.protocol: http",
)
PROTOCOL_PORT: Final = Rule(
    "protocol-port",
    "warning",
    "The configured protocol does not fit the endpoint's port. The port decides.",
    "Change the protocol or the port.",
    example="telemetry.protocol is http, but the port of http://otel:4317 belongs to grpc, which is used: write grpc, "
    "or an endpoint with port 4318",
)
SERIES_TWICE: Final = Rule(
    "series-twice",
    "warning",
    "Metrics are counted twice: several replicas keep a series that a Prometheus fetches, or one Prometheus gets them "
    "on two ways. With a `deltatocumulative` processor each of several replicas adds up a part of the deltas.",
    "Write one replica, or send metrics to a backend of type `prometheus` or `prometheus-remote-write`. Name one way.",
    example="collector.exporters.metrics names prometheus-scrape, and there may be 2 replicas: each keeps the series "
    "that it has received, so sums count them more than once: write one replica, or a backend of type prometheus or "
    "prometheus-remote-write",
)
TLS_CA: Final = Rule(
    "tls-ca",
    "error",
    "A CA comes from both a Secret and a ConfigMap, or from neither.",
    "Write either `secret` or `config_map`.",
    example="collector.tls.ca must name either a secret or a config_map: write {config_map: <name>, key: ca.crt}",
)
TLS_WITHOUT_HTTPS: Final = Rule(
    "tls-without-https",
    "warning",
    "A backend has `tls`, but its endpoint begins with `http://`.",
    "Write an `https://` endpoint.",
    example="backends.plain.tls has no effect, since the endpoint is http://plain:4317: write https://plain:4317",
)
VARIABLE_SOURCE: Final = Rule(
    "variable-source",
    "error",
    "A variable of a collector has no value or several, or no key of its Secret or ConfigMap.",
    "Write the value as a text, or `{secret: <name>, key: <key>}`, or `{config_map: <name>, key: <key>}`.",
    example="collector.env.API_TOKEN must be a text, or name a secret or a config_map with a key: write {secret: "
    "<name>, key: <key>}",
)
