"""Layers → CollectorSettings: what a managed collector is to be, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krm_otel.config.resolve.image import Need, image_of, lacks
from krm_otel.config.schema.collector import (
    BatchBlock,
    NetworkPolicyBlock,
    PodBlock,
    QueueBlock,
    ResourcesBlock,
    ServiceAccountBlock,
)
from krm_otel.config.settings import DEFAULT, Mode, SecretHeader, Sourced
from krm_otel.config.settings.collector import (
    DEFAULT_IMAGE,
    Autoscaling,
    Batch,
    CollectorSettings,
    EndpointHost,
    NetworkPolicy,
    Pod,
    Queue,
    Resources,
    Scraper,
    ServiceAccount,
    Target,
)
from krm_otel.config.sources.layers import Found, Layer, Say, find, pick
from krm_otel.config.types.quantity import MIB, value
from krm_otel.otlp import SamplingStage

LEAST_MEMORY: Final = 64 * MIB
"""With less a collector that has all components does not start (0.158.0 takes 57 MiB for our own 27)."""
DEFAULTS: Final[dict[Mode, Resources]] = {
    "sidecar": Resources({"cpu": "20m", "memory": "64Mi"}, {"cpu": "500m", "memory": "256Mi"}),
    "deployment": Resources({"cpu": "100m", "memory": "256Mi"}, {"cpu": "1", "memory": "512Mi"}),
    "daemonset": Resources({"cpu": "100m", "memory": "256Mi"}, {"cpu": "1", "memory": "512Mi"}),
}


def collect(
    layers: Sequence[Layer],
    mode: Found[Mode],
    exporters: Mapping[str, Sequence[Found[Target]]],
    needs: Sequence[Need],
    say: Say,
) -> CollectorSettings:
    """The settings of a managed collector.

    Args:
        layers: the sources, highest first; most of it only the OTelConfig can say.
        mode: any but `external`.
        exporters: the targets of every signal that is on.
        needs: components that not every image has, beside those that are seen here.
    """
    policy: Found[NetworkPolicyBlock] | None = find(layers, "collector", "network_policy")
    host: Found[EndpointHost] = pick(layers, "short", "collector", "endpoint_host")
    k8s = mode.value == "daemonset" and pick(layers, True, "telemetry", "attributes", "k8s").value
    settings = CollectorSettings(
        mode=mode.sourced(),
        image=image_of(layers, [*_needs(exporters, find(layers, "collector", "queue"), k8s), *needs], say),
        exporters={signal: tuple(t.sourced() for t in _distinct(targets)) for signal, targets in exporters.items()},
        resources=resources_of(find(layers, "collector", "resources"), DEFAULTS[mode.value], say),
        endpoint_host=host.sourced(),
        replicas=pick(layers, 1, "collector", "replicas").sourced(),
        native_sidecar=pick(layers, True, "collector", "native_sidecar").sourced(),
        batch=_batch(find(layers, "collector", "batch")),
        config=found.sourced() if (found := find(layers, "collector", "config")) else None,
        env=_env(find(layers, "collector", "env")),
        queue=_queue(find(layers, "collector", "queue"), mode.value, layers, say),
        autoscaling=Autoscaling(**_said(found.value)) if (found := find(layers, "collector", "autoscaling")) else None,
        pod=_pod(find(layers, "collector", "pod")),
        service_account=_account(find(layers, "collector", "service_account")),
        network_policy=_policy(policy),
        k8s_attributes=k8s,
        labels=_labels(layers, exporters, say),
    )
    replicas: Found[int] | None = find(layers, "collector", "replicas")
    if settings.autoscaling and replicas:
        text = "has no effect, since autoscaling decides how many pods there are: leave it out"
        say(replicas.result("autoscaling-replicas", "warning", text))
    if mode.value != "sidecar" and settings.network_policy.enabled and not settings.network_policy.scrapers:
        for target in exporters.get("metrics", ()):
            if target.value.kind == "prometheus":
                text = (
                    "lets Prometheus fetch metrics, but the collector's NetworkPolicy lets nobody in: write "
                    "collector.network_policy.scrapers in the OTelConfig"
                )
                say(target.result("scrapers-missing", "warning", text))
    return settings


def check_files(settings: CollectorSettings, exporters: Mapping[str, Sequence[Found[Target]]], say: Say) -> None:
    """An error for files in a claim that several collectors would write."""
    alone = settings.mode.value == "deployment" and settings.most == 1
    for signal, targets in exporters.items():
        for target in targets:
            second = settings.gateway if signal == "traces" else None
            if target.value.files.claim and not (alone and second is None):
                name, claim = target.value.name, target.value.files.claim
                text = (
                    f"names {name}, files in the claim {claim}, which only one collector can write: write mode: "
                    f"deployment with one replica, or leave backends.{name}.file.claim out"
                )
                say(target.having(name).result("file-claim", "error", text))


def check_host(
    layers: Sequence[Layer], mode: Found[Mode], namespace: str | None, say: Say, *, gateway: bool = False
) -> None:
    """An error for a Service's address that cannot be said; `namespace` is None where only workloads know it.

    `gateway`: there is a second tier, which the first one finds by its name.
    """
    host: Found[EndpointHost] = pick(layers, "short", "collector", "endpoint_host")
    if mode.value == "deployment" and host.value != "short" and namespace == "":
        text = (
            f"is {host.value}, which needs a namespace, and this class has none: write metadata.namespace, or "
            "endpoint_host: short"
        )
        say(host.result("namespace-missing", "error", text, "short"))
    named = mode.value != "sidecar" or gateway
    if not named or not pick(layers, False, "names_may_change").value:
        return
    if mode.value == "daemonset":  # of all classes: what a class says never comes here
        managed = Found(True, mode.place, ("collector", "daemonset", "manage"))
        text = (
            "makes collectors whose name and namespace stand in the endpoints of other packages, and names_may_change "
            "says that they may still change: make them in a package without a later namePrefix, nameSuffix or "
            "namespace, and write false here"
        )
        say(managed.result("name-not-final", "error", text, False))
        return
    instead = "leave collector.gateway out" if mode.value == "sidecar" else "write mode: sidecar, or an endpoint"
    text = (
        "writes the collector's name into endpoints, and names_may_change says that a prefix may still come: run "
        f"the function as a transformer of the last overlay, or {instead}"
    )
    say(mode.result("name-not-final", "error", text, None if mode.value == "sidecar" else "sidecar"))


def check_stage(stage: Found[SamplingStage], rate: float, say: Say) -> None:
    """A warning where traces are sampled twice: the two samplers decide by different bits, so the rates multiply."""
    if stage.value == "both":
        text = (
            f"is both: traces are sampled at {rate:g} in the SDK and again in the collector, so that about "
            f"{rate**2:g} of them are kept: write sdk or collector"
        )
        say(stage.result("sampling-both", "warning", text, "sdk"))


def _distinct(targets: Sequence[Found[Target]]) -> list[Found[Target]]:
    """Two names may mean the same."""
    return list({target.value: target for target in reversed(targets)}.values())[::-1]


def _needs(exporters: Mapping[str, Sequence[Found[Target]]], queue: Found[QueueBlock] | None, k8s: bool) -> list[Need]:
    """The components that not every image has."""
    kinds = sorted({target.value.kind for targets in exporters.values() for target in targets})
    needs = [Need(kind, "an exporter of this class") for kind in kinds]
    if k8s:
        needs.append(Need("k8s_attributes", "mode daemonset", "telemetry.attributes.k8s: false"))
    if queue and queue.value.persistent:
        needs.append(Need("file_storage", "queue.persistent", "queue.persistent: false"))
    return needs


def _labels(layers: Sequence[Layer], exporters: Mapping[str, Sequence[Found[Target]]], say: Say) -> bool:
    """Whether data points get labels: for a Prometheus. Images without the processor have to do without them."""
    if not any(target.value.series for target in exporters.get("metrics", ())):
        return False
    if not lacks(layers, "transform"):
        return True
    text = (
        "has no transform, so series do not say which class and function they are of: write "
        f"{DEFAULT_IMAGE}, or have Prometheus promote resource attributes"
    )
    say(pick(layers, DEFAULT_IMAGE, "collector", "image").result("image-lacks", "warning", text, DEFAULT_IMAGE))
    return False


def resources_of(found: Found[ResourcesBlock] | None, default: Resources, say: Say) -> Sourced[Resources]:
    """What is asked for; defaults give way where they would contradict what is configured."""
    if found is None:
        return Sourced(default, DEFAULT)
    own_requests, own_limits = found.value.requests, found.value.limits
    limits = {**({} if own_limits else default.limits), **(own_limits.by_name() if own_limits else {})}
    limits.setdefault("memory", default.limits["memory"])
    requests = own_requests.by_name() if own_requests else dict(default.requests)
    for name, amount in requests.items():
        limit = limits.get(name)
        if limit is None or value(amount) <= value(limit):
            continue
        if not own_requests:
            requests[name] = limit
        elif not own_limits or getattr(own_limits, name.replace("-", "_")) is None:
            limits[name] = amount
        else:
            text = f"has a request of {amount} {name} above the limit of {limit}: write {limit} or less"
            say(found.having(None).result("resources-invalid", "error", text))
    if value(limits["memory"]) < LEAST_MEMORY:
        text = f"has a memory limit of {limits['memory']}, with which no collector starts: write 64Mi or more"
        say(found.having(None).result("resources-invalid", "error", text))
    return found.having(Resources(requests, limits)).sourced()


def _batch(found: Found[BatchBlock] | None) -> Sourced[Batch | None]:
    if found is None:
        return Sourced(Batch(), DEFAULT)
    block = found.value
    if block.enabled is False:
        return found.having(None).sourced()
    return found.having(
        Batch(block.send_batch_size or 1024, block.send_batch_max_size or 0, block.timeout or "10s")
    ).sourced()


def _queue(found: Found[QueueBlock] | None, mode: Mode, layers: Sequence[Layer], say: Say) -> Sourced[Queue]:
    if found is None:
        return Sourced(Queue(), DEFAULT)
    queue = Queue(**_said(found.value))
    several = pick(layers, 1, "collector", "replicas").value > 1 or find(layers, "collector", "autoscaling") is not None
    if queue.claim and (mode != "deployment" or several):
        text = (
            f"has the claim {queue.claim}, whose files only one collector can have: write mode: deployment with one "
            "replica, or leave claim out"
        )
        say(found.having(None).result("queue-volume", "error", text))
    return found.having(queue).sourced()


def _env(found: Found[Any] | None) -> tuple[SecretHeader, ...]:
    return tuple(SecretHeader(name, at.secret, at.key) for name, at in found.value.items()) if found else ()


def _pod(found: Found[PodBlock] | None) -> Pod:
    return Pod(**_said(found.value)) if found else Pod()


def _account(found: Found[ServiceAccountBlock] | None) -> ServiceAccount:
    return ServiceAccount(**_said(found.value)) if found else ServiceAccount()


def _policy(found: Found[NetworkPolicyBlock] | None) -> NetworkPolicy:
    if found is None:
        return NetworkPolicy()
    block = found.value
    scrapers = tuple(Scraper(**_said(scraper)) for scraper in block.scrapers or ())
    return NetworkPolicy(block.enabled is not False, block.mesh or "none", scrapers)


def _said(block: Any) -> dict[str, Any]:
    """The fields of a block that are said; the others keep their defaults."""
    return {name: value for name in block.model_fields_set if (value := getattr(block, name)) is not None}
