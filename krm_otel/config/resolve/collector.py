"""What a managed collector is: image, exporters, resources, queue, pods and second tier, and the rules between them.

`image` has the rules for what the image can run, `sampling` those for what happens to spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from krm_otel.config.placement import PLACEMENTS
from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve.endpoints import server_tls
from krm_otel.config.resolve.image import complete_image, lacks, written_image
from krm_otel.config.resolve.request import Request
from krm_otel.config.resolve.sampling import slow_after, span_metrics, tail_sampling
from krm_otel.config.schema.autoscaling import Autoscaling
from krm_otel.config.schema.collector import DEFAULT_IMAGE, ResourcesBlock, Volume
from krm_otel.config.schema.credentials import Variable
from krm_otel.config.schema.sampling import Gateway
from krm_otel.config.settings import CollectorSettings, GatewaySettings, Resources, Target
from krm_otel.config.types.quantity import MIB, value
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import destinations as destination_rules
from krm_otel.diagnostics.rules import sampling as sampling_rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.proxies import NO_PROXY, PROXIES, bypasses_proxy, is_in_cluster

LIMIT_PERCENT: Final = 80
"""What memory_limiter and Go may use, of the container's limit of memory."""
SPIKE_PERCENT: Final = 20
"""memory_limiter refuses data this much below its limit, also of the container's limit.

Source of both: the collector's Helm chart and memory_limiter's README.
"""
LEAST_MEMORY: Final = 64 * MIB
"""With less, a collector that has all components does not start (0.158.0 takes 57 MiB for krm-otel's own 27)."""
GATEWAY_RESOURCES: Final = Resources({"cpu": "200m", "memory": "512Mi"}, {"cpu": "1", "memory": "1Gi"})
"""The defaults of a collector that holds whole traces for some seconds."""


def collector_settings(request: Request, targets: Mapping[str, Sequence[Sourced[Target]]]) -> CollectorSettings:
    """The settings of a managed collector, without any check; `targets`: signal → where it goes."""
    layers, mode = request.layers, request.mode
    placement, batch = PLACEMENTS[mode.value], layers.get("collector", "batch")
    default_resources = Resources(placement.requests, placement.limits)
    return CollectorSettings(
        mode=mode,
        image=complete_image(layers),
        exporters={signal: tuple(_distinct(entries)) for signal, entries in targets.items()},
        resources=_resources(layers.find("collector", "resources"), default_resources),
        endpoint_host=layers.get("collector", "endpoint_host"),
        replicas=layers.get("collector", "replicas"),
        native_sidecar=layers.get("collector", "native_sidecar"),
        batch=batch if batch.value.enabled else batch.with_value(None),
        queue=layers.get("collector", "queue"),
        config=layers.find("collector", "config"),
        env=layers.get("collector", "env").value,
        env_from=layers.get("collector", "env_from").value,
        volumes=layers.get("collector", "volumes").value,
        server_tls=server_tls(layers),
        image_pull_policy=layers.get("collector", "image_pull_policy").value,
        autoscaling=layers.get("collector", "autoscaling").value,
        pod=layers.get("collector", "pod").value,
        service_account=layers.get("collector", "service_account").value,
        network_policy=layers.get("collector", "network_policy").value,
        k8s_attributes=placement.per_node and layers.get("telemetry", "attributes", "k8s").value,
        labels=_makes_series(targets) and not lacks(layers, "transform"),
        span_metrics=span_metrics(request),
        tail_sampling=tail_sampling(request),
        slow_after=slow_after(request),
        gateway=_gateway(request),
    )


def _distinct(targets: Sequence[Sourced[Target]]) -> list[Sourced[Target]]:
    """The targets without duplicates: two names may mean the same target."""
    return list({target.value: target for target in reversed(targets)}.values())[::-1]


def _makes_series(targets: Mapping[str, Sequence[Sourced[Target]]]) -> bool:
    return any(target.value.series for target in targets.get("metrics", ()))


def _resources(block: Sourced[ResourcesBlock] | None, default: Resources) -> Sourced[Resources]:
    """Requests and limits; defaults give way where they would contradict what is configured."""
    if block is None:
        return Sourced(default)
    written_requests = block.value.requests.by_name() if block.value.requests else None
    written_limits = block.value.limits.by_name() if block.value.limits else None
    requests = dict(default.requests if written_requests is None else written_requests)
    limits = dict(default.limits if written_limits is None else written_limits)
    limits.setdefault("memory", default.limits["memory"])
    for name, amount in requests.items():
        if name in limits and value(amount) > value(limits[name]):
            if written_requests is None:
                requests[name] = limits[name]
            elif name not in (written_limits or ()):
                limits[name] = amount
    return block.with_value(Resources(requests, limits))


def _gateway(request: Request) -> GatewaySettings | None:
    """The second tier, where there is tail sampling for it."""
    block = _gateway_block(request)
    if block is None or request.tail_sampling is None:
        return None
    gateway = block.value
    amounts = block.inside(gateway.resources, "resources") if gateway.resources else None
    return GatewaySettings(
        replicas=block.with_value(gateway.replicas) if gateway.written("replicas") else Sourced(gateway.replicas),
        resources=_resources(amounts, GATEWAY_RESOURCES),
        autoscaling=gateway.autoscaling,
        config=block.inside(gateway.config, "config") if gateway.config is not None else None,
    )


def _gateway_block(request: Request) -> Sourced[Gateway] | None:
    if request.node or "traces" not in request.signals:
        return None
    return request.layers.find_enabled("collector", "gateway")


def check_collector(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """What does not fit together in the settings of one collector."""
    yield from _check_resources(collector.resources)
    yield from _check_queue(collector)
    if _makes_series(collector.exporters) and not collector.labels:
        text = "has no transform, so series do not say to which class and function they belong"
        fix = f"write {DEFAULT_IMAGE}, or have Prometheus promote resource attributes"
        image = written_image(request.layers)
        yield image.report(rules.IMAGE_LACKS, text, fix=fix, proposed=DEFAULT_IMAGE, severity="warning")
    replicas: Sourced[int] | None = request.layers.find("collector", "replicas")
    if collector.autoscaling and replicas:
        yield _replicas_without_effect(replicas)
    yield from _check_autoscaling(collector, request)
    yield from _check_proxy(collector, request)
    yield from _check_volumes(collector, request)
    yield from _check_scrapers(collector)
    yield from _check_tiers(collector, request)
    yield from _check_files(collector)
    yield from _check_host(collector, request)


def _check_resources(resources: Sourced[Resources]) -> Iterator[Result]:
    requests, limits = resources.value.requests, resources.value.limits
    for name, amount in requests.items():
        if (limit := limits.get(name)) is not None and value(amount) > value(limit):
            text = f"has a request of {amount} {name} above the limit of {limit}"
            yield resources.report(rules.RESOURCES_INVALID, text, fix=f"write {limit} or less")
    if value(limits["memory"]) < LEAST_MEMORY:
        text = f"has a memory limit of {limits['memory']}, with which no collector starts"
        yield resources.report(rules.RESOURCES_INVALID, text, fix="write 64Mi or more")


def _check_queue(collector: CollectorSettings) -> Iterator[Result]:
    queue, has_replicas = collector.queue, collector.placement.has_replicas
    if queue.value.claim and (not has_replicas or collector.replicas.value > 1 or collector.autoscaling):
        text = f"has the claim {queue.value.claim}, whose files only one collector can have"
        yield queue.report(rules.QUEUE_VOLUME, text, fix="write mode: deployment with one replica, or leave claim out")


def _check_autoscaling(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """A warning where memory never reaches the target, since memory_limiter refuses data before."""
    gateway = collector.gateway
    tiers: list[tuple[tuple[str, ...], Autoscaling | None, Resources]] = [
        (("collector", "autoscaling"), collector.autoscaling, collector.resources.value),
        *([(("collector", "gateway", "autoscaling"), gateway.autoscaling, gateway.resources.value)] if gateway else []),
    ]
    for steps, autoscaling, resources in tiers:
        if autoscaling is None:
            continue
        for name in autoscaling.targets:
            if name not in resources.requests and name not in resources.limits:
                text = f"scales by {name}, and resources.requests has no {name}, so it would never scale"
                fix = f"write resources.requests.{name}, or another target"
                yield request.layers.get(*steps).report(rules.AUTOSCALING_REQUEST, text, fix=fix)
        if not autoscaling.memory or not (requested := resources.requests.get("memory")):
            continue
        refused = value(resources.limits["memory"]) * (LIMIT_PERCENT - SPIKE_PERCENT) // 100
        highest = refused * 100 // value(requested)
        block: Sourced[Any] | None = request.layers.find(*steps)
        if block and autoscaling.memory >= highest:
            text = (
                f"is {autoscaling.memory} percent of {requested}, which the collector never uses: memory_limiter "
                f"refuses data from {LIMIT_PERCENT - SPIKE_PERCENT} percent of the limit on"
            )
            proposed = max((highest - 5) // 5 * 5, 1)
            fix = f"write {proposed} or less, or a higher limit of memory"
            target = block.inside(autoscaling.memory, "memory")
            yield target.report(rules.AUTOSCALING_MEMORY, text, fix=fix, proposed=proposed)


def _check_proxy(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """A warning where a collector would send to a Service of the cluster through a proxy."""
    env: Sourced[dict[str, Variable]] | None = request.layers.find("collector", "env")
    proxy = next((name for name in PROXIES if name in collector.env), None)
    if env is None or proxy is None:
        return
    exceptions = [collector.env[name].value for name in NO_PROXY if name in collector.env]
    if None in exceptions or collector.env_from:
        return  # only the cluster knows the value
    written = [text for text in exceptions if text]
    targets = (target.value for targets in collector.exporters.values() for target in targets)
    hosts = [host for target in targets if (host := urlsplit(target.url).hostname) and is_in_cluster(host)]
    if through := [host for host in dict.fromkeys(hosts) if not bypasses_proxy(host, written)]:
        text = f"sets {proxy} and no NO_PROXY for {listed(through, 'and')}, so the collector sends through the proxy"
        proposed = ",".join([*written, *through])
        fix = f"write NO_PROXY: {proposed}"
        yield env.with_value(None).report(rules.COLLECTOR_PROXY, text, fix=fix, proposed=proposed)


def _check_volumes(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """An error for a claim that several collectors would mount."""
    volumes: Sourced[dict[str, Volume]] | None = request.layers.find("collector", "volumes")
    for name, volume in collector.volumes.items():
        if volumes and volume.claim and (not collector.is_single or collector.gateway):
            text = f"has the claim {volume.claim}, whose files only one collector can have"
            fix = "write mode: deployment with one replica, or another source"
            yield volumes.inside(volume.claim, name, "claim").report(rules.VOLUME_SOURCE, text, fix=fix)


def _replicas_without_effect(replicas: Sourced[int]) -> Result:
    text = "has no effect, since autoscaling decides how many pods there are"
    return replicas.report(rules.AUTOSCALING_REPLICAS, text, fix="leave it out")


def _check_scrapers(collector: CollectorSettings) -> Iterator[Result]:
    if not collector.refuses_scrapers:
        return
    for target in collector.exporters.get("metrics", ()):
        if target.value.kind == "prometheus":
            text = "lets Prometheus fetch metrics, but the collector's NetworkPolicy lets nobody in"
            fix = "write collector.network_policy.scrapers in the OTelConfig"
            yield target.report(rules.SCRAPERS_MISSING, text, fix=fix)


def _check_tiers(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """What does not fit together in tail sampling and its second tier."""
    block, tail = _gateway_block(request), collector.tail_sampling
    if block and collector.gateway is None:
        fix = "write collector.tail_sampling, or leave it out"
        yield block.report(sampling_rules.GATEWAY_IDLE, "has no effect without tail_sampling", fix=fix)
    if block and collector.gateway:
        if block.value.autoscaling and block.value.written("replicas"):
            yield _replicas_without_effect(block.inside(block.value.replicas, "replicas"))
        yield from _check_resources(collector.gateway.resources)
    if tail and not collector.gateway and not collector.is_single:
        in_pods = collector.placement.in_class_pods
        why = "mode sidecar has one in each pod" if in_pods else f"there may be {collector.most} replicas"
        text = f"needs all spans of a trace in one collector, and {why}"
        fix = "write collector.gateway: {replicas: 2}, or mode: deployment with one replica"
        yield tail.report(sampling_rules.TAIL_SAMPLING_SPLIT, text, fix=fix)


def _check_files(collector: CollectorSettings) -> Iterator[Result]:
    """An error for files in a claim that several collectors would write."""
    for signal, targets in collector.exporters.items():
        for target in targets:
            name, claim = target.value.name, target.value.files.claim
            if claim and (not collector.is_single or (signal == "traces" and collector.gateway)):
                text = f"names {name}, files in the claim {claim}, which only one collector can write"
                fix = f"write mode: deployment with one replica, or leave backends.{name}.file.claim out"
                yield target.with_value(name).report(destination_rules.FILE_CLAIM, text, fix=fix)


def _check_host(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """Errors where the address of the collector's Service is not known, or may still change."""
    host, placement = collector.endpoint_host, collector.placement
    if placement.has_replicas and host.value != "short" and request.namespace == "":
        text = f"is {host.value}, which needs a namespace, and this class has none"
        fix = "write metadata.namespace, or endpoint_host: short"
        yield host.report(destination_rules.NAMESPACE_MISSING, text, fix=fix, proposed="short")
    if (placement.has_service or collector.gateway) and request.layers.get("names_may_change").value:
        yield _name_not_final(collector)


def _name_not_final(collector: CollectorSettings) -> Result:
    mode, placement = collector.mode, collector.placement
    if placement.per_node:  # it serves all classes: what a single class writes has no influence
        text = (
            "makes collectors whose name and namespace are in the endpoints of other packages, and names_may_change "
            "says that they may still change"
        )
        fix = "make them in a package without a later namePrefix, nameSuffix or namespace, and write false here"
        manage: Sourced[bool] = Sourced(True, mode.source, ("collector", "daemonset", "manage"))
        return manage.report(destination_rules.NAME_NOT_FINAL, text, fix=fix, proposed=False)
    text = "writes the collector's name into endpoints, and names_may_change says that a prefix may still come"
    fix = "run the function as a transformer of the last overlay, or "
    fix += "leave collector.gateway out" if placement.in_class_pods else "write mode: sidecar, or an endpoint"
    proposed = None if placement.in_class_pods else "sidecar"
    return mode.report(destination_rules.NAME_NOT_FINAL, text, fix=fix, proposed=proposed)
