"""What the workloads of a class add up to, once all of them are planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from krm_otel import names
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.dataclass import dataclass, field
from krm_otel.plan.workloads.candidate import ClassKey, Membership, class_key
from krm_otel.plan.workloads.pod_additions import sending_settings
from krm_otel.workloads.match import platform_class


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """The summary of one class.

    Args:
        oaas_class: the class.
        first: the position of its first workload; None: it has no workload.
        sync_wave: the earliest of the workloads that its collector is for; None: there is none.
        instrumented: how many workloads are instrumented.
        failed: how many workloads cannot be instrumented.
        elsewhere: how many workloads are instrumented and keep endpoints of the user's.
        services: service name → the functions that have it.
    """

    oaas_class: OaasClass
    first: int | None = None
    sync_wave: int | None = None
    instrumented: int = 0
    failed: int = 0
    elsewhere: int = 0
    services: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def has_workload(self) -> bool:
        """Whether a workload belongs to the class."""
        return self.first is not None

    @property
    def settings(self) -> Settings | None:
        """The settings of the class, with the endpoint that its workloads send to, where it has workloads."""
        settings = self.oaas_class.settings
        if settings is None or self.sync_wave is None:
            return settings
        return sending_settings(self.oaas_class, settings)

    @property
    def is_platform(self) -> bool:
        """Whether this is the pseudo-class of the platform's components in one namespace."""
        return self.oaas_class.name == names.PLATFORM_CLASS and not self.oaas_class.ref.kind


Summaries = Mapping[ClassKey, ClassSummary]
"""The summaries of the input's classes, then of the platform in each namespace, then of the node collectors."""


def summarize_classes(configuration: Configuration, memberships: Iterable[Membership]) -> Summaries:
    """The summary of each class, from what the workloads contribute, in any order."""
    members: dict[ClassKey, list[Membership]] = {}
    for membership in sorted(memberships, key=lambda member: member.position):
        members.setdefault(membership.key, []).append(membership)
    classes = list(configuration.classes)
    known = set(map(class_key, classes))
    classes += [platform_class(configuration, key[1]) for key in members if key not in known]
    if configuration.node_collectors:
        classes.append(configuration.node_collectors)
    keyed = {class_key(oaas_class): oaas_class for oaas_class in classes}
    return {key: _summary(oaas_class, members.get(key, ())) for key, oaas_class in keyed.items()}


def _summary(oaas_class: OaasClass, members: Sequence[Membership]) -> ClassSummary:
    return ClassSummary(
        oaas_class,
        min((member.position for member in members), default=None),
        min((member.sync_wave for member in members if member.sync_wave is not None), default=None),
        sum(member.is_instrumented for member in members),
        sum(member.has_errors for member in members),
        sum(member.is_instrumented and member.sends_elsewhere for member in members),
        _services(members),
    )


def _services(members: Sequence[Membership]) -> Mapping[str, Sequence[str]]:
    services: dict[str, dict[str, None]] = {}
    for name, function in (service for member in members for service in member.services):
        services.setdefault(name, {})[function] = None
    return {name: tuple(functions) for name, functions in services.items()}
