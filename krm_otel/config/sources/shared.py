"""The sources that all classes of an input share: OTelConfig, flat ConfigMap, environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from krm_otel.config.provenance import Origin, Source, Sourced
from krm_otel.config.reading.loader import Loaded
from krm_otel.config.schema.observability import FlatForm
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.sources.blocks import config_spec, matters
from krm_otel.config.sources.discovery import Discovered
from krm_otel.config.sources.flat_form import from_config_map, from_environment
from krm_otel.config.sources.layers import Layer
from krm_otel.diagnostics.result import Result


@dataclass(frozen=True)
class SharedSources:
    """What is the same for every class.

    `sound`: it is clear which OTelConfig counts.
    """

    config: Loaded[ConfigSpec]
    config_source: Source
    flat: Loaded[FlatForm]
    flat_source: Source
    environment: Loaded[FlatForm]
    environment_source: Source
    sound: bool

    @property
    def results(self) -> tuple[Result, ...]:
        """What is wrong in them."""
        return (*self.config.results, *self.flat.results, *self.environment.results)

    @property
    def spec(self) -> ConfigSpec:
        """The OTelConfig's spec; an empty one where there is none."""
        return self.config.model

    def layers(self, entry: str | None = None) -> tuple[Layer, ...]:
        """The layers below a class's own blocks; `entry`: its key in `classes`, so that the faults of other classes do
        not matter to it."""
        config_faulty = not self.sound or matters(self.config.faults, entry)
        return (
            Layer(self.flat.model, self.flat_source, bool(self.flat.faults)),
            Layer(self.spec, self.config_source, config_faulty),
            Layer(self.environment.model, self.environment_source, bool(self.environment.faults)),
        )

    def switched_off(self) -> Origin | None:
        """Where the global switch is off; one place is enough."""
        flat, config, environment = self.layers()
        switches = ((config, "enabled"), (flat, "features_otel"), (environment, "features_otel"))
        off = (layer.source.origin((field,)) for layer, field in switches if layer.written((field,)) is False)
        return next(off, None)

    def enabled_by_default(self) -> Sourced[bool]:
        """What a block means that does not say `enabled`."""
        for layer in self.layers():
            for field in ("enabled", "features_otel"):
                if (value := layer.written((field,))) is not None:
                    return Sourced(value, layer.source, (field,))
        return Sourced(False)


def read_shared(discovered: Discovered, environ: Mapping[str, str]) -> SharedSources:
    """Reads the OTelConfig, the flat ConfigMap and the environment."""
    config_source, config = Source("OTelConfig", path="spec"), Loaded(ConfigSpec())
    flat_source, flat = Source("OTelConfig", path="data"), Loaded(FlatForm())
    if discovered.config is not None:
        config_source, config = config_spec(discovered.config)
    if discovered.flat is not None:
        flat_source, flat = from_config_map(discovered.flat)
    environment_source, environment = from_environment(environ)
    return SharedSources(config, config_source, flat, flat_source, environment, environment_source, discovered.sound)
