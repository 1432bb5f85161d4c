"""What happens to workloads: which class each belongs to, what it is to have, and its new text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from krm_otel import names
from krm_otel.collector.addresses import collector_endpoint
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result, has_errors
from krm_otel.inject.patch.record import MAX_BYTES, load
from krm_otel.inject.sdk.environment import EnvSources
from krm_otel.inject.sdk.variables import DesiredWorkload, desired_workload
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Change
from krm_otel.plan.classes.summary import Census
from krm_otel.plan.degrade import Kept
from krm_otel.plan.scope import Scope, config_absent, missing
from krm_otel.plan.workloads.candidate import Candidate
from krm_otel.plan.workloads.operator import beyond_operator, joined_by_operator, met_operator
from krm_otel.plan.workloads.pod_additions import Joined, join
from krm_otel.workloads.autoscalers import Autoscalers
from krm_otel.workloads.flux import check_flux_substitution
from krm_otel.workloads.kinds import KINDS, KindInfo, Workload, as_workload, is_generated, is_patch, workload_of_kind
from krm_otel.workloads.match import Match, Matcher
from krm_otel.workloads.select import Selection, select
from krm_otel.workloads.unknown_kinds import unknown_template
from krm_otel.yamltext.editable import CannotEdit

_NO_CLASS: Final = "no class"
_FAILED: Final = "error"
_RECORD: Final = field_path("metadata", "annotations", names.A_RECORD)


class WorkloadPlanner:
    """Decides item by item; what it sees of classes on its way is in its census."""

    def __init__(self, items: Sequence[Item], configuration: Configuration, *, remove: bool, complete: bool):
        self._configuration = configuration
        self._matcher = Matcher(configuration)
        self._sources = EnvSources(items)
        self._scalers = Autoscalers(items)
        self._remove = remove
        self._kinds = {(told.api_version, told.kind) for told in configuration.kinds}
        self.scope = Scope.of(items, configuration, complete=complete)
        self.census = Census(configuration, self._matcher)
        self.kept: list[Kept] = []
        """Workloads that have errors and keep what they had."""
        self.results: list[Result] = []

    # --- which way an item goes ----------------------------------------------------------------------------------

    def change(self, item: Item) -> Change | None:
        """What happens to an item; None where it is no workload."""
        known = (item.group, item.kind) in KINDS or (item.api_version, item.kind) in self._kinds
        if not known and not item.mentions("containers"):
            return None
        resource = item.resource
        if resource is None or is_generated(resource) or is_patch(resource):
            return None
        found = as_workload(resource, self._configuration)
        if found is None:
            return self._unknown(item, resource)
        if not self._configuration.degrade:
            return self._workload(item, found)
        # A fault of one workload does not stop the others, either: it keeps what it had.
        before = len(self.results)
        made = self._workload(item, found)
        said = self.results[before:]
        mild = [replace(r, severity="warning") if r.severity == "error" else r for r in said]
        self.results[before:] = mild
        if has_errors(said) and names.A_RECORD in resource.annotations:
            made = replace(made, action="kept")
            classes = frozenset((resource.namespace, name) for name in self._classes_of(found))
            self.kept.append(Kept(resource, classes, tuple(mild)))
        return made

    def _workload(self, item: Item, found: Workload) -> Change:
        ref = found.resource.ref
        written = found.resource.annotations.get(names.A_RECORD)
        record = load(written) if written is not None else None
        if written is not None and record is None:
            self._unreadable(found)
            message = (
                "the record of the injection cannot be read: restore the annotation, or remove it together with "
                "what was injected"
            )
            return self._fault(ref, "record-unreadable", message, _RECORD)
        try:
            candidate = Candidate.of(item, found, record)
        except CannotEdit as fault:
            self._unreadable(found)
            return self._cannot_edit(ref, fault)
        match = self._matcher.match(candidate.base)
        if self._remove:
            return _settle(candidate, "")
        if self._configuration.switched_off is not None:
            return _settle(candidate, f"switched off by {self._configuration.switched_off}")
        if any(c.enabled for c in match.candidates) or not match.candidates:
            self.results += match.results
        if match.oaas_class is None:
            return self._unmatched(candidate, match)
        made = self._matched(candidate, match, match.oaas_class)
        tally = self.census.of(match.oaas_class).tally
        tally.failed += made.reason == _FAILED
        tally.done += made.desired is not None
        return made

    def _unmatched(self, candidate: Candidate, match: Match) -> Change:
        ref, record = candidate.ref, candidate.record
        if match.candidates:
            return Change(ref, "skipped", "belongs to two classes")
        if record is None:
            absent = (
                f"no class {match.absent_class} in this namespace of the input" if match.absent_class else _NO_CLASS
            )
            return Change(ref, "skipped", absent)
        name = record.class_name
        if self.scope.holds(ref.namespace, name):
            return _settle(candidate, f"no longer belongs to class {name}")
        if self.scope.complete:
            there = "is not in its namespace" if self.scope.elsewhere(name) else "is gone"
            return _settle(candidate, f"class {name} {there}")
        message = (
            f"{missing(name)} is not in the input, so what was injected for it is kept as it is; "
            "where it is gone for good, set prune: true in OTelConfig, or run uninject"
        )
        self.results.append(Result("class-absent", "warning", message, ref, _RECORD))
        return Change(ref, "kept", f"class {name} is not in the input")

    def _matched(self, candidate: Candidate, match: Match, oaas_class: OaasClass) -> Change:
        ref, record, settings = candidate.ref, candidate.record, oaas_class.settings
        self.census.of(oaas_class).met(candidate.base.resource)
        if oaas_class.faulty:
            title = _title(oaas_class)
            why = f"{title} cannot have what it wants" if oaas_class.refused else f"the settings of {title} have errors"
            return Change(ref, "kept" if record else "skipped", why)
        if record and not oaas_class.enabled and not self._decides(ref, oaas_class, record.enabled_by):
            self.results.append(config_absent(ref, oaas_class.name, _RECORD))
            return Change(ref, "kept", f"the {record.enabled_by} is not in the input")
        if settings is None:
            return _settle(candidate, f"{_title(oaas_class)} has no observability block")
        if not settings.enabled.value:
            return _settle(candidate, f"{_title(oaas_class)} is disabled by {settings.enabled.origin}")
        selection = select(candidate.base, match, self._configuration)
        self.results += [self._with_path(result, candidate.base.resource) for result in selection.results]
        if has_errors(selection.results):
            return Change(ref, "skipped", _FAILED)
        if selection.reason_skipped:
            return _settle(candidate, selection.reason_skipped)
        joined = self._joined(candidate, oaas_class, settings, selection)
        self.results += joined.results
        if joined.skipped:
            return _settle(candidate, joined.skipped)
        if endpoint := collector_endpoint(oaas_class, settings):
            settings = replace(settings, endpoint=endpoint)
        self.census.of(oaas_class).sends(candidate.base, settings)
        wanted = self._desired(candidate, match, oaas_class, settings, selection, joined)
        self.results += wanted.results
        if has_errors([*joined.results, *wanted.results]):
            return Change(ref, "skipped", _FAILED)
        return self._injected(candidate, wanted)

    def _decides(self, ref: Ref, oaas_class: OaasClass, enabled_by: str) -> bool:
        return self.scope.decides(ref.namespace, oaas_class.name, enabled_by)

    # --- what it is to have, and its text ------------------------------------------------------------------------

    def _joined(self, candidate: Candidate, oaas_class: OaasClass, settings: Settings, selection: Selection) -> Joined:
        if self._configuration.operator:
            return Joined(results=tuple(beyond_operator(settings, oaas_class.ref)))
        joined = join(
            candidate.base,
            oaas_class,
            settings,
            selection,
            self._scalers,
            injected=candidate.record is not None,
            monitored=self._configuration.monitoring.monitors is not None,
        )
        return replace(joined, results=(*joined.results, *met_operator(candidate.base, settings)))

    def _desired(
        self,
        candidate: Candidate,
        match: Match,
        oaas_class: OaasClass,
        settings: Settings,
        selection: Selection,
        joined: Joined,
    ) -> DesiredWorkload:
        adopt = candidate.by_hand() if self._configuration.adopt else None
        wanted = desired_workload(
            candidate.base, oaas_class, settings, match, selection, self._sources, joined.additions, adopt=adopt
        )
        if self._configuration.operator:
            return joined_by_operator(candidate.base, oaas_class, settings, wanted)
        return wanted

    def _injected(self, candidate: Candidate, wanted: DesiredWorkload) -> Change:
        ref, edit = candidate.ref, wanted.edit
        if edit.empty:
            why = "; ".join(dict.fromkeys(why for _, why in wanted.left_alone))
            return _settle(candidate, why or "everything is set in the manifest", wanted)
        candidate = candidate.sparing({volume["name"] for volume in edit.lists.get("volumes", ())})
        try:
            new, written = candidate.having(edit)
        except CannotEdit as fault:
            return self._cannot_edit(ref, fault)
        if len(written.dump()) > MAX_BYTES:
            message = (
                f"the record of the injection would exceed {MAX_BYTES // 1024} KiB: inject fewer containers "
                f"({names.A_CONTAINERS})"
            )
            return self._fault(ref, "record-too-large", message, "metadata.annotations")
        ours = [value for part in edit.containers for _, value in part.env if isinstance(value, str)]
        self.results += check_flux_substitution(candidate.base.resource, new, ours)
        if new == candidate.item.text:
            return Change(ref, "unchanged", "", None, wanted)
        return Change(ref, "updated" if candidate.record else "injected", "", new, wanted)

    # --- what cannot be read, and kinds that nobody told us of ---------------------------------------------------

    def _unreadable(self, found: Workload) -> None:
        """Counts a workload that cannot be read as far as to tell what it is to have."""
        if (oaas_class := self._matcher.match(found).oaas_class) is not None:
            seen = self.census.of(oaas_class)
            seen.met(found.resource)
            seen.tally.failed += 1

    def _classes_of(self, found: Workload) -> set[str]:
        """The class that a workload belongs to, and the one that it was injected for."""
        record = load(found.resource.annotations[names.A_RECORD])
        oaas_class = self._matcher.match(found).oaas_class
        return ({record.class_name} if record else set()) | ({oaas_class.name} if oaas_class else set())

    def _unknown(self, item: Item, resource: Resource) -> Change | None:
        path = unknown_template(resource)
        if path is None:
            return None
        ref = resource.ref
        if "[]" in path:
            return Change(ref, "skipped", f"unknown kind with pod templates in a list, at {path}")
        found = workload_of_kind(resource, KindInfo(tuple(path.split("."))))
        if names.A_RECORD in resource.annotations:
            return self._workload(item, found)
        if self._remove:
            return None
        match = self._matcher.match(found)
        if match.oaas_class is not None and match.oaas_class.enabled and self._configuration.switched_off is None:
            self.census.of(match.oaas_class).met(resource)
            told = {"apiVersion": ref.api_version, "kind": ref.kind, "path": path}
            message = (
                f"{ref.kind} belongs to class {match.oaas_class.name} and has a pod template, but the kind is "
                "not known: add it to spec.kinds of OTelConfig"
            )
            self.results.append(Result("unknown-kind", "warning", message, ref, path, proposed=told))
        return Change(ref, "skipped", f"unknown kind with a pod template at {path}")

    def _with_path(self, result: Result, resource: Resource) -> Result:
        """A pod without containers, of a kind that OTelConfig names: perhaps with a wrong path."""
        told = (resource.api_version, resource.kind) in self._kinds
        if result.code != "containers-missing" or not told or (path := unknown_template(resource)) is None:
            return result
        message = f"{result.message} where spec.kinds of OTelConfig says: its pod template is at {path}, write that"
        return replace(result, message=message, proposed=path)

    def _fault(self, ref: Ref, code: str, message: str, path: str) -> Change:
        self.results.append(Result(code, "error", message, ref, path))
        return Change(ref, "skipped", _FAILED)

    def _cannot_edit(self, ref: Ref, fault: CannotEdit) -> Change:
        where = field_path(*fault.path) if fault.path else ""
        return self._fault(ref, "cannot-edit", f"this cannot be edited safely: {fault.reason}", where)


def _settle(candidate: Candidate, reason: str, wanted: DesiredWorkload | None = None) -> Change:
    """The end of every way on which nothing is wanted: what was injected goes."""
    if candidate.record is None:
        return Change(candidate.ref, "skipped", reason or "nothing of ours in it", None, wanted)
    # A second run knows nothing of it, so it is no result.
    reason = "; ".join(filter(None, (reason, candidate.found.kind.immutable)))
    return Change(candidate.ref, "removed", reason, candidate.sparing().text, wanted)


def _title(oaas_class: OaasClass) -> str:
    return "the platform" if oaas_class.name == names.PLATFORM_CLASS else f"class {oaas_class.name}"
