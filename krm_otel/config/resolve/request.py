"""What the settings of one class are resolved from."""

from __future__ import annotations

from functools import cached_property

from krm_otel.config.placement import PLACEMENTS, Mode
from krm_otel.config.provenance import Source, Sourced
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.sampling import TailSampling
from krm_otel.config.settings import Requirements
from krm_otel.config.sources.layers import Layers
from krm_otel.dataclass import dataclass, field
from krm_otel.otlp import SIGNALS, Protocol, SamplingStage


@dataclass(frozen=True)
class Request:
    """A class whose settings are to be resolved, and what its sources decide.

    Args:
        layers: its sources.
        enabled: whether it is on. A class that is off gets no results: a draft may stay incomplete.
        config: the OTelConfig's spec, for backends and limits; an empty one where there is none.
        config_source: where that spec is.
        block: the block of the class itself, to report what is missing.
        namespace: that of the class, empty where it has none; None where only each workload knows it.
        requirements: what the class has to achieve.
        node: the class is the one that owns the collector of every node (`daemonset.node_layers`).
    """

    layers: Layers
    enabled: Sourced[bool]
    config: ConfigSpec
    config_source: Source
    block: Source
    namespace: str | None = None
    requirements: Requirements = field(default=Requirements())
    node: bool = False

    @cached_property
    def protocol(self) -> Sourced[Protocol]:
        """The OTLP protocol where the port does not decide."""
        return self.layers.get("telemetry", "protocol")

    @cached_property
    def mode(self) -> Sourced[Mode]:
        """Where the collector runs."""
        return self.layers.get("collector", "mode")

    @cached_property
    def switches(self) -> dict[str, Sourced[bool]]:
        """Signal → whether it is on."""
        return {signal: self.layers.get("telemetry", signal) for signal in SIGNALS}

    @cached_property
    def signals(self) -> list[str]:
        """The signals that are on."""
        return [signal for signal, switch in self.switches.items() if switch.value]

    @cached_property
    def endpoint(self) -> Sourced[str] | None:
        """The URL to which SDKs send everything; with one, there is no managed collector."""
        return None if self.node else self.layers.find("collector", "endpoint")

    @property
    def has_generated_collector(self) -> bool:
        """Whether a collector of krm-otel is between SDKs and backends, the class's own or that of its node."""
        return self.endpoint is None and (self.node or PLACEMENTS[self.mode.value].managed)

    @property
    def is_managed(self) -> bool:
        """Whether a collector is generated for the class."""
        shared = PLACEMENTS[self.mode.value].per_node and not self.node
        return self.has_generated_collector and bool(self.signals) and not shared

    @property
    def is_shared(self) -> bool:
        """Whether the class uses the collector of its node."""
        return self.has_generated_collector and bool(self.signals) and not self.is_managed

    @cached_property
    def exporters(self) -> dict[str, list[Sourced[str]]]:
        """Signal → its exporters. With an endpoint, which gets everything, exporters of lower layers do not count: they
        are those of a managed collector."""
        layers = self.layers.above(self.endpoint.source) if self.endpoint else self.layers
        exporters: dict[str, list[Sourced[str]]] = {}
        for signal in SIGNALS:
            if written := layers.find("collector", "exporters", signal):
                names = written.value
                is_single = len(names) == 1  # one is written without brackets
                exporters[signal] = [
                    written.with_value(name) if is_single else written.inside(name, index)
                    for index, name in enumerate(names)
                ]
        return exporters

    @cached_property
    def tail_sampling(self) -> Sourced[TailSampling] | None:
        """The block that decides by whole traces, where there are traces."""
        return self.layers.find_enabled("collector", "tail_sampling") if "traces" in self.signals else None

    @cached_property
    def written_stage(self) -> Sourced[SamplingStage]:
        """Where traces are sampled, as the sources have it."""
        return self.layers.get("collector", "sampling_stage")

    @cached_property
    def stage(self) -> Sourced[SamplingStage]:
        """Where traces are sampled: with tail sampling in the collector, unless a source decides otherwise."""
        decides = self.tail_sampling if self.is_managed and not self.node else None
        return decides.with_value("collector") if decides and self.written_stage.is_default else self.written_stage
