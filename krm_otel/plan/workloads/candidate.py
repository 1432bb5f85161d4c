"""One workload during planning: as it is in the input, and without what krm-otel injected."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from krm_otel.diagnostics.result import Ref
from krm_otel.inject.patch.additions import ObjectEdit, changed_by_hand
from krm_otel.inject.patch.reconcile import put_in
from krm_otel.inject.patch.record import Record
from krm_otel.inject.patch.strip import still_mounted, strip
from krm_otel.krm.envelope import Item
from krm_otel.workloads.kinds import Workload, workload_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A workload of the input.

    Args:
        item: its place in the input.
        current: the workload as it is.
        record: what krm-otel injected into it; None: nothing.
        text: its text without what the record names.
        base: the workload of that text.
    """

    item: Item
    current: Workload
    record: Record | None
    text: str
    base: Workload

    @classmethod
    def of(cls, item: Item, current: Workload, record: Record | None) -> Candidate:
        """Takes out what krm-otel injected; raises CannotEdit."""
        untouched = cls(item, current, record, item.text, current)
        return untouched._stripped(frozenset()) if record else untouched

    @property
    def ref(self) -> Ref:
        """The workload, for results."""
        return self.current.resource.ref

    def keeping_mounted_volumes(self, renewed: AbstractSet[str] = frozenset()) -> Candidate:
        """The same, with the injected volumes that a container of the user's mounts.

        `renewed` are the names of volumes that are injected again.
        """
        record, current = self.record, self.current
        if record is None or "volumes" not in record.lists:
            return self
        mounted = still_mounted(current.resource.root, record, current.pod_path, current.container_names) - renewed
        return self._stripped(mounted) if mounted else self

    def edited_variables(self) -> dict[str, tuple[str, ...]]:
        """Container → the injected variables that somebody changed by hand since."""
        if self.record is None:
            return {}
        current = self.current
        return changed_by_hand(self.record, current.container_names, current.resource.root, current.pod_path)

    def with_edit(self, edit: ObjectEdit) -> tuple[str, Record]:
        """The text with an edit in it, and the record of the edit; raises CannotEdit."""
        return put_in(
            (self.text, self.base.resource.root),
            (self.item.text, self.current.resource.root),
            self.record,
            self.base.pod_path,
            self.current.container_names,
            edit,
        )

    def _stripped(self, kept_volumes: AbstractSet[str]) -> Candidate:
        assert self.record is not None
        current = self.current
        text = strip(
            self.item.text,
            current.resource.root,
            self.record,
            current.pod_path,
            current.container_names,
            kept_volumes,
        )
        stripped = self.item.read(text)
        assert stripped is not None
        return replace(self, text=text, base=workload_of(stripped, current.kind))
