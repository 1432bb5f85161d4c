"""The collector's merged config: whether it fits the manifest that it runs in."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

_SEE: Final = "See [your own part](collector.md#your-own-part-of-the-config)."

COMPONENT_UNUSED: Final = Rule(
    "component-unused",
    "warning",
    "`collector.config` has a component that no pipeline, or not `service.extensions`, names.",
    "Name it there, or leave it out.",
    example="collector.config.receivers.jaeger is not in the pipelines, so it does nothing: name it in the pipelines, "
    "or leave it out",
)
CONFIG_FILE: Final = Rule(
    "config-file",
    "error",
    "`collector.config` names a file to read that nothing mounts into the collector's container, or one to write where "
    "its file system is read-only.",
    f"Write what the message proposes. {_SEE}",
    example="collector.config.exporters[otlp_http/vendor].tls.ca_file is /etc/certs/ca.crt, a file that nothing mounts "
    "into the collector's container: write collector.volumes.<name>: {path: /etc/certs, secret: <name>}",
    otherwise="warning for an image of your own, which may have the file",
)
CONFIG_LEFT_OUT: Final = Rule(
    "config-left-out",
    "warning",
    "A list in `collector.config` replaces a generated one and leaves something out of it, or has it in an order that "
    "does not work.",
    f"Repeat the generated entries, or write `collector.processors` to add a processor. {_SEE}",
    example="collector.config.service.pipelines.traces.processors leaves out memory_limiter: nothing keeps the "
    "collector from running out of memory: write [memory_limiter, resource, batch, memory_limitter], or "
    "collector.processors to add one",
)
CONFIG_OPEN: Final = Rule(
    "config-open",
    "info",
    "A receiver of a sidecar listens on more than the loopback, so that other pods can send to it.",
    "Nothing, if they should. Otherwise bind it to `127.0.0.1`.",
    example="collector.config.receivers.zipkin.endpoint is 0.0.0.0:9411: other pods can send to this sidecar, too: "
    "write 127.0.0.1:9411 for the own pod alone",
)
CONFIG_OVERRULED: Final = Rule(
    "config-overruled",
    "error",
    "A `memory_limiter` in `collector.config` has two limits of which the collector silently reads one, or limits that "
    "do not fit each other or the container.",
    "Write what the message proposes.",
    example="collector.config.processors.memory_limiter.limit_percentage has limit_mib and limit_percentage, and the "
    "collector reads limit_mib alone: leave one of them out",
)
CONFIG_PORT_TAKEN: Final = Rule(
    "config-port-taken",
    "error",
    "Two components of the merged config listen on one port, so the collector does not start.",
    "Write another port for one of them.",
    example="collector.config.receivers.zipkin.endpoint is ${env:MY_POD_IP}:4318, and otlp listens on port 4318, too: "
    "write another port",
)
CONFIG_REFERENCE: Final = Rule(
    "config-reference",
    "error",
    "`collector.config` refers to a variable that the collector's container does not have, to a file that nothing "
    "mounts, or by a provider that the collector does not know.",
    f"Define it in `collector.env`, or write what the message proposes. {_SEE}",
    example="collector.config.extensions.bearertokenauth.token refers to the variable API_TOKEN, which the collector's "
    "container does not have, so it would be empty: write collector.env.API_TOKEN, or ${env:API_TOKEN:-<default>}",
    otherwise="warning for an image of your own, which may have it",
)
CONFIG_REMOVED: Final = Rule(
    "config-removed",
    "error",
    "`collector.config` has a component or a field that collectors no longer have, or misspells a component. Such a "
    "collector does not start.",
    "Write what the message proposes.",
    example="collector.config.exporters.logging is a component that collectors no longer have (logging): write debug",
    otherwise="warning for an image of your own, which may have it",
)
CONFIG_RIGHTS: Final = Rule(
    "config-rights",
    "error",
    "`collector.config` has a component that asks the API server, and the collector's own ServiceAccount has neither a "
    "token nor rights.",
    "Write `collector.service_account.name` of an account that has the rights; its token is mounted then.",
    example="collector.config.processors.k8s_attributes asks the API server, and the collector's ServiceAccount has no "
    "rights: write collector.service_account.name of an account that has them, or leave it out",
)
CONFIG_UNREACHABLE: Final = Rule(
    "config-unreachable",
    "error",
    "With `collector.config` merged in, probes, SDKs or scrapers cannot reach what the collector has for them: the "
    "health check or a receiver is not there, or listens where they do not ask.",
    f"Write what the message proposes. {_SEE}",
    example="collector.config.service.extensions leaves out health_check, which the collector's probes ask: write "
    "[health_check, bearertokenauth]",
    otherwise="warning for receivers that want credentials",
)
OWN_METRICS_OFF: Final = Rule(
    "own-metrics-off",
    "warning",
    "`collector.config` takes away the metrics of the collector itself, or moves them, and a monitor or an annotation "
    "makes a Prometheus fetch them.",
    "Write what the message proposes.",
    example="collector.config.service.telemetry.metrics serves metrics on no port, and prometheus.io/port of "
    "collector.pod is 8888: write another port there",
)
