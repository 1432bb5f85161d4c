"""One workload on its way through a plan: as it stands, and as it was before anything of ours came into it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from krm_otel.diagnostics.result import Ref
from krm_otel.inject.patch.additions import ObjectEdit, changed_by_hand
from krm_otel.inject.patch.reconcile import put_in
from krm_otel.inject.patch.record import Record
from krm_otel.inject.patch.strip import still_mounted, strip
from krm_otel.krm.envelope import Item
from krm_otel.workloads.kinds import Workload, workload_of_kind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A workload of the input.

    `found` is as it stands, with what `record` says is ours; `text` and `base` are without it.
    """

    item: Item
    found: Workload
    record: Record | None
    text: str
    base: Workload

    @classmethod
    def of(cls, item: Item, found: Workload, record: Record | None) -> Candidate:
        """Takes out what is ours; raises CannotEdit."""
        untouched = cls(item, found, record, item.text, found)
        return untouched._without(frozenset()) if record else untouched

    @property
    def ref(self) -> Ref:
        """What it is called in results."""
        return self.found.resource.ref

    def sparing(self, brought: AbstractSet[str] = frozenset()) -> Candidate:
        """The same, but with those volumes of ours that a container of the user's mounts.

        `brought`: volumes that come again.
        """
        record = self.record
        if record is None or "volumes" not in record.lists:
            return self
        root, pod = self.found.resource.root, self.found.pod_path
        spare = still_mounted(root, record, pod, self.found.container_names) - brought
        return self._without(spare) if spare else self

    def by_hand(self) -> dict[str, tuple[str, ...]]:
        """Container → variables of ours that were changed by hand since."""
        if self.record is None:
            return {}
        found = self.found
        return changed_by_hand(self.record, found.container_names, found.resource.root, found.pod_path)

    def having(self, edit: ObjectEdit) -> tuple[str, Record]:
        """The text with an edit in it, and the record of it; raises CannotEdit."""
        return put_in(
            (self.text, self.base.resource.root),
            (self.item.text, self.found.resource.root),
            self.record,
            self.base.pod_path,
            self.found.container_names,
            edit,
        )

    def _without(self, spare: AbstractSet[str]) -> Candidate:
        assert self.record is not None
        found = self.found
        text = strip(self.item.text, found.resource.root, self.record, found.pod_path, found.container_names, spare)
        stripped = self.item.read(text)
        assert stripped is not None
        return replace(self, text=text, base=workload_of_kind(stripped, found.kind))
