"""What comes of a workload: injected, left without an injection, or not edited because of an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from krm_otel import names
from krm_otel.dataclass import replace
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.patch.record import MAX_BYTES
from krm_otel.inject.sdk.variables import DesiredWorkload
from krm_otel.plan.changes import Change
from krm_otel.plan.recorded import cannot_edit
from krm_otel.plan.workloads.candidate import Candidate, Membership, WorkloadOutcome
from krm_otel.workloads.flux import check_flux_substitution
from krm_otel.yamltext.editable import CannotEdit

ERROR: Final = "error"
"""The reason of a change that an error prevents."""


def injected(candidate: Candidate, desired: DesiredWorkload, membership: Membership) -> WorkloadOutcome:
    """The outcome for a workload that gets `desired`."""
    ref, edit = candidate.ref, desired.edit
    if edit.empty:
        reason = "; ".join(dict.fromkeys(why for _, why in desired.left_alone)) or "everything is set in the manifest"
        return WorkloadOutcome(uninjected(candidate, reason), (), membership)
    candidate = candidate.keeping_mounted_volumes({volume["name"] for volume in edit.lists.get("volumes", ())})
    try:
        text, record = candidate.with_edit(edit)
    except CannotEdit as error:
        return failed(candidate, [cannot_edit(ref, error)], membership)
    if len(text) > MAX_BYTES and len(record.dump()) > MAX_BYTES:  # the text contains the record
        message = f"the record of the injection would exceed {MAX_BYTES // 1024} KiB"
        fix = f"inject fewer containers ({names.A_CONTAINERS})"
        too_large = rules.RECORD_TOO_LARGE.at(Location(ref, "metadata.annotations"), message, fix=fix)
        return failed(candidate, [too_large], membership)
    values = [value for container in edit.containers for _, value in container.env if isinstance(value, str)]
    results = tuple(check_flux_substitution(candidate.base.resource, text, values))
    if text == candidate.item.text:
        return WorkloadOutcome(Change(ref, "unchanged"), results, membership)
    return WorkloadOutcome(Change(ref, "updated" if candidate.record else "injected", "", text), results, membership)


def failed(candidate: Candidate, results: Iterable[Result], membership: Membership) -> WorkloadOutcome:
    """The outcome for a workload that is not edited because of errors."""
    membership = replace(membership, is_instrumented=False, has_errors=True)
    return WorkloadOutcome(Change(candidate.ref, "skipped", ERROR), tuple(results), membership)


def uninjected(candidate: Candidate, reason: str) -> Change:
    """The change of a workload into which nothing is injected: what was injected is taken out."""
    if candidate.record is None:
        return Change(candidate.ref, "skipped", reason or "nothing is injected")
    # This is no result: a second run has no record, so it could not report it again.
    reason = "; ".join(filter(None, (reason, candidate.current.kind.immutable)))
    return Change(candidate.ref, "removed", reason, candidate.keeping_mounted_volumes().text)
