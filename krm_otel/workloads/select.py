"""Whether a matched workload is instrumented (opt-out), which of its containers, and as what.

All except proxies and agents, unless the workload opts out or selects containers:

| on the object or its pod template | what happens                                                    |
|-----------------------------------|-----------------------------------------------------------------|
| `oaas.io/otel-inject: "false"`    | nothing is instrumented (one `false` in either place is enough) |
| `oaas.io/otel-containers: a,b`    | exactly these, also where they look like a proxy                |
| `oaas.io/otel-protocol: http`     | the protocol of these containers' SDKs                          |
| `oaas.io/otel-sdk: oaas-rs`       | the SDK profile of these containers                             |

For the last three the pod template takes precedence: it is closer to the containers. Init containers are instrumented
only where `oaas.io/otel-containers` names them, also those that stay (native sidecars).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from krm_otel.config.settings import Configuration
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.diagnostics.suggestion import nearest_name
from krm_otel.image_reference import parse_image
from krm_otel.names import A_CONTAINERS, A_INJECT, A_PROTOCOL
from krm_otel.otlp import PROTOCOLS, Protocol
from krm_otel.regex import fits
from krm_otel.workloads.containers import Container
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Match
from krm_otel.workloads.sdk_profile import (
    SPECIFICATION,
    NamedProfile,
    annotated_profile,
    described,
    profile_of,
    without_telemetry,
)
from krm_otel.workloads.upstream import FUNCTION_CONTAINER, ODGM_CONTAINER

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
"""Names of containers that are proxies, agents or collectors; `otel-collector` is the sidecar that krm-otel adds."""

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
    # By image only: a function may well have this name.
    "timberio/vector",
    "datadog/agent",
    "grafana/agent",
    "grafana/alloy",
    "istio*/proxyv2",
    "linkerd/proxy",
    "envoyproxy/envoy*",
)
"""Ends of image repositories of collectors, agents and proxies, whatever the container's name is."""

_OPT_OUT: Final = f"opt-out {A_INJECT}"
_NO_TELEMETRY: Final = "its service has no telemetry"
_NATIVE: Final = f"native sidecar, not in {A_CONTAINERS}"
_YES: Final = frozenset(("1", "yes", "y", "on", "t", "enabled", "enable"))
_HTTP_SPELLINGS: Final = ("http/protobuf", "http/json", "https", "otlphttp", "otlp/http")


@dataclass(frozen=True, slots=True)
class SelectedContainer:
    """A container that is instrumented, its role, and what its SDK reads."""

    container: Container
    role: Role
    sdk: NamedProfile = SPECIFICATION


@dataclass(frozen=True, slots=True)
class Selection:
    """The containers of one workload that are instrumented.

    Args:
        reason_skipped: why nothing is instrumented; None where something is.
        containers: the containers to instrument.
        skipped: names of the other containers, with the reasons.
        protocol: what the workload's annotation asks for; None where it has none.
        results: faults of containers and annotations.
    """

    reason_skipped: str | None
    containers: tuple[SelectedContainer, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    protocol: Protocol | None = None
    results: tuple[Result, ...] = ()


def select(workload: Workload, match: Match, configuration: Configuration) -> Selection:
    """The containers of a matched workload that are instrumented."""
    opted_out, results = _opts_out(workload)
    if opted_out:
        skipped = [(container.name, _OPT_OUT) for container in workload.containers]
        return Selection(_OPT_OUT, (), tuple(skipped), results=tuple(results))
    chosen, name_results = _chosen_names(workload)
    protocol, protocol_results = _protocol(workload)
    sdk, sdk_results = annotated_profile(workload, configuration)
    results += [*workload.results, *name_results, *protocol_results, *sdk_results]
    selected: list[SelectedContainer] = []
    skipped = []

    def add(container: Container) -> None:
        as_role = role(container, match)
        profile = profile_of(container, as_role, match, configuration, sdk)
        if profile.profile.telemetry:
            selected.append(SelectedContainer(container, as_role, profile))
        else:
            skipped.append((container.name, _NO_TELEMETRY))
            results.append(without_telemetry(workload, container, profile))

    for container in workload.containers:
        if chosen is None:
            reason = _why_not_instrumented(container, match, configuration)
        else:
            reason = None if container.name in chosen else f"not in {A_CONTAINERS}"
        if reason:
            skipped.append((container.name, reason))
        else:
            add(container)
    for container in workload.init_containers:
        if chosen is not None and container.name in chosen:
            add(container)
        elif chosen is None and container.stays and not _why_not_instrumented(container, match, configuration):
            skipped.append((container.name, _NATIVE))
            results.append(_native_sidecar(workload, container, selected))
    bare = any(reason == _NO_TELEMETRY for _, reason in skipped)
    reason_skipped = None if selected else _NO_TELEMETRY if bare else "no container to instrument"
    return Selection(reason_skipped, tuple(selected), tuple(skipped), protocol, tuple(results))


def _native_sidecar(workload: Workload, container: Container, selected: Iterable[SelectedContainer]) -> Result:
    """How to choose an init container that stays."""
    text = f"{container.name} is an init container that stays (a native sidecar), and is not instrumented"
    proposed = ",".join([*(one.container.name for one in selected if one.container.named), container.name])
    fix = f"write {A_CONTAINERS}: {proposed} to instrument it"
    return rules.NATIVE_SIDECAR.at(Location(workload.resource.ref, field_path(*container.path)), text, fix=fix)


def role(container: Container, match: Match) -> Role:
    """The role of a container. In a platform component all are `platform`: the component has one service name."""
    if match.component is not None:
        return "platform"
    return "odgm" if container.name == ODGM_CONTAINER else "function"


def fitting_sdk_rules(workload: Workload, match: Match, configuration: Configuration) -> frozenset[int]:
    """The indices in `sdk.select` of the rules that fit a container, also one that is not instrumented."""
    if not configuration.sdk.rules:
        return frozenset()
    containers = (*workload.containers, *workload.init_containers)
    all_described = (described(container, role(container, match), match) for container in containers)
    return frozenset().union(*map(configuration.sdk.fitting, all_described))


def _opts_out(workload: Workload) -> tuple[bool, list[Result]]:
    """Whether the workload opts out. A value other than true and false is reported and has no effect."""
    opted_out = False
    results = []
    for value, path in workload.annotation(A_INJECT):
        word = value.lower()
        if word == "false":
            opted_out = True
        elif word != "true":
            proposed = nearest_name(word, ("true", "false")) or ("true" if word in _YES else "false")
            location = Location(workload.resource.ref, path)
            text, fix = f"{A_INJECT} is neither true nor false and has no effect", f'write "{proposed}"'
            result = rules.INJECT_ANNOTATION_INVALID.at(location, text, fix=fix, current=value, proposed=proposed)
            results.append(result)
    return opted_out, results


def _chosen_names(workload: Workload) -> tuple[frozenset[str] | None, list[Result]]:
    """The names of containers that the workload selects; None where it does not select any."""
    annotated = workload.annotation(A_CONTAINERS)
    if not annotated:
        return None, []
    value, path = annotated[-1]
    location = Location(workload.resource.ref, path)
    chosen = [name.strip() for name in value.split(",") if name.strip()]
    existing = [container.name for container in (*workload.containers, *workload.init_containers)]
    results = []
    for name in dict.fromkeys(chosen):
        if name not in existing:
            text = f"{A_CONTAINERS} names {name}, but the containers are {', '.join(existing) or 'none'}"
            proposed = nearest_name(name, existing)
            fix = f"did you mean {proposed}?" if proposed else ""
            results.append(rules.CONTAINER_NOT_FOUND.at(location, text, fix=fix, current=name, proposed=proposed))
    return frozenset(chosen), results


def _protocol(workload: Workload) -> tuple[Protocol | None, list[Result]]:
    """The protocol that the workload asks for; None where it asks for none, or for none that exists."""
    annotated = workload.annotation(A_PROTOCOL)
    if not annotated:
        return None, []
    value, path = annotated[-1]
    word = value.lower()
    if word in PROTOCOLS:
        return word, []
    proposed = "http" if word in _HTTP_SPELLINGS else nearest_name(word, PROTOCOLS) or "grpc"
    result = rules.PROTOCOL_ANNOTATION_INVALID.at(
        Location(workload.resource.ref, path),
        f"{A_PROTOCOL} is neither grpc nor http",
        fix=f"write {proposed}",
        current=value,
        proposed=proposed,
    )
    return None, [result]


def _why_not_instrumented(container: Container, match: Match, configuration: Configuration) -> str | None:
    """Why a container counts as a proxy or an agent; None where it does not."""
    name, image = container.name, parse_image(container.image)
    for pattern in configuration.skip_containers:
        if fits(name, pattern):
            return f"skip_containers {pattern}"
    # A container that the class itself declares as its function is one, whatever its name is.
    if name in (FUNCTION_CONTAINER, ODGM_CONTAINER):
        return None
    if match.oaas_class is not None and image.repository in match.oaas_class.keys_by_repository:
        return None
    if _is_name_of_agent(name):
        return f"proxy or agent by its name {name}"
    if _is_image_of_agent(image.repository):
        return f"proxy or agent by its image {image.repository}"
    return None


@lru_cache(maxsize=1024)
def _is_name_of_agent(name: str) -> bool:
    return any(fits(name, pattern) for pattern in SKIPPED_NAMES)


@lru_cache(maxsize=1024)
def _is_image_of_agent(repository: str) -> bool:
    # The last part of the repository, and the last two: `quay.io/otel/otelcol` → `otelcol`, `otel/otelcol`.
    parts = repository.split("/")
    ends = (parts[-1], "/".join(parts[-2:]))
    return any(fits(end, pattern) for end in ends for pattern in SKIPPED_IMAGES)
