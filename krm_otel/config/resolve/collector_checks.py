"""The rules between the settings of one managed collector: what does not fit together. Each yields its results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve.collector import LEAST_MEMORY, LIMIT_PERCENT, SPIKE_PERCENT, gateway_block, has_series
from krm_otel.config.resolve.daemonset import check_certificate
from krm_otel.config.resolve.image import written_image
from krm_otel.config.resolve.request import Request
from krm_otel.config.schema.autoscaling import Autoscaling
from krm_otel.config.schema.collector import DEFAULT_IMAGE, Volume
from krm_otel.config.schema.credentials import Variable
from krm_otel.config.settings import CollectorSettings, Resources, Target
from krm_otel.config.types.endpoint import host_variable, is_node_address
from krm_otel.config.types.quantity import value
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import destinations as destination_rules
from krm_otel.diagnostics.rules import sampling as sampling_rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.otlp import port_protocol, url_parts
from krm_otel.proxies import NO_PROXY, PROXIES, bypasses_proxy, is_in_cluster


def check_collector(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """What does not fit together in the settings of one collector."""
    yield from _check_resources(collector.resources)
    yield from _check_batch(collector)
    yield from _check_queue(collector)
    if has_series(collector.exporters) and not collector.labels:
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
    if collector.host_port:
        yield from check_certificate(request)
    yield from _check_loop(collector)
    yield from _check_series(collector)
    yield from _check_tiers(collector, request)
    yield from _check_files(collector)
    yield from _check_host(collector, request)


def _check_batch(collector: CollectorSettings) -> Iterator[Result]:
    """Sizes of batches that two sources give; those of one source are checked where they are read."""
    batch = collector.batch.value
    if batch and batch.size_conflict:
        text, fix = batch.size_conflict
        yield collector.batch.report(rules.BATCH_SIZE, text, fix=fix)


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
    hosts = [host for target in targets if (host := url_parts(target.url).hostname) and is_in_cluster(host)]
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


def _check_loop(collector: CollectorSettings) -> Iterator[Result]:
    """An error for a collector on a node that sends to its own port of the node."""
    for target in (target for targets in collector.exporters.values() for target in targets if collector.host_port):
        url = target.value.url
        if is_node_address(host_variable(url) or "") and port_protocol(url) is not None:
            text = f"is {url}, the port of the node that daemonset.host_port gives to this collector itself"
            fix = "write the endpoint of a backend"
            yield target.with_value(url).report(destination_rules.ENDPOINT_LOOP, text, fix=fix)


def _check_series(collector: CollectorSettings) -> Iterator[Result]:
    """Warnings for series that a Prometheus would have twice.

    A collector keeps a series for minutes after it last received it, and connections of SDKs move between replicas. Two
    ways to one Prometheus give series with different labels (run with v0.316.0: OTLP adds `otel_scope_name`). Another
    database than a Prometheus of the cluster is taken for another one.
    """
    targets = [target for target in collector.exporters.get("metrics", ()) if target.value.series]
    for index, target in enumerate(targets):
        named = target.with_value(target.value.name or target.value.url)
        if target.value.kind == "prometheus" and collector.placement.has_replicas and collector.most > 1:
            text = (
                f"names {named.value}, and there may be {collector.most} replicas: each keeps the series that it "
                "has received, so sums count them more than once"
            )
            fix = "write one replica, or a backend of type prometheus or prometheus-remote-write"
            yield named.report(destination_rules.SERIES_TWICE, text, fix=fix)
            continue
        others = (other.value for other in targets[:index] if _may_be_one(target.value, other.value))
        if other := next(others, None):
            text = f"names {named.value} and {other.name or other.url}: one Prometheus behind both counts everything "
            yield named.report(destination_rules.SERIES_TWICE, f"{text}twice", fix="write one of them")


def _may_be_one(one: Target, other: Target) -> bool:
    """Whether two targets may be the same Prometheus: one host, or one that scrapes and one of the cluster."""
    if "prometheus" in (one.kind, other.kind):
        pushed = other if one.kind == "prometheus" else one
        parts = url_parts(pushed.url)
        ours = parts.path.endswith(("/api/v1/otlp", "/api/v1/otlp/v1/metrics", "/api/v1/write"))
        return one.kind == other.kind or (ours and is_in_cluster(parts.hostname or ""))
    return url_parts(one.url).netloc == url_parts(other.url).netloc


def _check_tiers(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """What does not fit together in tail sampling and its second tier."""
    block, tail = gateway_block(request), collector.tail_sampling
    if block and collector.gateway is None:
        fix = "write collector.tail_sampling, or leave it out"
        yield block.report(sampling_rules.GATEWAY_IDLE, "has no effect without tail_sampling", fix=fix)
    if block and collector.gateway:
        if block.value.autoscaling and block.value.written("replicas"):
            yield _replicas_without_effect(block.inside(block.value.replicas, "replicas"))
        yield from _check_resources(collector.gateway.resources)
    if tail and tail.value.target and collector.gateway and collector.gateway.autoscaling:
        text = "is shared by the collectors of the second tier, and with autoscaling nobody knows how many there are"
        where = tail.inside(tail.value.target, "target")
        yield where.report(sampling_rules.TAIL_SAMPLING_TARGET, text, fix="write collector.gateway.replicas")
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
