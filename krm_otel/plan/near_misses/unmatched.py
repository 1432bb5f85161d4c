"""What an OTelConfig says of classes, components and containers that the input does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.config.schema.sdk import SdkRule
from krm_otel.config.settings.sdk_profiles import NONE
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import near_misses as rules
from krm_otel.diagnostics.suggestion import nearest_name
from krm_otel.image_reference import parse_image
from krm_otel.names import RESERVED
from krm_otel.plan.draft import Draft

_MOST_LABELS: Final = 3


def unmatched_entries(draft: Draft) -> Iterator[Result]:
    """Keys in `classes` that no class has."""
    configuration = draft.request.configuration
    known = {name for oaas_class in configuration.classes for name in oaas_class.names}
    for key in configuration.class_entries:
        if key in known or key in RESERVED:
            continue
        near = nearest_name(key, sorted(known))
        where = _at(draft, "classes", key)
        fix = f"did you mean {near}?" if near else "write the name of a class, or remove it"
        severity: Severity | None = "warning" if near else _severity(draft)
        text = "is of no class in the input"
        yield rules.CLASSES_ENTRY_UNMATCHED.at(where, text, fix=fix, current=key, proposed=near, severity=severity)


def unmatched_components(draft: Draft) -> Iterator[Result]:
    """Components of the platform whose labels no workload has."""
    request = draft.request
    platform = request.configuration.platform
    if platform is None or not platform.enabled.value or request.generator is not None:
        return
    matched = {outcome.membership.component for outcome in draft.outcomes if outcome.membership}
    for component in request.configuration.platform_components:
        if component.key in matched or not component.match_labels or component.sdk == NONE:
            continue
        labels = [f"{name}: {value}" for name, value in sorted(component.match_labels.items())]
        where = _at(draft, "platform", "components", component.key, "match_labels")
        text = f"fits no workload: none has {', '.join(labels[:_MOST_LABELS])}"
        fix = "write labels that the workload of this component has"
        yield rules.COMPONENT_UNMATCHED.at(where, text, fix=fix, severity=_severity(draft))


def unmatched_sdk_rules(draft: Draft) -> Iterator[Result]:
    """Entries of `sdk.select` that fit no container."""
    configuration = draft.request.configuration
    members = [outcome.membership for outcome in draft.outcomes if outcome.membership]
    if draft.request.generator is not None or not members:
        return
    fitting = frozenset().union(*(member.sdk_rules for member in members))
    for index, rule in enumerate(configuration.sdk.rules):
        if index not in fitting:
            text, (fix, proposed) = f"fits no container ({rule.conditions})", _meant(draft, rule)
            where = _at(draft, "sdk", "select", index)
            severity: Severity | None = "warning" if proposed else _severity(draft)
            yield rules.SDK_SELECT_UNMATCHED.at(where, text, fix=fix, severity=severity)


def _meant(draft: Draft, rule: SdkRule) -> tuple[str, str]:
    """What to write instead, and whether it is certain."""
    repository = parse_image(rule.image or "").repository
    if rule.image and rule.image != repository:
        return f"write image: {repository}", repository
    components = [component.key for component in draft.request.configuration.platform_components]
    if rule.component and rule.component not in components:
        near = nearest_name(rule.component, components)
        return (f"write component: {near}", near) if near else ("write a component of the platform, or remove it", "")
    return "write what a container has, or remove it", ""


def _at(draft: Draft, *steps: str | int) -> Location:
    """A field below `spec` of the OTelConfig."""
    return Location(draft.request.configuration.config_ref, field_path("spec", *steps), field_path(*steps))


def _severity(draft: Draft) -> Severity:
    """Half an input lacks things without a mistake."""
    return "warning" if draft.scope.complete else "info"
