"""Parts that users merge into a collector's config, and what krm-otel says: one table for the unit tests, which look at
the words, and for the tests with the real collector, which tries what is said."""

from __future__ import annotations

from dataclasses import dataclass

from krm_otel.collector.config.checks import check_config
from krm_otel.collector.consistency import check_consistency
from krm_otel.collector.consistency.unused import unused_components
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules.merged_config import CONFIG_LEFT_OUT
from tests.support.collector import class_and_settings, node_collectors_and_settings

ERRORS = (
    *("collector-config", "config-file", "config-port-taken", "config-reference", "config-rights"),
    *("config-unreachable", "endpoint-port"),
)
"""Codes of faults that a run of the collector shows."""


@dataclass(frozen=True)
class Own:
    """One part.

    Args:
        name: of the test.
        config: `collector.config`, as YAML in one line.
        expected: code → a part of the message; empty: krm-otel says nothing.
        modes: where it is merged in.
        spec: further fields of `collector`.
    """

    name: str
    config: str
    expected: tuple[tuple[str, str], ...] = ()
    modes: tuple[str, ...] = ("sidecar", "deployment", "daemonset")
    spec: str = ""


DEPLOYMENT = ("deployment",)
SHARED = ("deployment", "daemonset")
SIDECAR = ("sidecar",)


def _otlp(protocols: str) -> str:
    return f"{{receivers: {{otlp: {{protocols: {protocols}}}}}}}"


def _more(receiver: str, name: str = "otlp/2") -> str:
    return f"{{receivers: {{{name}: {receiver}}}, service: {{pipelines: {{traces: {{receivers: [otlp, {name}]}}}}}}}}"


def _sends(exporter: str, body: str) -> str:
    return f"{{exporters: {{{exporter}: {body}}}, service: {{pipelines: {{traces: {{exporters: [{exporter}]}}}}}}}}"


UNREACHABLE = "config-unreachable"
OWN_CONFIGS = (
    # --- what the manifest follows ---
    Own("nothing", "{}"),
    Own("grpc on another port", _otlp('{grpc: {endpoint: "0.0.0.0:5317"}}'), modes=SHARED),
    Own("both on other ports", _otlp('{grpc: {endpoint: ":5317"}, http: {endpoint: ":5318"}}'), modes=SHARED),
    Own("grpc of a sidecar on another port", _otlp('{grpc: {endpoint: "127.0.0.1:5317"}}'), modes=SIDECAR),
    Own("grpc of a sidecar by name", _otlp('{grpc: {endpoint: "localhost:4317"}}'), modes=SIDECAR),
    Own("without http", _otlp("{http: {enabled: false}}"), modes=("sidecar", "deployment")),
    Own("a further receiver", _more('{protocols: {http: {endpoint: "${env:MY_POD_IP}:9411"}}}'), modes=SHARED),
    Own("a further receiver of a sidecar", _more('{protocols: {http: {endpoint: "localhost:9411"}}}'), modes=SIDECAR),
    Own(
        "health check elsewhere",
        '{extensions: {health_check: {endpoint: "0.0.0.0:13134", path: /health/status}}}',
    ),
    Own(
        "another health check",
        '{extensions: {health_check/own: {endpoint: ":13135"}}, service: {extensions: [health_check/own]}}',
    ),
    Own(
        "own metrics elsewhere",
        "{service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9888}}}}]}}}}",
    ),
    Own("own metrics off", "{service: {telemetry: {metrics: {level: none}}}}"),
    Own("scraped elsewhere", '{exporters: {prometheus/scraped: {endpoint: "0.0.0.0:9464"}}}', modes=SHARED),
    Own("zpages", "{extensions: {zpages: }, service: {extensions: [health_check, zpages]}}"),
    Own("its default", _otlp('{grpc: {endpoint: "${env:NOWHERE:-0.0.0.0}:4317"}}'), modes=SHARED),
    # --- what nobody reaches ---
    Own(
        "no health check",
        "{extensions: {zpages: }, service: {extensions: [zpages]}}",
        (
            (
                UNREACHABLE,
                "collector.config.service.extensions leaves out health_check, which the collector's probes ask: "
                "write [health_check, zpages]",
            ),
        ),
    ),
    Own(
        "no extensions",
        "{service: {extensions: []}}",
        ((UNREACHABLE, "service.extensions leaves out health_check"),),
    ),
    Own(
        "health check on the loopback",
        '{extensions: {health_check: {endpoint: "localhost:13133"}}}',
        (
            (
                UNREACHABLE,
                "extensions.health_check.endpoint is localhost:13133, where the kubelet's probes cannot reach it",
            ),
        ),
    ),
    Own(
        "health check by default",
        "{extensions: {health_check: }}",
        ((UNREACHABLE, "extensions.health_check (endpoint) is localhost:13133, where the kubelet's probes cannot"),),
    ),
    Own(
        "health check without a path",
        "{extensions: {health_check: {path: health}}}",
        ((UNREACHABLE, "extensions.health_check.path is health, which is no path that a probe can ask"),),
    ),
    Own(
        "receiver on the loopback",
        _otlp('{grpc: {endpoint: "localhost:4317"}}'),
        ((UNREACHABLE, "grpc.endpoint is localhost:4317, where SDKs cannot reach it: write [${env:MY_POD_IP}]:4317"),),
        modes=SHARED,
    ),
    Own(
        "protocol by default",
        _otlp("{grpc: }"),
        ((UNREACHABLE, "protocols.grpc (endpoint) is localhost:4317, where SDKs cannot reach it"),),
        modes=SHARED,
    ),
    Own(
        "sidecar on the pod's address alone",
        _otlp('{grpc: {endpoint: "${env:MY_POD_IP}:4317"}}'),
        ((UNREACHABLE, "is ${env:MY_POD_IP}:4317, and the SDKs of the pod send to 127.0.0.1: write 127.0.0.1:4317"),),
        modes=SIDECAR,
    ),
    Own(
        "address of another host",
        _otlp('{grpc: {endpoint: "10.9.8.7:4317"}}'),
        ((UNREACHABLE, "is 10.9.8.7:4317, which is no address of the pod"),),
    ),
    Own("no port", _otlp('{grpc: {endpoint: "0.0.0.0"}}'), ((UNREACHABLE, "in which krm-otel finds no port number"),)),
    Own(
        "no grpc",
        _otlp("{grpc: {enabled: false}}"),
        ((UNREACHABLE, "receivers.otlp.protocols has no grpc on a port, to which SDKs send"),),
    ),
    Own(
        "receiver with TLS",
        _otlp("{grpc: {tls: {cert_pem: x, key_pem: '${env:HOME}'}}}"),
        ((UNREACHABLE, "grpc.tls makes the receiver speak TLS, and the endpoint that SDKs get is plain http"),),
    ),
    Own(
        "a signal without the receiver",
        '{receivers: {otlp/2: {protocols: {grpc: {endpoint: "127.0.0.1:5317"}}}}, '
        "service: {pipelines: {traces: {receivers: [otlp/2]}}}}",
        (
            (
                UNREACHABLE,
                "traces.receivers leaves out otlp, so the collector refuses the traces that SDKs send: write "
                "[otlp, otlp/2]",
            ),
        ),
        modes=SIDECAR,
    ),
    Own(
        "no receiver of OTLP",
        "{receivers: {nop: }, service: {pipelines: {traces: {receivers: [nop]}, metrics: {receivers: [nop]}}}}",
        ((UNREACHABLE, "service.pipelines has no pipeline with an otlp receiver, and SDKs send OTLP"),),
        modes=("sidecar", "deployment"),
    ),
    Own(
        "a further receiver on the loopback",
        _more('{protocols: {http: {endpoint: "localhost:9411"}}}'),
        (
            (
                UNREACHABLE,
                "http.endpoint is localhost:9411, where senders cannot reach it: write [${env:MY_POD_IP}]:9411",
            ),
        ),
        modes=SHARED,
    ),
    Own(
        "open sidecar",
        _otlp('{grpc: {endpoint: "0.0.0.0:4317"}}'),
        (("config-open", "is 0.0.0.0:4317: other pods can send to this sidecar, too"),),
        modes=SIDECAR,
    ),
    # --- ports ---
    Own(
        "one port twice",
        _more('{protocols: {http: {endpoint: "${env:MY_POD_IP}:4318"}}}'),
        (("config-port-taken", "http.endpoint is ${env:MY_POD_IP}:4318, and otlp listens on port 4318, too"),),
        modes=SHARED,
    ),
    Own(
        "the port of the health check",
        '{exporters: {prometheus/scraped: {endpoint: ":13133"}}}',
        (
            (
                "config-port-taken",
                "[prometheus/scraped].endpoint is :13133, and health_check listens on port 13133, too",
            ),
        ),
        modes=DEPLOYMENT,
    ),
    # --- components ---
    Own(
        "an authenticator that is off",
        "{extensions: {bearertokenauth: {token: '${env:TOKEN}'}}, exporters: {otlp_http/vendor: {endpoint: "
        "'https://vendor', auth: {authenticator: bearertokenauth}}}, "
        "service: {pipelines: {traces: {exporters: [otlp_http/vendor]}}}}",
        (
            (
                "collector-config",
                "authenticator names bearertokenauth, which service.extensions leaves out: write "
                "service.extensions: [health_check, bearertokenauth]",
            ),
        ),
        spec="env: {TOKEN: {secret: s, key: k}}",
    ),
    Own(
        "half a connector",
        "{connectors: {forward: }, service: {pipelines: {traces: {exporters: [forward]}}}}",
        (
            (
                "collector-config",
                "connectors.forward is among the exporters of a pipeline, and among the receivers of none",
            ),
        ),
    ),
    Own(
        "a component that asks the API server",
        "{processors: {k8s_attributes: }, service: {pipelines: {traces: {processors: [k8s_attributes]}}}}",
        (
            (
                "config-rights",
                "processors.k8s_attributes asks the API server, and the collector's ServiceAccount has no",
            ),
        ),
        modes=SHARED,
    ),
    Own(
        "unused", "{exporters: {debug/own: }}", (("component-unused", "exporters[debug/own] is not in the pipelines"),)
    ),
    Own(
        "a signal that an exporter does not know",
        "{service: {pipelines: {traces: {exporters: [prometheus/scraped]}}}}",
        (("collector-config", "traces.exporters[0] is prometheus/scraped, which knows metrics only"),),
    ),
    Own(
        "a signal that a processor does not know",
        "{processors: {tail_sampling: {policies: [{name: a, type: always_sample}]}}, "
        "service: {pipelines: {metrics: {processors: [memory_limiter, tail_sampling]}}}}",
        (("collector-config", "metrics.processors[1] is tail_sampling, which knows traces only"),),
    ),
    Own(
        "a health check of the other generation",
        "{extensions: {health_check: {use_v2: true, http: {endpoint: ':13133'}}}}",
        ((UNREACHABLE, "health_check has the field use_v2 of healthcheckv2, with which health_check does not start"),),
    ),
    Own(
        "a limit in quotes",
        "{processors: {memory_limiter: {limit_mib: '100'}}}",
        (("config-overruled", "limit_mib is the text 100, and the collector reads numbers only"),),
    ),
    Own(
        "a limit in a variable",
        "{processors: {memory_limiter: {limit_mib: '${env:LIMIT:-100}'}}}",
    ),
    # --- references and files ---
    Own("a variable of the pod", '{exporters: {debug: {verbosity: "${env:MY_POD_NAME:-basic}"}}}'),
    Own(
        "a file that nothing mounts",
        '{exporters: {debug: {verbosity: "${file:/etc/verbosity}"}}}',
        (("config-reference", "verbosity refers to /etc/verbosity, a file that nothing mounts"),),
    ),
    Own(
        "a provider that nobody has",
        '{exporters: {debug: {verbosity: "${VERBOSITY:-basic}"}}}',
        (("config-reference", "knows no provider VERBOSITY: write ${env:VERBOSITY:-basic}"),),
    ),
    Own(
        "a name with a space",
        '{exporters: {debug: {verbosity: "${env:VERBOSITY }"}}}',
        (("config-reference", "has ${env:VERBOSITY }, which names no variable"),),
    ),
    Own(
        "an authority that nothing mounts",
        "{exporters: {otlp_http/vendor: {endpoint: 'https://vendor', tls: {ca_file: /etc/ca.crt}}}, "
        "service: {pipelines: {traces: {exporters: [otlp_http/vendor]}}}}",
        (("config-file", "tls.ca_file is /etc/ca.crt, a file that nothing mounts into the collector's container"),),
    ),
    Own(
        "a file in a read-only file system",
        "{exporters: {file/own: {path: /nowhere/own.json}}, service: {pipelines: {traces: {exporters: [file/own]}}}}",
        (
            (
                "config-file",
                "[file/own].path is /nowhere/own.json, and the collector's file system is read-only there",
            ),
        ),
    ),
    Own(
        "a storage in a read-only file system",
        "{extensions: {file_storage: {directory: /nowhere}}, service: {extensions: [health_check, file_storage]}}",
        (("config-file", "file_storage.directory is /nowhere, and the collector's file system is read-only there"),),
    ),
    # --- limits ---
    Own("a percentage", "{processors: {memory_limiter: {limit_percentage: 75, spike_limit_percentage: 15}}}"),
    Own("a lower limit", "{processors: {memory_limiter: {limit_mib: 64}}}"),
    Own(
        "a spike above the limit",
        "{processors: {memory_limiter: {limit_mib: 64, spike_limit_mib: 65}}}",
        (("config-overruled", "spike_limit_mib is 65, not below limit_mib 64, so the collector does not start"),),
    ),
    # --- where exporters send to ---
    Own(
        "a gRPC exporter with a port",
        _sends("otlp_grpc/b", '{endpoint: "http://127.0.0.1:14317", tls: {insecure: true}}'),
    ),
    Own(
        "a gRPC exporter without a port",
        _sends("otlp_grpc/b", '{endpoint: "http://tempo", tls: {insecure: true}}'),
        (
            (
                "endpoint-port",
                "exporters[otlp_grpc/b].endpoint is http://tempo, and the collector takes no gRPC endpoint without a "
                "port: write tempo:4317",
            ),
        ),
    ),
    Own(
        "a gRPC exporter without a port, by its old name",
        _sends("otlp/b", "{endpoint: api.vendor.example}"),
        (
            (
                "endpoint-port",
                "is api.vendor.example, and the collector takes no gRPC endpoint without a port: write "
                "api.vendor.example:443",
            ),
        ),
    ),
    Own(
        "the base of a signal",
        _sends("otlp_http/b", '{endpoint: "http://tempo:4318/v1/traces"}'),
        (("endpoint-path", "endpoint ends with /v1/traces, which the collector appends: write http://tempo:4318"),),
    ),
    Own(
        "a vendor's base for a signal",
        _sends("otlp_http/b", '{traces_endpoint: "https://vendor.example/otlp"}'),
        (("endpoint-signal-path", "write https://vendor.example/otlp/v1/traces"),),
    ),
    Own("a vendor's signal", _sends("otlp_http/b", '{traces_endpoint: "https://vendor.example/otlp/v1/traces"}')),
    Own(
        "the kubelet's spelling",
        _sends("otlp_grpc/b", '{endpoint: "$(HOST_IP):4317"}'),
        (
            (
                "endpoint-variable",
                "is $(HOST_IP):4317, and nothing expands $(HOST_IP) in a config: write ${env:K8S_NODE_IP}",
            ),
        ),
    ),
    Own("the address of the node", _sends("otlp_grpc/b", '{endpoint: "${env:K8S_NODE_IP}:14317"}')),
)


def settings_with(own: Own, mode: str) -> tuple[OaasClass, Settings]:
    """A class, or the owner of the collectors on nodes, whose collector has a part of the user's."""
    more = f"{own.spec}, " if own.spec else ""
    spec = (
        f"telemetry: {{attributes: {{k8s: false}}}}\n"
        f"collector: {{mode: {mode}, config: {own.config}, {more}daemonset: {{manage: true}}, "
        "exporters: {traces: debug, metrics: scraped}}\n"
        "backends: {scraped: {type: prometheus-scrape}}"
    )
    return node_collectors_and_settings(spec) if mode == "daemonset" else class_and_settings("", spec)


def faults(own: Own, mode: str) -> list[Result]:
    """All that krm-otel says about it, but for what lists leave out, which has a table of its own."""
    found = settings_with(own, mode)
    results = [*check_config(*found), *check_consistency(*found), *unused_components([found])]
    return [result for result in results if result.code != CONFIG_LEFT_OUT.code]
