"""What is to be planned: the input, its configuration, and the purpose of the run."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import Enum

from krm_otel.config.settings import Configuration
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Track, untracked


class Purpose(Enum):
    """Why an input is planned."""

    RENDER = "render"
    """Inject and generate what the configuration asks for."""
    UNINJECT = "uninject"
    """Take everything of krm-otel out, whatever the configuration says."""
    SWITCHED_OFF = "switched off"
    """The global switch is off: take out what was injected and generated."""


@dataclass(frozen=True, slots=True)
class Request:
    """One input with its configuration.

    Args:
        items: the input's objects.
        configuration: what the input and the environment configure.
        purpose: what the plan is for.
        complete: the input is a whole folder, so a class that is not in it is deleted.
        generator: the function config, where kustomize runs the function as a generator.
        now: the time for conditions that change; empty: they get none.
        track: iterates over the items, and may show the progress.
    """

    items: Sequence[Item]
    configuration: Configuration
    purpose: Purpose = Purpose.RENDER
    complete: bool = False
    generator: Resource | None = None
    now: str = ""
    track: Track = untracked

    @property
    def is_render(self) -> bool:
        """Whether anything is injected or generated."""
        return self.purpose is Purpose.RENDER

    @property
    def generating(self) -> bool:
        """Whether kustomize generates objects from the function config: then the input has no workloads."""
        return self.generator is not None

    @property
    def switched_off(self) -> str:
        """Where the global switch is off; empty: it is not, or does not matter."""
        return str(self.configuration.switched_off) if self.purpose is Purpose.SWITCHED_OFF else ""

    def without(self, classes: AbstractSet[Ref]) -> Request:
        """The same request, in which these classes have errors and keep what they have."""
        return replace(self, configuration=self.configuration.without(classes))
