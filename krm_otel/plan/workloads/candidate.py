"""One workload on its way through a plan: as it stands, and as it was before anything of ours came into it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from krm_otel.diagnostics.result import Ref
from krm_otel.inject.patch.additions import ObjectEdit
from krm_otel.inject.patch.ownership import InjectedObject, hand_edited
from krm_otel.inject.patch.reconcile import reconcile
from krm_otel.inject.patch.record import Record
from krm_otel.inject.patch.strip import mounted_volumes, strip
from krm_otel.krm.item import Item
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
        injected = self._injected
        if injected is None or "volumes" not in injected.record.lists:
            return self
        spare = mounted_volumes(injected) - brought
        return self._without(spare) if spare else self

    def by_hand(self) -> dict[str, tuple[str, ...]]:
        """Container → variables of ours that were changed by hand since."""
        return hand_edited(self._injected) if self._injected else {}

    def having(self, edit: ObjectEdit) -> tuple[str, Record]:
        """The text with an edit in it, and the record of it; raises CannotEdit."""
        return reconcile((self.text, self.base.resource.root), self.base.pod_path, edit, self._injected)

    @property
    def _injected(self) -> InjectedObject | None:
        found = self.found
        if self.record is None:
            return None
        return InjectedObject(self.item.text, found.resource.root, self.record, found.pod_path, found.container_names)

    def _without(self, spare: AbstractSet[str]) -> Candidate:
        assert self._injected is not None
        stripped = self.item.read(text := strip(self._injected, spare))
        assert stripped is not None
        return replace(self, text=text, base=workload_of_kind(stripped, self.found.kind))
