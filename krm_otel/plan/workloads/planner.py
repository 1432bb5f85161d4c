"""What happens to one workload: which class it belongs to, what is injected, and its new text.

A planner only reads the input as a whole (ConfigMaps, autoscalers, classes), so workloads can be planned in any order.
What depends on all workloads is in `krm_otel.plan.classes`.
"""

from __future__ import annotations

from typing import Final

from krm_otel import names
from krm_otel.collector.naming import label_value
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.dataclass import dataclass, field, replace
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result, has_errors
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.patch.record import load
from krm_otel.inject.sdk.common import CommonVariables
from krm_otel.inject.sdk.env_sources import EnvSources
from krm_otel.inject.sdk.variables import desired_workload
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change
from krm_otel.plan.claims import injected_object
from krm_otel.plan.recorded import cannot_edit
from krm_otel.plan.request import Request, Scope, class_absent, config_absent
from krm_otel.plan.workloads.candidate import Candidate, KeptWorkload, Membership, WorkloadOutcome, class_key, sync_wave
from krm_otel.plan.workloads.near_misses import absent_owner, misspelt_keys
from krm_otel.plan.workloads.outcomes import ERROR, failed, injected, uninjected
from krm_otel.plan.workloads.pod_additions import PodAdditions, pod_additions, sending_settings
from krm_otel.workloads.autoscalers import Autoscalers
from krm_otel.workloads.kinds import (
    KINDS,
    NO_CLASS,
    KindInfo,
    Workload,
    is_generated,
    is_patch,
    kind_info,
    mounted_config_maps,
)
from krm_otel.workloads.match import Match, Matcher, platform_namespace
from krm_otel.workloads.select import fitting_sdk_rules, select
from krm_otel.yamltext.editable import CannotEdit

_RECORD: Final = field_path("metadata", "annotations", names.A_RECORD)


@dataclass(frozen=True, slots=True)
class WorkloadPlanner:
    """Plans the workloads of one input, one by one."""

    request: Request
    matcher: Matcher
    scope: Scope
    env_sources: EnvSources
    scalers: Autoscalers
    kinds: frozenset[tuple[str, str]]
    """API version and kind of what the OTelConfig lists under `kinds`."""
    common: CommonVariables = field(default_factory=CommonVariables)

    @classmethod
    def of(cls, request: Request, scope: Scope) -> WorkloadPlanner:
        """The planner of one input."""
        configuration, items = request.configuration, request.items
        kinds = frozenset((kind.api_version, kind.kind) for kind in configuration.kinds)
        return cls(
            request,
            Matcher.of(configuration, platform_namespace(items, configuration)),
            scope,
            EnvSources(items),
            Autoscalers(items),
            kinds,
        )

    def plan(self, item: Item) -> WorkloadOutcome | None:
        """What happens to an item; None where it is no workload."""
        is_known = (item.group, item.kind) in KINDS or (item.api_version, item.kind) in self.kinds
        if not is_known and not item.mentions("containers"):
            return None
        resource = item.resource
        if resource is None or is_generated(resource) or is_patch(resource):
            return None
        kind = kind_info(resource.api_version, resource.kind, self.request.configuration)
        if kind is None:
            return self._plan_unknown_kind(item, resource)
        current = Workload(resource, kind)
        outcome = self._plan(item, current)
        if self.request.configuration.degrade and has_errors(outcome.results):
            return self._degraded(current, outcome)
        return outcome

    # --- which class, and whether anything is injected -----------------------------------------------------------

    def _plan(self, item: Item, current: Workload) -> WorkloadOutcome:
        ref = current.resource.ref
        found = injected_object(current, item.text)
        if isinstance(found, Result):
            return self._unreadable(current, found)
        try:
            candidate = Candidate.of(item, current, found)
        except CannotEdit as error:
            return self._unreadable(current, cannot_edit(ref, error))
        if not self.request.is_render:
            reason = f"switched off by {self.request.switched_off}" if self.request.switched_off else ""
            return WorkloadOutcome(uninjected(candidate, reason))
        match = self.matcher.match(candidate.base)
        if match.oaas_class is not None and (why := self.request.kustomizations.patch_reason(candidate.base)):
            return WorkloadOutcome(uninjected(candidate, why))
        if match.oaas_class is None:
            outcome = self._unmatched(candidate, match)
        else:
            outcome = self._matched(candidate, match, match.oaas_class)
        is_relevant = not match.candidates or any(oaas_class.enabled for oaas_class in match.candidates)
        return outcome.after([*misspelt_keys(candidate.base), *(match.results if is_relevant else ())])

    def _unmatched(self, candidate: Candidate, match: Match) -> WorkloadOutcome:
        if match.candidates:
            return WorkloadOutcome(Change(candidate.ref, "skipped", "belongs to two classes"))
        # What is found must not depend on an injection that this run takes out.
        near_misses = absent_owner(candidate.base, match.absent_class, self.matcher, complete=self.scope.complete)
        return self._without_class(candidate, match.absent_class).after(near_misses)

    def _without_class(self, candidate: Candidate, absent: str) -> WorkloadOutcome:
        """The outcome for a workload that belongs to no class; `absent` is the one that it names."""
        ref, record = candidate.ref, candidate.record
        if record is None:
            reason = f"no class {absent} in this namespace of the input" if absent else NO_CLASS
            return WorkloadOutcome(Change(ref, "skipped", reason))
        name = record.class_name
        if self.scope.holds(ref.namespace, name):
            return WorkloadOutcome(uninjected(candidate, f"no longer belongs to class {name}"))
        if self.scope.complete:
            is_elsewhere = any(known == name for _, known in self.scope.classes)
            end = "is not in its namespace" if is_elsewhere else "is gone"
            return WorkloadOutcome(uninjected(candidate, f"class {name} {end}"))
        change = Change(ref, "kept", f"class {name} is not in the input")
        return WorkloadOutcome(change, (class_absent(Location(ref, _RECORD), name, "injected"),))

    def _matched(self, candidate: Candidate, match: Match, oaas_class: OaasClass) -> WorkloadOutcome:
        ref, record, settings = candidate.ref, candidate.record, oaas_class.settings
        title = "the platform" if oaas_class.name == names.PLATFORM_CLASS else f"class {oaas_class.name}"
        component = match.component.key if match.component else ""
        fitting = fitting_sdk_rules(candidate.base, match, self.request.configuration)
        membership = Membership(class_key(oaas_class), ref.position, component=component, sdk_rules=fitting)
        if oaas_class.faulty:
            why = (
                f"the objects of {title} cannot be generated"
                if oaas_class.refused
                else f"the settings of {title} have errors"
            )
            return WorkloadOutcome(Change(ref, "kept" if record else "skipped", why), (), membership)
        decides = self.scope.decides
        if record and not oaas_class.enabled and not decides(ref.namespace, oaas_class.name, record.enabled_by):
            change = Change(ref, "kept", f"the {record.enabled_by} is not in the input")
            return WorkloadOutcome(change, (config_absent(ref, oaas_class.name, _RECORD),), membership)
        if settings is None:
            return WorkloadOutcome(uninjected(candidate, f"{title} has no observability block"), (), membership)
        if not settings.enabled.value:
            reason = f"{title} is disabled by {settings.enabled.origin}"
            return WorkloadOutcome(uninjected(candidate, reason), (), membership)
        return self._instrumented(candidate, match, oaas_class, settings, membership)

    # --- what is injected, and the new text ----------------------------------------------------------------------

    def _instrumented(
        self, candidate: Candidate, match: Match, oaas_class: OaasClass, settings: Settings, membership: Membership
    ) -> WorkloadOutcome:
        """The outcome for a workload of an enabled class."""
        configuration, base = self.request.configuration, candidate.base
        selection = select(base, match, configuration)
        results = [self._with_template_path(result, base.resource) for result in selection.results]
        if has_errors(results):
            return failed(candidate, results, membership)
        if selection.reason_skipped:
            return WorkloadOutcome(uninjected(candidate, selection.reason_skipped), tuple(results), membership)
        pod = PodAdditions()
        if configuration.operator:
            from krm_otel.plan.workloads.operator import unsupported_by_operator

            results += unsupported_by_operator(base, selection, settings, oaas_class.ref)
        else:
            was_injected, has_pod_monitor = candidate.record is not None, configuration.monitoring.monitors is not None
            pod = pod_additions(base, oaas_class, settings, selection, self.scalers, was_injected, has_pod_monitor)
            results += pod.results
            if base.template_annotations:  # which may ask the Operator for something
                from krm_otel.plan.workloads.operator import operator_conflicts

                results += operator_conflicts(base, settings)
        if pod.reason_skipped:
            return WorkloadOutcome(uninjected(candidate, pod.reason_skipped), tuple(results), membership)
        membership = replace(membership, sync_wave=sync_wave(base.resource))
        settings = sending_settings(oaas_class, settings)
        adopt = candidate.edited_variables() if configuration.adopt else None
        desired = desired_workload(
            base, oaas_class, settings, match, selection, self.env_sources, pod.additions, self.common, adopt=adopt
        )
        if configuration.operator:
            from krm_otel.plan.workloads.operator import with_operator_annotations

            desired = with_operator_annotations(base, oaas_class, settings, desired)
        results += desired.results
        if has_errors(results):
            return failed(candidate, results, membership)
        return injected(candidate, desired, membership.instrumented(desired)).after(results)

    # --- errors, and kinds that are not known --------------------------------------------------------------------

    def _degraded(self, current: Workload, outcome: WorkloadOutcome) -> WorkloadOutcome:
        """The outcome with `on_error: degrade`: errors become warnings, and the workload keeps what it has."""
        results = tuple(replace(r, severity="warning") if r.severity == "error" else r for r in outcome.results)
        outcome = replace(outcome, results=results)
        resource = current.resource
        annotation = resource.annotations.get(names.A_RECORD)
        if annotation is None:
            return outcome
        # The class that the workload belongs to, and the one that it was injected for.
        record, oaas_class = load(annotation), self.matcher.match(current).oaas_class
        class_names = {*([record.class_name] if record else []), *([oaas_class.name] if oaas_class else [])}
        kept = KeptWorkload(
            resource.ref,
            frozenset((resource.namespace, label_value(name)) for name in class_names),
            tuple(mounted_config_maps(resource, self.request.configuration)),
        )
        return replace(outcome, change=replace(outcome.change, action="kept"), kept=kept)

    def _unreadable(self, current: Workload, error: Result) -> WorkloadOutcome:
        """The outcome for a workload from which krm-otel cannot take out what it injected."""
        oaas_class, ref = self.matcher.match(current).oaas_class, current.resource.ref
        membership = Membership(class_key(oaas_class), ref.position, has_errors=True) if oaas_class else None
        return WorkloadOutcome(Change(ref, "skipped", ERROR), (error,), membership)

    def _plan_unknown_kind(self, item: Item, resource: Resource) -> WorkloadOutcome | None:
        from krm_otel.workloads.unknown_kinds import unknown_template

        path = unknown_template(resource)
        if path is None:
            return None
        ref = resource.ref
        if "[]" in path:
            return WorkloadOutcome(Change(ref, "skipped", f"unknown kind with pod templates in a list, at {path}"))
        current = Workload(resource, KindInfo(tuple(path.split("."))))
        change = Change(ref, "skipped", f"unknown kind with a pod template at {path}")
        if names.A_RECORD in resource.annotations:
            outcome = self._plan(item, current)
            if outcome.change.action != "removed" or not self.request.is_render:
                return outcome
            change = outcome.change  # with the results of a second run, which finds no record
        elif self.request.purpose == "uninject":
            return None
        oaas_class = self.matcher.match(current).oaas_class
        if oaas_class is None or not oaas_class.enabled or not self.request.is_render:
            return WorkloadOutcome(change)
        text = f"{ref.kind} belongs to class {oaas_class.name} and has a pod template, but the kind is not known"
        kind = {"apiVersion": ref.api_version, "kind": ref.kind, "path": path}
        entry = f"{{apiVersion: {ref.api_version}, kind: {ref.kind}, path: {path}}}"
        fix = f"add {entry} to spec.kinds of the OTelConfig"
        result = rules.UNKNOWN_KIND.at(Location(ref, path), text, fix=fix, proposed=kind)
        return WorkloadOutcome(change, (result,), Membership(class_key(oaas_class), ref.position))

    def _with_template_path(self, result: Result, resource: Resource) -> Result:
        """The result; for a pod without containers of a kind that the OTelConfig lists, with the path it may lack."""
        is_listed = (resource.api_version, resource.kind) in self.kinds
        missing = rules.CONTAINERS_MISSING
        if result.code != missing.code or not is_listed:
            return result
        from krm_otel.workloads.unknown_kinds import unknown_template

        if (path := unknown_template(resource)) is None:
            return result
        text = "there are no containers to instrument at the path that spec.kinds of the OTelConfig gives"
        return missing.at(Location(result.ref, result.field_path), text, fix=f"write {path}", proposed=path)
