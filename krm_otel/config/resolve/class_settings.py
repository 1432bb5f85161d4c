"""Layers → Settings: every value with its origin, and what the values mean together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from krm_otel.config.provenance import Place
from krm_otel.config.resolve.backends import targets_of
from krm_otel.config.resolve.collector import check_files, check_host, check_stage, collect
from krm_otel.config.resolve.daemonset import check_shared, node_collector, unheard
from krm_otel.config.resolve.endpoints import check_exporter, general, of_signal
from krm_otel.config.resolve.limits import limit_endpoint, limit_image, limit_rate
from krm_otel.config.resolve.sampling import check_counted, check_tail_elsewhere, needs, scaled, stage_of
from krm_otel.config.resolve.sampling import wanted as wanted_block
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.sampling import TailSamplingBlock
from krm_otel.config.settings import DEFAULT, Attributes, Endpoint, Mode, Settings, Sourced
from krm_otel.config.sources.layers import Found, Layer, Say, find, merged, pick
from krm_otel.config.sources.requirements import Requirements
from krm_otel.diagnostics.result import Result, has_errors
from krm_otel.diagnostics.suggestion import listed
from krm_otel.otlp import SIGNALS, Protocol, SamplingStage

TEMPLATE: Final = "{class}-{container}"
RATE: Final = 0.1
PROPAGATORS: Final = ("w3c", "b3")
NOTHING: Final = Requirements()
_SPELLED: Final = {"w3c": ("tracecontext", "baggage")}
"""Names of propagators that OTEL_PROPAGATORS spells otherwise."""


def compose(
    layers: Sequence[Layer],
    enabled: Sourced[bool],
    config: ConfigSpec,
    at: Place,
    home: Place,
    namespace: str | None = None,
    required: Requirements = NOTHING,
    *,
    node: bool = False,
) -> tuple[Settings | None, list[Result]]:
    """The settings that the layers come to.

    Args:
        layers: the sources, highest first.
        enabled: whether the class is on. Of one that is off, nothing is said: a draft may stay incomplete.
        config: the OTelConfig's spec, for backends and limits; an empty one where there is none.
        at: where that spec stands.
        home: the block of the class itself, for what is missing and so stands nowhere.
        namespace: that of the class, empty where it has none; None where it is known only workload by workload.
        required: what the class has to achieve.
        node: what is composed is the collector that runs on every node, with `layers` as `node_layers` gives them.

    Returns:
        The settings, None where they are faulty, and what is to be said.
    """
    if any(layer.faulty for layer in layers):
        return None, []
    said: list[Result] = []
    say = said.append
    limits = config.limits

    protocol: Found[Protocol] = pick(layers, "grpc", "telemetry", "protocol")
    mode: Found[Mode] = pick(layers, "sidecar", "collector", "mode")
    rate = limit_rate(pick(layers, RATE, "telemetry", "sampling_rate"), limits, at, say)
    signals = {signal: pick(layers, signal != "logs", "telemetry", signal).sourced() for signal in SIGNALS}
    service_name: Found[str] | None = find(layers, "telemetry", "service_name")
    propagators: Found[tuple[str, ...]] = pick(layers, PROPAGATORS, "telemetry", "propagators")

    image: Found[str] | None = find(layers, "collector", "image")
    if image:
        limit_image(image, limits, say)
    url: Found[str] | None = None if node else find(layers, "collector", "endpoint")
    wanted = [signal for signal in SIGNALS if signals[signal].value]
    ours = url is None and (node or mode.value != "external")
    managed = ours and bool(wanted) and (node or mode.value != "daemonset")
    shared = ours and bool(wanted) and not managed
    tail: Found[TailSamplingBlock] | None = wanted_block(layers, "tail_sampling") if "traces" in wanted else None
    chosen: Found[SamplingStage] = pick(layers, "sdk", "collector", "sampling_stage")
    stage = stage_of(chosen, tail, say) if managed and not node else chosen
    speaking = _from(layers, url)
    exporters = {
        signal: _several(found) for signal in SIGNALS if (found := find(speaking, "collector", "exporters", signal))
    }
    for several in exporters.values():
        for exporter in several:
            check_exporter(exporter, config, ours, say)

    endpoint: Sourced[Endpoint] | None = None
    if url:
        limit_endpoint(url, limits, say)
        headers, tls = (config.collector.headers, config.collector.tls) if config.collector else (None, None)
        if made := general(url, protocol, headers, tls, say):
            endpoint = url.having(made).sourced()
    # SDKs send to the exporters themselves only where no collector of ours stands between.
    direct: dict[str, Sourced[Endpoint]] = {}
    if url or mode.value == "external":
        for signal in wanted:
            own = exporters.get(signal, [])
            if len(own) > 1:
                text = "names several exporters, and an SDK sends to one: write one of them, or use a managed collector"
                say(own[0].having(tuple(one.value for one in own)).result("exporters-several", "error", text))
            elif own and (made := of_signal(signal, own[0], protocol, config, at, say)):
                direct[signal] = own[0].having(made).sourced()
    collector = None
    if managed:
        targets = targets_of(wanted, exporters, protocol, config, at, home, say, quiet=unheard(layers) if node else ())
        collector = collect(layers, mode, targets, needs(layers, wanted, node=node), say)
        collector = scaled(collector, layers, None if node else tail, required, say, node=node)
        check_files(collector, targets, say)
        check_host(layers, mode, namespace, say, gateway=collector.gateway is not None)
        if signals["traces"].value:
            check_stage(stage, rate.value, say)
        if not node:
            check_counted(layers, stage, rate.value, wanted, say)
    elif shared:
        check_tail_elsewhere(tail, home, say, shared=True)
        check_counted(layers, stage, rate.value, wanted, say, shared=True)
        check_shared(layers, [one for several in exporters.values() for one in several], stage, wanted, home, say)
    elif wanted:
        check_tail_elsewhere(tail, home, say, shared=False)
        _check_unmanaged(stage, url, [signal for signal in wanted if signal not in exporters], home, say)

    settings = Settings(
        enabled=enabled,
        traces=signals["traces"],
        metrics=signals["metrics"],
        logs=signals["logs"],
        sampling_rate=rate,
        sampling_stage=stage.sourced(),
        service_name=service_name.sourced() if service_name else None,
        service_name_template=pick(layers, TEMPLATE, "telemetry", "service_name_template").sourced(),
        propagators=propagators.having(_spelled(propagators.value)).sourced(),
        resource_attributes=merged(layers, "telemetry", "resource_attributes"),
        attributes=_attributes(layers),
        protocol=protocol.sourced(),
        mode=mode.sourced(),
        image=image.sourced() if image else None,
        endpoint=endpoint,
        exporters=direct,
        collector=collector,
        node_collector=node_collector(layers) if shared else None,
    )
    if not enabled.value:
        return settings, []
    return None if has_errors(said) else settings, said


def _from(layers: Sequence[Layer], url: Found[str] | None) -> Sequence[Layer]:
    """The layers whose exporters count. Whoever writes an endpoint says where everything goes: what stands lower says
    where a collector would have sent it."""
    ranks = [rank for rank, layer in enumerate(layers, 1) if url and layer.place is url.place]
    return layers[: ranks[0]] if ranks else layers


def _several(found: Found[tuple[str, ...]]) -> list[Found[str]]:
    """The exporters of one signal, each with its place."""
    if len(found.value) == 1:
        return [found.having(found.value[0])]
    return [Found(value, found.place, (*found.loc, index)) for index, value in enumerate(found.value)]


def _check_unmanaged(
    stage: Found[SamplingStage], url: Found[str] | None, bare: list[str], home: Place, say: Say
) -> None:
    """Errors for what needs a collector that is not there.

    `bare` are the enabled signals without an exporter of their own.
    """
    missing = ("collector", "endpoint")
    example = "http://collector:4317"
    if url is None and bare:
        text = (
            f"is missing, and mode external leaves {listed(bare, 'and')} without a destination: "
            f"write an OTLP endpoint such as {example}, or exporters"
        )
        say(home.result(missing, "endpoint-missing", "error", text, None, example))
    if stage.value != "sdk":
        text = f"is {stage.value}, which needs a managed collector, and there is none here: write sdk"
        say(stage.result("sampling-stage", "error", text, "sdk"))


def _spelled(names: Sequence[str]) -> tuple[str, ...]:
    spelled = [spelling for name in names for spelling in _SPELLED.get(name, (name,))]
    return tuple(dict.fromkeys(spelled))


def _attributes(layers: Sequence[Layer]) -> Sourced[Attributes]:
    """The groups of derived attributes; only the OTelConfig speaks of them, so they have one origin."""
    found = find(layers, "telemetry", "attributes")
    if found is None:
        return Sourced(Attributes(), DEFAULT)
    said = {name: value for name in found.value.model_fields_set if (value := getattr(found.value, name)) is not None}
    return found.having(Attributes(**said)).sourced()
