"""What happens to workloads: which class each belongs to, what it is to have, and its new text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from krm_otel.collector.addresses import collector_endpoint
from krm_otel.collector.checks import faults
from krm_otel.config import names
from krm_otel.config.settings import Configuration, OaasClass, Settings
from krm_otel.inject.desired import Desired, desired
from krm_otel.inject.edits import changed_by_hand
from krm_otel.inject.present import EnvSources
from krm_otel.inject.reconcile import put_in
from krm_otel.inject.record import MAX_BYTES, Record, load
from krm_otel.inject.strip import still_mounted, strip
from krm_otel.krm.envelope import Item
from krm_otel.krm.resource import Resource
from krm_otel.krm.results import Ref, Result, has_errors
from krm_otel.plan.changes import Change
from krm_otel.plan.collectors import (
    Joined,
    beyond_operator,
    join,
    joined_by_operator,
    met_operator,
    sync_wave,
    wanted_objects,
)
from krm_otel.plan.scope import Scope, config_absent, missing
from krm_otel.prune import Key, Taken, Wanted, both_want
from krm_otel.status.conditions import Tally
from krm_otel.workloads.fields import field_path
from krm_otel.workloads.kinds import KINDS, KindInfo, Workload, is_generated, is_patch, workload, workload_of
from krm_otel.workloads.match import RULES_TRIED, Match, Matcher
from krm_otel.workloads.scalers import Scalers
from krm_otel.workloads.select import select
from krm_otel.workloads.substitution import damaged_by_flux
from krm_otel.workloads.unknown import unknown_template
from krm_otel.yamltext.edit import CannotEdit


def _group(item: Item) -> str:
    return item.api_version.rpartition("/")[0]


_NO_CLASS: Final = "no class"
_FAILED: Final = "error"


class WorkloadPlanner:
    """Decides item by item; remembers which classes have workloads."""

    def __init__(
        self,
        items: Sequence[Item],
        configuration: Configuration,
        *,
        remove: bool,
        complete: bool,
        generating: bool = False,
    ):
        self._items = items
        self._configuration = configuration
        self._matcher = Matcher(configuration)
        self._sources = EnvSources(items)
        self._scalers = Scalers(items)
        self._remove = remove
        self._generating = generating
        self.scope = Scope.of(items, configuration, complete=complete)
        self._kinds = {(told.api_version, told.kind) for told in configuration.kinds}
        self._with_workloads: dict[int, Resource] = {}
        """Class (by `id`) → the first workload that belongs to it."""
        self._reached: dict[int, Settings] = {}
        """Class (by `id`) → its settings with the endpoint that its workloads send to."""
        self._waves: dict[int, int] = {}
        """Class (by `id`) → the earliest sync wave of the workloads that its collector is for."""
        self._tallies: dict[int, Tally] = {}
        """Class (by `id`) → what came of its workloads."""
        self._platform_seen = False
        self.needed: set[tuple[str, str]] = set()
        """Classes (namespace, name) of which a workload has errors and keeps what it had."""
        self.taken: list[Taken] = []
        """Objects that two classes want: who cannot have them, and why."""
        self.results: list[Result] = []

    # --- one item ------------------------------------------------------------------------------------------------

    def change(self, item: Item) -> Change | None:
        """What happens to an item; None where it is no workload."""
        known = (_group(item), item.kind) in KINDS or (item.api_version, item.kind) in self._kinds
        if not known and not item.mentions("containers"):
            return None
        resource = item.resource
        if resource is None or is_generated(resource) or is_patch(resource):
            return None
        found = workload(resource, self._configuration)
        if found is None:
            return self._unknown(item, resource)
        if not self._configuration.degrade:
            return self._workload(item, found)
        # A fault of one workload does not stop the others, either: it keeps what it had.
        before = len(self.results)
        made = self._workload(item, found)
        said = self.results[before:]
        self.results[before:] = [replace(r, severity="warning") if r.severity == "error" else r for r in said]
        if has_errors(said) and names.A_RECORD in resource.annotations:
            made = replace(made, action="kept")
            self.needed |= {(resource.namespace, name) for name in self._classes_of(found)}
        return made

    def _classes_of(self, found: Workload) -> set[str]:
        """The class that a workload belongs to, and the one that it was injected for."""
        record = load(found.resource.annotations[names.A_RECORD])
        oaas_class = self._matcher.match(found).oaas_class
        return ({record.class_name} if record else set()) | ({oaas_class.name} if oaas_class else set())

    def _workload(self, item: Item, found: Workload) -> Change:
        ref = found.resource.ref
        written = found.resource.annotations.get(names.A_RECORD)
        record = load(written) if written is not None else None
        text, base = item.text, found
        if written is not None:
            if record is None:
                self._met(found)
                return self._fault(
                    ref,
                    "record-unreadable",
                    "the record of the injection cannot be read: restore the "
                    "annotation, or remove it together with what was injected",
                    field_path("metadata", "annotations", names.A_RECORD),
                )
            try:
                text = strip(item.text, found.resource.root, record, found.pod_path, _names(found))
            except CannotEdit as fault:
                self._met(found)
                return self._cannot_edit(ref, fault)
            stripped = item.read(text)
            assert stripped is not None
            base = workload_of(stripped, found.kind)
        match = self._matcher.match(base)
        if self._remove:
            return self._settle(item, found, record, text, "")
        if self._configuration.switched_off is not None:
            return self._settle(item, found, record, text, f"switched off by {self._configuration.switched_off}")
        if any(c.enabled for c in match.candidates) or not match.candidates:
            self.results += match.results
        if match.oaas_class is None:
            return self._unmatched(item, found, record, text, match)
        made = self._matched(item, found, base, record, text, match, match.oaas_class)
        tally = self._tallies.setdefault(id(match.oaas_class), Tally())
        tally.failed += made.reason == _FAILED
        tally.done += made.desired is not None
        return made

    def _met(self, found: Workload) -> None:
        """Counts a workload that cannot be read as far as to tell what it is to have."""
        if (oaas_class := self._matcher.match(found).oaas_class) is not None:
            self._with_workloads.setdefault(id(oaas_class), found.resource)
            self._tallies.setdefault(id(oaas_class), Tally()).failed += 1

    def tally(self, oaas_class: OaasClass) -> Tally:
        """What came of a class's workloads; asked when all items are planned."""
        return self._tallies.get(id(oaas_class), Tally())

    def _matched(
        self,
        item: Item,
        found: Workload,
        base: Workload,
        record: Record | None,
        text: str,
        match: Match,
        oaas_class: OaasClass,
    ) -> Change:
        ref = base.resource.ref
        self._with_workloads.setdefault(id(oaas_class), base.resource)
        self._platform_seen |= oaas_class.name == names.PLATFORM_CLASS
        settings = oaas_class.settings
        if oaas_class.faulty:
            return Change(ref, "kept" if record else "skipped", f"the settings of {_title(oaas_class)} have errors")
        if (
            record
            and not oaas_class.enabled
            and not self.scope.decides(ref.namespace, oaas_class.name, record.enabled_by)
        ):
            path = field_path("metadata", "annotations", names.A_RECORD)
            self.results.append(config_absent(ref, oaas_class.name, path))
            return Change(ref, "kept", f"the {record.enabled_by} is not in the input")
        if settings is None:
            return self._settle(item, found, record, text, f"{_title(oaas_class)} has no observability block")
        if not settings.enabled.value:
            return self._settle(
                item, found, record, text, f"{_title(oaas_class)} is disabled by {settings.enabled.origin}"
            )
        selection = select(base, match, self._configuration)
        self.results += [self._with_path(result, base.resource) for result in selection.results]
        if has_errors(selection.results):
            return Change(ref, "skipped", _FAILED)
        if selection.reason_skipped:
            return self._settle(item, found, record, text, selection.reason_skipped)
        operator = self._configuration.operator
        if operator:
            joined = Joined(results=tuple(beyond_operator(settings, oaas_class.ref)))
        else:
            joined = join(
                base,
                oaas_class,
                settings,
                selection,
                self._scalers,
                injected=record is not None,
                monitored=self._configuration.monitoring.monitors is not None,
            )
            joined = replace(joined, results=(*joined.results, *met_operator(base, settings)))
        self.results += joined.results
        if joined.skipped:
            return self._settle(item, found, record, text, joined.skipped)
        wave = sync_wave(base)
        self._waves[id(oaas_class)] = min(wave, self._waves.get(id(oaas_class), wave))
        if settings.collector is not None or settings.node_collector is not None:
            settings = replace(settings, endpoint=collector_endpoint(oaas_class, settings))
        self._reached[id(oaas_class)] = settings
        adopt = None
        if self._configuration.adopt:
            current = item.resource
            assert current is not None
            names_of = _names(workload_of(current, base.kind))
            adopt = changed_by_hand(record, names_of, current.root, base.pod_path) if record else {}
        wanted = desired(base, oaas_class, settings, match, selection, self._sources, joined.additions, adopt=adopt)
        if operator:
            wanted = joined_by_operator(base, oaas_class, settings, wanted)
        self.results += wanted.results
        if has_errors([*joined.results, *wanted.results]):
            return Change(ref, "skipped", _FAILED)
        edit = wanted.edit()
        brought = {volume["name"] for volume in edit.lists.get("volumes", ())}
        if record and (spared := _spared(item, found, record, brought)):
            text, again = spared, item.read(spared)
            assert again is not None
            base = workload_of(again, base.kind)
        if edit.empty:
            return self._settle(
                item,
                found,
                record,
                text,
                "; ".join(dict.fromkeys(why for _, why in wanted.left_alone)) or "everything is set in the manifest",
                wanted,
            )
        try:
            current = item.resource
            assert current is not None
            new, written = put_in(
                (text, base.resource.root),
                (item.text, current.root),
                record,
                base.pod_path,
                _names(workload_of(current, base.kind)),
                edit,
            )
        except CannotEdit as fault:
            return self._cannot_edit(ref, fault)
        if len(written.dump()) > MAX_BYTES:
            return self._fault(
                ref,
                "record-too-large",
                f"the record of the injection would exceed {MAX_BYTES // 1024} "
                f"KiB: inject fewer containers ({names.A_CONTAINERS})",
                "metadata.annotations",
            )
        ours = [value for part in edit.containers for _, value in part.env if isinstance(value, str)]
        self.results += damaged_by_flux(base.resource, new, ours)
        if new == item.text:
            return Change(ref, "unchanged", "", None, wanted)
        return Change(ref, "updated" if record else "injected", "", new, wanted)

    def _unmatched(self, item: Item, found: Workload, record: Record | None, text: str, match: Match) -> Change:
        ref = found.resource.ref
        if match.candidates:
            return Change(ref, "skipped", "belongs to two classes")
        if record is None:
            absent = (
                f"no class {match.absent_class} in this namespace of the input" if match.absent_class else _NO_CLASS
            )
            return Change(ref, "skipped", absent)
        name = record.class_name
        if self.scope.holds(ref.namespace, name):
            return self._settle(item, found, record, text, f"no longer belongs to class {name}")
        if self.scope.complete:
            return self._settle(item, found, record, text, f"class {name} is gone")
        what = missing(name)
        message = (
            f"{what} is not in the input, so what was injected for it is kept as it is; "
            "where it is gone for good, set prune: true in OTelConfig, or run uninject"
        )
        self.results.append(
            Result("class-absent", "warning", message, ref, field_path("metadata", "annotations", names.A_RECORD))
        )
        return Change(ref, "kept", f"class {name} is not in the input")

    def _settle(
        self,
        item: Item,
        found: Workload,
        record: Record | None,
        base: str,
        reason: str,
        wanted: Desired | None = None,
    ) -> Change:
        """The end of every way on which nothing is wanted: what was injected goes."""
        ref = found.resource.ref
        if record is None:
            return Change(ref, "skipped", reason or "nothing of ours in it", None, wanted)
        # A second run knows nothing of it, so it is no result.
        reason = "; ".join(filter(None, (reason, found.kind.immutable)))
        return Change(ref, "removed", reason, _spared(item, found, record) or base, wanted)

    # --- kinds that nobody told us of ----------------------------------------------------------------------------

    def _unknown(self, item: Item, resource: Resource) -> Change | None:
        path = unknown_template(resource)
        if path is None:
            return None
        ref = resource.ref
        if "[]" in path:
            return Change(ref, "skipped", f"unknown kind with pod templates in a list, at {path}")
        found = workload_of(resource, KindInfo(tuple(path.split("."))))
        if names.A_RECORD in resource.annotations:
            return self._workload(item, found)
        if self._remove:
            return None
        match = self._matcher.match(found)
        if match.oaas_class is not None and match.oaas_class.enabled and self._configuration.switched_off is None:
            self._with_workloads.setdefault(id(match.oaas_class), resource)
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

    def wanted(self) -> dict[Key, Wanted]:
        """The objects that the enabled classes want to have, by identity.

        A class without a workload gets those that workloads elsewhere can use: a collector behind a Service, and all
        that it has where kustomize generates.
        """
        found: dict[Key, Wanted] = {}
        if self._remove or self._configuration.switched_off is not None:
            return found
        nodes = self._configuration.node_collectors
        shared = nodes.settings if nodes else None
        for oaas_class in (*self._configuration.classes, *self._matcher.platforms(), *([nodes] if nodes else [])):
            settings = self._reached.get(id(oaas_class), oaas_class.settings)
            if settings is None or not oaas_class.enabled:
                continue
            operator, watched = self._configuration.operator, self._configuration.monitoring
            if id(oaas_class) in self._with_workloads or self._for_others(settings):
                wave, beside = self._waves.get(id(oaas_class), 0), self._neighbour(oaas_class)
                made = wanted_objects(oaas_class, settings, watched, shared, beside, wave, operator=operator)
                for key, one in made.items():
                    if found.setdefault(key, one) is not one:
                        self.taken.append(both_want(key, found[key].owner, one.owner))
        return found

    def _for_others(self, settings: Settings) -> bool:
        """Whether a class without a workload here has objects that workloads elsewhere use."""
        managed = settings.collector
        return self._generating or (managed is not None and managed.mode.value != "sidecar")

    def _neighbour(self, oaas_class: OaasClass) -> Resource | None:
        """The item that a class's objects are written beside: the class, or what says it; else a workload."""
        own = oaas_class.resource
        # A function config need not be in the package, nor its file in the folder.
        if own is not None and own.position >= 0:
            return own
        anything = next((resource for item in self._items if (resource := item.resource)), None)
        return self._with_workloads.get(id(oaas_class), anything)

    # --- the input as a whole ------------------------------------------------------------------------------------

    def closing(self) -> Iterable[Result]:
        """What can be said only when all workloads are known."""
        configuration = self._configuration
        if configuration.switched_off is not None:
            return
        if has_errors(self.results):
            return
        if (nodes := configuration.node_collectors) is not None and nodes.settings is not None:
            yield from faults(nodes, nodes.settings)
        for oaas_class in configuration.classes:
            if not oaas_class.enabled or oaas_class.settings is None:
                continue
            if id(oaas_class) not in self._with_workloads and not self._generating:
                message = (
                    f"no workload belongs to class {oaas_class.name}; tried: {RULES_TRIED}; "
                    f"write the annotation {names.A_CLASS}: {oaas_class.name} on its workloads"
                )
                yield Result("class-without-workload", "warning", message, oaas_class.ref)
            yield from faults(oaas_class, oaas_class.settings)
            platform = configuration.platform
            if self._platform_seen and platform is not None and platform.enabled.value:
                own, start = oaas_class.settings.sampling_rate.value, platform.sampling_rate.value
                if start < own:
                    message = (
                        f"the platform's sampling rate {start:g} is below this class's {own:g}: traces that begin "
                        f"at the gateway are sampled at {start:g}, whatever the class says"
                    )
                    yield Result(
                        "platform-rate-below-class",
                        "warning",
                        message,
                        oaas_class.ref,
                        "spec.observability.telemetry.sampling_rate",
                        own,
                        start,
                    )

    def _fault(self, ref: Ref, code: str, message: str, path: str) -> Change:
        self.results.append(Result(code, "error", message, ref, path))
        return Change(ref, "skipped", _FAILED)

    def _cannot_edit(self, ref: Ref, fault: CannotEdit) -> Change:
        where = field_path(*fault.path) if fault.path else ""
        return self._fault(ref, "cannot-edit", f"this cannot be edited safely: {fault.reason}", where)


def _spared(item: Item, found: Workload, record: Record, brought: AbstractSet[str] = frozenset()) -> str | None:
    """The text without what is ours, but with the volumes that a container of the user's mounts; None: there is none.

    `brought`: volumes that come again.
    """
    root, names_of = found.resource.root, _names(found)
    spare = still_mounted(root, record, found.pod_path, names_of) - brought if "volumes" in record.lists else None
    return strip(item.text, root, record, found.pod_path, names_of, spare) if spare else None


def _title(oaas_class: OaasClass) -> str:
    return "the platform" if oaas_class.name == names.PLATFORM_CLASS else f"class {oaas_class.name}"


def _names(found: Workload) -> list[str]:
    """The containers' names by index in the list; empty for entries that are none."""
    by_index = {container.index: container.name for container in found.containers}
    return [by_index.get(i, "") for i in range(max(by_index, default=-1) + 1)]
