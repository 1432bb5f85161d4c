"""What a managed collector is: its image, exporters, resources, queue and pods, and the rules between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from krm_otel.config.placement import PLACEMENTS
from krm_otel.config.provenance import Sourced
from krm_otel.config.resolve.image import complete_image, lacks, written_image
from krm_otel.config.resolve.request import Request
from krm_otel.config.resolve.resources import check_resources, replicas_without_effect, resources
from krm_otel.config.resolve.sampling import gateway, slow_after, span_metrics, tail_sampling
from krm_otel.config.schema.cluster_collector import EndpointHost
from krm_otel.config.schema.collector import DEFAULT_IMAGE
from krm_otel.config.settings import CollectorSettings, Resources, SecretHeader, Target
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.rules import destinations as destination_rules


def collector_settings(request: Request, targets: Mapping[str, Sequence[Sourced[Target]]]) -> CollectorSettings:
    """The settings of a managed collector, without any check; `targets`: signal → where it goes."""
    layers, mode = request.layers, request.mode
    batch = layers.get("collector", "batch")
    return CollectorSettings(
        mode=mode,
        image=complete_image(layers),
        exporters={signal: tuple(_distinct(entries)) for signal, entries in targets.items()},
        resources=resources(layers.find("collector", "resources"), _default_resources(request)),
        endpoint_host=layers.get("collector", "endpoint_host"),
        replicas=layers.get("collector", "replicas"),
        native_sidecar=layers.get("collector", "native_sidecar"),
        batch=batch if batch.value.enabled else batch.with_value(None),
        queue=layers.get("collector", "queue"),
        config=layers.find("collector", "config"),
        env=tuple(SecretHeader(name, at.secret, at.key) for name, at in layers.get("collector", "env").value.items()),
        autoscaling=layers.get("collector", "autoscaling").value,
        pod=layers.get("collector", "pod").value,
        service_account=layers.get("collector", "service_account").value,
        network_policy=layers.get("collector", "network_policy").value,
        k8s_attributes=PLACEMENTS[mode.value].per_node and layers.get("telemetry", "attributes", "k8s").value,
        labels=_makes_series(targets) and not lacks(layers, "transform"),
        span_metrics=span_metrics(request),
        tail_sampling=tail_sampling(request),
        slow_after=slow_after(request),
        gateway=gateway(request),
    )


def _distinct(targets: Sequence[Sourced[Target]]) -> list[Sourced[Target]]:
    """Each target once: two names may mean the same."""
    return list({target.value: target for target in reversed(targets)}.values())[::-1]


def _makes_series(targets: Mapping[str, Sequence[Sourced[Target]]]) -> bool:
    return any(target.value.series for target in targets.get("metrics", ()))


def _default_resources(request: Request) -> Resources:
    facts = PLACEMENTS[request.mode.value]
    return Resources(facts.requests, facts.limits)


def check_collector(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """What does not hold together in the settings of one collector."""
    yield from check_resources(collector.resources)
    yield from _check_queue(collector)
    yield from _check_labels(collector, request)
    replicas: Sourced[int] | None = request.layers.find("collector", "replicas")
    if collector.autoscaling and replicas:
        yield replicas_without_effect(replicas)
    yield from _check_scrapers(collector)


def _check_queue(collector: CollectorSettings) -> Iterator[Result]:
    queue, facts = collector.queue, collector.placement
    several = collector.replicas.value > 1 or collector.autoscaling is not None
    if queue.value.claim and (not facts.has_replicas or several):
        text = f"has the claim {queue.value.claim}, whose files only one collector can have"
        fix = "write mode: deployment with one replica, or leave claim out"
        yield queue.report(rules.QUEUE_VOLUME, text, fix=fix)


def _check_labels(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """A warning where a Prometheus gets series without labels: the image does not have the processor."""
    if _makes_series(collector.exporters) and not collector.labels:
        text = "has no transform, so series do not say to which class and function they belong"
        fix = f"write {DEFAULT_IMAGE}, or have Prometheus promote resource attributes"
        image = written_image(request.layers)
        yield image.report(rules.IMAGE_LACKS, text, fix=fix, proposed=DEFAULT_IMAGE, severity="warning")


def _check_scrapers(collector: CollectorSettings) -> Iterator[Result]:
    policy = collector.network_policy
    if not collector.placement.has_service or not policy.enabled or policy.scrapers:
        return
    for target in collector.exporters.get("metrics", ()):
        if target.value.kind == "prometheus":
            text = "lets Prometheus fetch metrics, but the collector's NetworkPolicy lets nobody in"
            fix = "write collector.network_policy.scrapers in the OTelConfig"
            yield target.report(rules.SCRAPERS_MISSING, text, fix=fix)


def check_files(collector: CollectorSettings) -> Iterator[Result]:
    """An error for files in a claim that several collectors would write."""
    single = collector.placement.has_replicas and collector.most == 1
    for signal, targets in collector.exporters.items():
        for target in targets:
            name, claim = target.value.name, target.value.files.claim
            if claim and not (single and not (signal == "traces" and collector.gateway)):
                text = f"names {name}, files in the claim {claim}, which only one collector can write"
                fix = f"write mode: deployment with one replica, or leave backends.{name}.file.claim out"
                yield target.with_value(name).report(destination_rules.FILE_CLAIM, text, fix=fix)


def check_host(collector: CollectorSettings, request: Request) -> Iterator[Result]:
    """Errors where the address of the collector's Service cannot be told, or may still change."""
    host: Sourced[EndpointHost] = collector.endpoint_host
    facts = collector.placement
    if facts.has_replicas and host.value != "short" and request.namespace == "":
        text = f"is {host.value}, which needs a namespace, and this class has none"
        fix = "write metadata.namespace, or endpoint_host: short"
        yield host.report(destination_rules.NAMESPACE_MISSING, text, fix=fix, proposed="short")
    has_address = facts.has_service or collector.gateway is not None
    if has_address and request.layers.get("names_may_change").value:
        yield _name_not_final(collector)


def _name_not_final(collector: CollectorSettings) -> Result:
    mode, facts = collector.mode, collector.placement
    if facts.per_node:  # it is that of all classes: what a single class writes never gets here
        text = (
            "makes collectors whose name and namespace are in the endpoints of other packages, and names_may_change "
            "says that they may still change"
        )
        fix = "make them in a package without a later namePrefix, nameSuffix or namespace, and write false here"
        manage: Sourced[bool] = Sourced(True, mode.source, ("collector", "daemonset", "manage"))
        return manage.report(destination_rules.NAME_NOT_FINAL, text, fix=fix, proposed=False)
    text = "writes the collector's name into endpoints, and names_may_change says that a prefix may still come"
    fix = "run the function as a transformer of the last overlay, or "
    fix += "leave collector.gateway out" if facts.in_class_pods else "write mode: sidecar, or an endpoint"
    proposed = None if facts.in_class_pods else "sidecar"
    return mode.report(destination_rules.NAME_NOT_FINAL, text, fix=fix, proposed=proposed)
