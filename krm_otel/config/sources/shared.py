"""The sources that all classes of an input share: OTelConfig, flat ConfigMap, environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache

from krm_otel.config.provenance import Origin, Source, Sourced
from krm_otel.config.reading.loader import Loaded
from krm_otel.config.schema.observability import FlatForm
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.sources.blocks import concerns_class, config_spec
from krm_otel.config.sources.discovery import Discovered
from krm_otel.config.sources.flat_form import from_config_map, from_environment
from krm_otel.config.sources.layers import Layer
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result
from krm_otel.krm.resource import Resource
from krm_otel.names import E_FEATURE, E_PREFIX


@dataclass(frozen=True)
class SharedSources:
    """What is the same for every class."""

    discovered: Discovered
    config: Loaded[ConfigSpec]
    flat: Loaded[FlatForm]
    environment: Loaded[FlatForm]

    @property
    def results(self) -> tuple[Result, ...]:
        """What is wrong in them."""
        return (*self.config.results, *self.flat.results, *self.environment.results)

    @property
    def spec(self) -> ConfigSpec:
        """The OTelConfig's spec; an empty one where there is none."""
        return self.config.model

    @property
    def config_source(self) -> Source:
        """Where the OTelConfig's spec is."""
        return self.config.source

    def layers(self, entry: str | None = None) -> tuple[Layer, ...]:
        """The layers below a class's own blocks.

        Args:
            entry: the class's key in `classes`. Errors in other entries do not concern it.
        """
        config_faulty = not self.discovered.is_certain or concerns_class(self.config.invalid, entry)
        return (
            Layer(self.flat.model, self.flat.source, bool(self.flat.invalid)),
            Layer(self.spec, self.config.source, config_faulty),
            Layer(self.environment.model, self.environment.source, bool(self.environment.invalid)),
        )

    @cached_property
    def switched_off(self) -> Origin | None:
        """Where the global switch is off; a single source is enough."""
        flat, config, environment = self.layers()
        switches = ((config, "enabled"), (flat, "features_otel"), (environment, "features_otel"))
        off = (layer.source.origin((field,)) for layer, field in switches if layer.written((field,)) is False)
        return next(off, None)

    def enabled_by_default(self) -> Sourced[bool]:
        """Whether a block without `enabled` is on."""
        for layer in self.layers():
            for field in ("enabled", "features_otel"):
                if (value := layer.written((field,))) is not None:
                    return Sourced(value, layer.source, (field,))
        return Sourced(False)


def read_shared(discovered: Discovered, environ: Mapping[str, str]) -> SharedSources:
    """Reads the OTelConfig, the flat ConfigMap and the environment."""
    variables = tuple(sorted(item for item in environ.items() if item[0].startswith((E_FEATURE, E_PREFIX))))
    return SharedSources(discovered, _config(discovered.config), _flat(discovered.flat), _environment(variables))


# All packages of a process have the same ones, mostly: reading them again takes a tenth of the time of a small package.
# A resource is the same one only if it is the same object, which the function config of a command is.


@lru_cache(maxsize=2)
def _config(config: Resource | None) -> Loaded[ConfigSpec]:
    return config_spec(config) if config else Loaded(ConfigSpec(), Source("OTelConfig", path="spec"))


@lru_cache(maxsize=2)
def _flat(flat: Resource | None) -> Loaded[FlatForm]:
    return from_config_map(flat) if flat else Loaded(FlatForm(), Source("OTelConfig", path="data"))


@lru_cache(maxsize=1)
def _environment(variables: tuple[tuple[str, str], ...]) -> Loaded[FlatForm]:
    return from_environment(dict(variables))


def source_date(environ: Mapping[str, str]) -> str:
    """SOURCE_DATE_EPOCH (seconds; reproducible-builds.org) as Kubernetes writes times; empty where it is not set.

    Output contains no other time: it never depends on the clock.
    """
    seconds = environ.get("SOURCE_DATE_EPOCH", "")
    if not (seconds and re.fullmatch(r"[0-9]{1,11}", seconds)):
        return ""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
