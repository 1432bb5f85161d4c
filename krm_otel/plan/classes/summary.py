"""What is known of classes once workloads have been seen: asked when the whole input has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from krm_otel import names
from krm_otel.conditions import Tally
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Matcher


@dataclass(slots=True)
class Seen:
    """What the workloads of one class came to, so far."""

    first: Resource | None = None
    """The first workload that belongs to it."""
    settings: Settings | None = None
    """Its settings, with the endpoint that its workloads send to."""
    wave: int | None = None
    """The earliest sync wave of the workloads that its collector is for."""
    tally: Tally = field(default_factory=Tally)
    """What came of its workloads."""

    def met(self, resource: Resource) -> None:
        """Counts a workload that belongs to the class."""
        self.first = self.first or resource

    def sends(self, workload: Workload, settings: Settings) -> None:
        """Counts a workload that is to be instrumented."""
        wave = _sync_wave(workload)
        self.wave = wave if self.wave is None else min(self.wave, wave)
        self.settings = settings


class Census:
    """What was seen of each class."""

    def __init__(self, configuration: Configuration, matcher: Matcher):
        self._configuration = configuration
        self._matcher = matcher
        self._seen: dict[int, Seen] = {}
        """Class (by `id`) → what was seen of it."""

    def of(self, oaas_class: OaasClass) -> Seen:
        """What was seen of one class."""
        return self._seen.setdefault(id(oaas_class), Seen())

    def classes(self) -> Iterator[OaasClass]:
        """All that there are: those of the input, the platform's in each namespace, and that of the nodes."""
        yield from self._configuration.classes
        yield from self._matcher.platforms()
        if self._configuration.node_collectors:
            yield self._configuration.node_collectors

    @property
    def platform(self) -> bool:
        """Whether a component of the platform was among the workloads."""
        return any(self.of(one).first is not None for one in self._matcher.platforms())


def _sync_wave(workload: Workload) -> int:
    """When Argo CD applies a workload; 0 where nothing is said, or nothing that it can read."""
    written = workload.resource.annotations.get(names.A_SYNC_WAVE, "")
    return int(written) if re.fullmatch(r"[+-]?[0-9]{1,9}", written) else 0
