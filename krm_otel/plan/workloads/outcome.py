"""What planning one workload returns. It does not depend on any other workload."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from krm_otel import names
from krm_otel.config.settings import OaasClass
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change

ClassKey = tuple[Ref, str, str]
"""What identifies a class within one input: its ref, namespace and name. The platform's class has no ref."""


def class_key(oaas_class: OaasClass) -> ClassKey:
    """The key of a class."""
    return oaas_class.ref, oaas_class.namespace, oaas_class.name


@dataclass(frozen=True, slots=True)
class Membership:
    """What one workload contributes to the summary of its class.

    Args:
        key: the class.
        position: the workload's position in the input.
        sync_wave: when Argo CD applies the workload; None where krm-otel selects none of its containers.
        is_instrumented: the workload sends telemetry, or would if its manifest did not set everything itself.
        has_errors: it cannot be instrumented.
    """

    key: ClassKey
    position: int
    sync_wave: int | None = None
    is_instrumented: bool = False
    has_errors: bool = False


@dataclass(frozen=True, slots=True)
class KeptWorkload:
    """A workload that has errors and keeps what it has (`on_error: degrade`).

    Args:
        ref: the workload.
        classes: (namespace, name) of the classes whose objects it may still need.
        config_maps: the names of the ConfigMaps that its pods mount.
        results: what is wrong with it.
    """

    ref: Ref
    classes: frozenset[tuple[str, str]]
    config_maps: tuple[str, ...]
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class WorkloadOutcome:
    """The change of one workload, its results, and what follows for its class."""

    change: Change
    results: tuple[Result, ...] = ()
    membership: Membership | None = None
    kept: KeptWorkload | None = None

    def after(self, earlier: Iterable[Result]) -> WorkloadOutcome:
        """The same outcome with the results of earlier steps in front."""
        return replace(self, results=(*earlier, *self.results))


def sync_wave(resource: Resource) -> int:
    """When Argo CD applies a workload; 0 where the annotation is absent, or is not a number that Argo CD can read."""
    value = resource.annotations.get(names.A_SYNC_WAVE, "")
    return int(value) if re.fullmatch(r"[+-]?[0-9]{1,9}", value) else 0
