"""The sources of one class's settings, highest first, and how a value is looked up in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from krm_otel.config.provenance import FieldSteps, Source, Sourced
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import Model
from krm_otel.dataclass import dataclass

_DEFAULTS: Final = ConfigSpec()


@dataclass(frozen=True)
class Layer:
    """A source with its block.

    `faulty`: it has an error that may concern this class. Then nothing is checked together with other sources: a
    misspelt `endpoint` must not be reported as a missing one, too.
    """

    block: Model
    source: Source
    faulty: bool = False

    def written(self, steps: FieldSteps) -> Any:
        """The value that is written in a field of the block; None without one."""
        value: Any = self.block
        for step in steps:
            value = value.written(str(step)) if isinstance(value, Model) else None
        return value


@dataclass(frozen=True)
class Layers:
    """The layers of one class, highest first. Steps are those of a field in an OTelConfig's spec."""

    layers: tuple[Layer, ...]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @property
    def faulty(self) -> bool:
        """Whether one of them has an error that may concern the class."""
        return any(layer.faulty for layer in self.layers)

    def find(self, *steps: str) -> Sourced[Any] | None:
        """The value of the highest layer that has one; None without one."""
        for layer in self.layers:
            if (value := layer.written(steps)) is not None:
                return Sourced(value, layer.source, steps)
        return None

    def get(self, *steps: str) -> Sourced[Any]:
        """As `find`; without a written value, the default that the field declares."""
        if (written := self.find(*steps)) is not None:
            return written
        default: Any = _DEFAULTS
        for step in steps:
            default = getattr(default, step)
        return Sourced(default, steps=steps)

    def joined(self, *steps: str) -> Sourced[Any]:
        """A block, field by field the value of the highest layer that has one; its source is the highest of them."""
        blocks = [(layer, block) for layer in self.layers if (block := layer.written(steps)) is not None]
        values = {name: getattr(block, name) for _, block in reversed(blocks) for name in block.written_names}
        default = self.get(*steps) if not blocks else Sourced(blocks[0][1], blocks[0][0].source, steps)
        return default.with_value(type(default.value)(**values))

    def find_enabled(self, *steps: str) -> Sourced[Any] | None:
        """A written block, unless it is switched off."""
        block = self.find(*steps)
        return block if block and block.value.enabled else None

    def merged(self, *steps: str) -> dict[str, Sourced[Any]]:
        """A mapping that the layers fill together, key by key; keys of lower layers come first."""
        return {
            key: Sourced(value, layer.source, (*steps, key))
            for layer in reversed(self.layers)
            for key, value in (layer.written(steps) or {}).items()
        }

    def above(self, source: Source) -> Layers:
        """The layers down to a source, which is included."""
        ranks = [rank for rank, layer in enumerate(self.layers, 1) if layer.source is source]
        return Layers(self.layers[: ranks[0]]) if ranks else self

    def of_cluster(self) -> Layers:
        """The layers that apply to all classes."""
        return Layers(tuple(layer for layer in self.layers if not is_of_one_class(layer.source)))


def is_of_one_class(source: Source) -> bool:
    """Whether a source applies to a single class."""
    return source.kind == "ClassRuntime" or source.path.startswith("spec.classes")
