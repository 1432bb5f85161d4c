"""Which containers of a matched workload are instrumented, and as what.

All but proxies and agents, unless the workload opts out or chooses:

| on the object or its pod template | what happens                                                    |
|-----------------------------------|-----------------------------------------------------------------|
| `oaas.io/otel-inject: "false"`    | nothing is instrumented (one `false` in either place is enough) |
| `oaas.io/otel-containers: a,b`    | exactly these, also where they look like a proxy                |
| `oaas.io/otel-protocol: http`     | what these containers' SDKs speak                               |

For the last two the pod template is read first: it stands nearer to the containers. Init containers are never
instrumented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, cast

from krm_otel.config.settings import Configuration
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.suggestion import nearest_name
from krm_otel.names import A_CONTAINERS, A_INJECT, A_PROTOCOL
from krm_otel.otlp import Protocol
from krm_otel.workloads.containers import Container, parse_image
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import FUNCTION_CONTAINER, ODGM_CONTAINER, Match, repositories

Role = Literal["function", "odgm", "platform"]

SKIPPED_NAMES: Final = (
    "istio-proxy",
    "istio-init",
    "linkerd-proxy",
    "linkerd-debug",
    "queue-proxy",
    "vault-agent*",
    "consul-dataplane",
    "envoy",
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "fluent-bit",
    "fluentd",
    "promtail",
    "filebeat",
    "otc-container",
    "otel-collector",
    "*-otel-collector",
    "opentelemetry-collector",
    "datadog-agent",
    "jaeger-agent",
)
"""Names of containers that are proxies, agents or collectors; `otel-collector` is our own sidecar."""

SKIPPED_IMAGES: Final = (
    "opentelemetry-collector*",
    "otel-collector*",
    "*-otel-collector",
    "otelcol*",
    "cloud-sql-proxy",
    "jaeger-agent",
    "fluent-bit",
    "fluentd",
    "promtail",
    "filebeat",
    "grafana-agent",
    # By image only: a function of this name is likely enough.
    "timberio/vector",
    "datadog/agent",
    "grafana/agent",
    "grafana/alloy",
    "istio*/proxyv2",
    "linkerd/proxy",
    "envoyproxy/envoy*",
)
"""Ends of image repositories that are collectors, agents or proxies, whatever their container is called."""

_OPT_OUT: Final = f"opt-out {A_INJECT}"
_NOTHING: Final = "no container to instrument"
_YES: Final = frozenset(("1", "yes", "y", "on", "t", "enabled", "enable"))
_PROTOCOLS: Final = ("grpc", "http")
_HTTP_SPELLINGS: Final = ("http/protobuf", "http/json", "https", "otlphttp", "otlp/http")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A container that is instrumented, and what it is."""

    container: Container
    role: Role


@dataclass(frozen=True, slots=True)
class Selection:
    """What is instrumented in one workload. Where nothing is, `reason_skipped` says why."""

    reason_skipped: str | None
    containers: tuple[Chosen, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    """Containers that are left alone: name and reason."""
    protocol: Protocol | None = None
    """What the workload's annotation wants; None: it wants nothing."""
    results: tuple[Result, ...] = ()


def select(workload: Workload, match: Match, configuration: Configuration) -> Selection:
    """The containers of a matched workload that are instrumented."""
    opted_out, results = _inject(workload)
    if opted_out:
        skipped = tuple((container.name, _OPT_OUT) for container in workload.containers)
        return Selection(_OPT_OUT, (), skipped, results=tuple(results))

    results += workload.results
    chosen, unknown = _choice(workload)
    results += unknown
    protocol, faults = _protocol(workload)
    results += faults
    containers: list[Chosen] = []
    left: list[tuple[str, str]] = []
    for container in workload.containers:
        if chosen is None:
            reason = _looks_like(container, match, configuration)
        else:
            reason = None if container.name in chosen else f"not in {A_CONTAINERS}"
        if reason:
            left.append((container.name, reason))
        else:
            containers.append(Chosen(container, role(container, match)))
    nothing = None if containers else _NOTHING
    return Selection(nothing, tuple(containers), tuple(left), protocol, tuple(results))


def role(container: Container, match: Match) -> Role:
    """What a container is. In a platform component all are `platform`: there its service name counts."""
    if match.component is not None:
        return "platform"
    return "odgm" if container.name == ODGM_CONTAINER else "function"


def _inject(workload: Workload) -> tuple[bool, list[Result]]:
    """Whether the workload opts out. What is neither true nor false is reported and has no effect."""
    opted_out = False
    results = []
    for value, path in workload.annotation(A_INJECT):
        word = value.lower()
        if word == "false":
            opted_out = True
        elif word != "true":
            proposed = nearest_name(word, ("true", "false")) or ("true" if word in _YES else "false")
            message = f'{A_INJECT} has to be "true" or "false"; this value has no effect'
            results.append(_result("inject-annotation-invalid", "warning", message, workload, path, value, proposed))
    return opted_out, results


def _choice(workload: Workload) -> tuple[frozenset[str] | None, list[Result]]:
    """The names that the workload chooses; None where it does not choose."""
    written = workload.annotation(A_CONTAINERS)
    if not written:
        return None, []
    value, path = written[-1]
    wanted = [name.strip() for name in value.split(",") if name.strip()]
    present = [container.name for container in workload.containers]
    results = []
    for name in dict.fromkeys(wanted):
        if name not in present:
            message = f"{A_CONTAINERS} names {name}, but the containers are {', '.join(present) or 'none'}"
            proposed = nearest_name(name, present)
            if proposed:
                message += f"; did you mean {proposed}?"
            results.append(_result("container-not-found", "warning", message, workload, path, name, proposed))
    return frozenset(wanted), results


def _protocol(workload: Workload) -> tuple[Protocol | None, list[Result]]:
    written = workload.annotation(A_PROTOCOL)
    if not written:
        return None, []
    value, path = written[-1]
    word = value.lower()
    if word in _PROTOCOLS:
        return cast(Protocol, word), []
    proposed = "http" if word in _HTTP_SPELLINGS else nearest_name(word, _PROTOCOLS) or "grpc"
    message = f"{A_PROTOCOL} has to be grpc or http"
    return None, [_result("protocol-annotation-invalid", "error", message, workload, path, value, proposed)]


def _looks_like(container: Container, match: Match, configuration: Configuration) -> str | None:
    """Why a container is taken for a proxy or an agent; None where it is not."""
    name, image = container.name, parse_image(container.image)
    for pattern in configuration.skip_containers:
        if fnmatchcase(name, pattern):
            return f"skip_containers {pattern}"
    # What the class itself says is its function is one, whatever it is called.
    if name in (FUNCTION_CONTAINER, ODGM_CONTAINER):
        return None
    if match.oaas_class is not None and image.repository in repositories(match.oaas_class):
        return None
    for pattern in SKIPPED_NAMES:
        if fnmatchcase(name, pattern):
            return f"proxy or agent by its name {name}"
    for ending in _endings(image.repository):
        if any(fnmatchcase(ending, pattern) for pattern in SKIPPED_IMAGES):
            return f"proxy or agent by its image {image.repository}"
    return None


def _endings(repository: str) -> Iterator[str]:
    """The last part of a repository, and the last two: `quay.io/otel/otelcol` → `otelcol`, `otel/otelcol`."""
    parts = repository.split("/")
    yield parts[-1]
    if len(parts) > 1:
        yield "/".join(parts[-2:])


def _result(
    code: str,
    severity: Severity,
    message: str,
    workload: Workload,
    path: str,
    current: str,
    proposed: str | None,
) -> Result:
    return Result(code, severity, message, workload.resource.ref, path, current, proposed)
