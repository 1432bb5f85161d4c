"""Settings → the collector's config, as plain data in the order in which it is written.

The template is the proposal's (section 7), with what makes it work: receivers bound for the mode, `memory_limiter`
first, exporters that exist, a health check, own metrics.

Addresses. Behind a Service everything binds to the pod's address, in brackets, which Go takes for IPv4 and IPv6 alike.
In a sidecar the receivers bind to the loopback: nobody else may send there. Its health check cannot: the kubelet asks
at the pod's address. One config serves every pod of a class, and on Knative a container cannot know its address
(`fieldRef` is refused), so `${env:MY_POD_IP:-127.0.0.1}` stays on the loopback there, where Knative allows no probe
of a sidecar anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.addresses import HEALTH_PORT
from krm_otel.collector.config.credentials import Credentials, credentials
from krm_otel.collector.config.exporters import STORAGE, exporter, identify
from krm_otel.collector.config.labels import LABELS, labels
from krm_otel.collector.config.spans import SPAN_METRICS, TAIL_SAMPLING, percentage, span_metrics, tail_sampling
from krm_otel.collector.config.telemetry import in_one_form, own_telemetry
from krm_otel.config.schema.collector import Batch
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings
from krm_otel.config.types.quantity import mebibytes
from krm_otel.otlp import PORTS

NAMESPACE_VARIABLE: Final = "MY_POD_NAMESPACE"
NODE_VARIABLE: Final = "K8S_NODE_NAME"
QUEUE_FOLDER: Final = "/var/lib/oaas-otel"
_LOOPBACK: Final = "127.0.0.1"
_SAMPLERS: Final = ("probabilistic_sampler", TAIL_SAMPLING)
"""Processors that drop traces; a collector has one of them at most."""


def config(oaas_class: OaasClass, settings: Settings) -> dict[str, Any]:
    """The config of a class's managed collector."""
    managed = settings.collector
    assert managed is not None
    known = credentials(managed)
    extensions: dict[str, Any] = {"health_check": {"endpoint": f"[{_own_address(managed)}]:{HEALTH_PORT}"}}
    if managed.queue.value.persistent:
        extensions[STORAGE] = {"directory": QUEUE_FOLDER}
    made = {
        "extensions": extensions,
        "receivers": {"otlp": {"protocols": _protocols(managed)}},
        "processors": _processors(oaas_class, settings, managed),
        "exporters": _exporters(managed, known),
        **(
            {"connectors": {SPAN_METRICS: span_metrics(managed, managed.span_metrics.value)}}
            if managed.span_metrics
            else {}
        ),
        "service": {
            "extensions": list(extensions),
            "telemetry": own_telemetry(_literal(oaas_class.name), _own_address(managed), second=managed.second_tier),
            "pipelines": _pipelines(oaas_class, settings, managed),
        },
    }
    return in_one_form(merged(made, managed.config.value)) if managed.config else made


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings join, key by key; anything else replaces what was there, lists and nulls too."""
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return result


def memory_limits(managed: CollectorSettings) -> tuple[int, int, int]:
    """In MiB, from the container's limit: Go's soft limit and memory_limiter's hard one (80 %), and its spike (20 %).

    Source: the collector's Helm chart and memory_limiter's README. Fixed numbers, since percentages fail where the
    cgroup cannot be read.
    """
    total = mebibytes(managed.resources.value.limits["memory"])
    return total * 80 // 100, total * 80 // 100, total * 20 // 100


def needs_namespace(oaas_class: OaasClass, settings: Settings) -> bool:
    """Whether the config asks the container for its namespace."""
    return f"${{env:{NAMESPACE_VARIABLE}" in _attributes(oaas_class, settings).get("service.namespace", "")


def _own_address(managed: CollectorSettings) -> str:
    return f"${{env:MY_POD_IP:-{_LOOPBACK}}}" if managed.mode.value == "sidecar" else "${env:MY_POD_IP}"


def _protocols(managed: CollectorSettings) -> dict[str, Any]:
    if managed.second_tier:  # whoever sends has resolved the pods, and follows when they change
        return {"grpc": {"endpoint": f"[{_own_address(managed)}]:{PORTS['grpc']}"}}
    host = _LOOPBACK if managed.mode.value == "sidecar" else "[${env:MY_POD_IP}]"
    grpc: dict[str, Any] = {"endpoint": f"{host}:{PORTS['grpc']}"}
    if managed.mode.value == "deployment" and managed.most > 1:
        # A gRPC client keeps its connection, and so its replica: without an end to it new replicas stay idle.
        grpc["keepalive"] = {
            "server_parameters": {"max_connection_age": "60s", "max_connection_age_grace": "10s"},
        }
    return {"grpc": grpc, "http": {"endpoint": f"{host}:{PORTS['http']}"}}


def _processors(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    _, limit, spike = memory_limits(managed)
    made: dict[str, Any] = {
        "memory_limiter": {"check_interval": "1s", "limit_mib": limit, "spike_limit_mib": spike},
    }
    if managed.k8s_attributes:
        made["k8s_attributes"] = _k8s_attributes()
    if attributes := _attributes(oaas_class, settings):
        made["resource"] = {
            "attributes": [{"key": key, "value": value, "action": "insert"} for key, value in attributes.items()]
        }
    if managed.labels:
        made[LABELS] = labels(oaas_class)
    if "traces" in managed.exporters and (sampler := _sampler(settings, managed)):
        made.update([sampler])
    if managed.batch.value is not None:
        made["batch"] = _batch(managed.batch.value)
    return made


def _attributes(oaas_class: OaasClass, settings: Settings) -> dict[str, str]:
    """What is added to resources that do not say it themselves; SDKs with our environment do."""
    wanted = settings.attributes.value
    own = settings.resource_attributes
    made: dict[str, str] = {}
    if oaas_class.name == names.NODE_OWNER or (settings.collector and settings.collector.second_tier):
        return made  # what it gets comes from many classes, or has them
    if "service.namespace" in own:
        made["service.namespace"] = _literal(own["service.namespace"].value)
    elif wanted.service and "service.namespace" not in wanted.drop:
        made["service.namespace"] = oaas_class.namespace or f"${{env:{NAMESPACE_VARIABLE}:-oaas}}"
    if "deployment.name" in own:
        made["deployment.name"] = _literal(own["deployment.name"].value)
    elif "deployment.name" not in wanted.drop:
        made["deployment.name"] = _literal(oaas_class.name)
    return made


def _k8s_attributes() -> dict[str, Any]:
    """What the pod is called that sends, for SDKs that do not say it. Only pods of the node are watched, and only what
    stands in the pod itself is taken: more would need more rights."""
    return {
        "auth_type": "serviceAccount",
        "filter": {"node_from_env_var": NODE_VARIABLE},
        "extract": {"metadata": ["k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.node.name"]},
        "pod_association": [
            {"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]},
            {"sources": [{"from": "connection"}]},
        ],
    }


def _literal(text: str) -> str:
    """A text in which the collector replaces nothing."""
    return text.replace("$", "$$")


def _sampler(settings: Settings, managed: CollectorSettings) -> tuple[str, dict[str, Any]] | None:
    """The one processor that drops traces, with its name; None where this collector drops none."""
    rate, stage = settings.sampling_rate.value, settings.sampling_stage.value
    if managed.tail_sampling:
        return TAIL_SAMPLING, tail_sampling(managed.tail_sampling.value, managed.slow_after, rate)
    if stage == "sdk" or managed.gateway:
        return None
    # `both` is the proposal's template to the letter.
    mode = {} if stage == "both" else {"mode": "proportional"}
    return "probabilistic_sampler", {**mode, "sampling_percentage": percentage(rate)}


def _batch(batch: Batch) -> dict[str, Any]:
    made: dict[str, Any] = {"send_batch_size": batch.send_batch_size}
    if batch.send_batch_max_size:
        made["send_batch_max_size"] = batch.send_batch_max_size
    return {**made, "timeout": batch.timeout}


def _exporters(managed: CollectorSettings, known: Credentials) -> dict[str, Any]:
    users: dict[str, list[str]] = {}
    targets = {}
    for (signal, target), name in identify(managed).items():
        users.setdefault(name, []).append(signal)
        targets[name] = target
    return {name: exporter(target, users[name], managed, known) for name, target in targets.items()}


def _pipelines(oaas_class: OaasClass, settings: Settings, managed: CollectorSettings) -> dict[str, Any]:
    """One for each signal. What is made of spans is made before any are dropped: behind a pipeline of its own, where
    the traces' own drops some."""
    ids = identify(managed)
    processors = list(_processors(oaas_class, settings, managed))
    only = {**dict.fromkeys(_SAMPLERS, "traces"), LABELS: "metrics"}
    made = {
        signal: {
            "receivers": ["otlp"],
            "processors": [name for name in processors if only.get(name, signal) == signal],
            "exporters": [ids[signal, target.value] for target in targets],
        }
        for signal, targets in managed.exporters.items()
    }
    if managed.span_metrics:
        made["metrics"]["receivers"].append(SPAN_METRICS)
        if sampled := [name for name in processors if name in _SAMPLERS]:
            before = processors[: processors.index(sampled[0])]
            before = [name for name in before if name in made["traces"]["processors"]]
            own = {"receivers": ["otlp"], "processors": before, "exporters": [SPAN_METRICS]}
            made = {"traces": made["traces"], f"traces/{SPAN_METRICS}": own, **made}
        else:
            made["traces"]["exporters"].append(SPAN_METRICS)
    return made
