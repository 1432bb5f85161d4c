"""What to put into one object, as plain data."""

from __future__ import annotations

from collections.abc import Mapping as AbcMapping
from typing import Any

from krm_otel.dataclass import dataclass, field, replace

PodPath = tuple[str, ...]
"""The path of a pod spec: `("spec", "template", "spec")` in a Deployment, `("spec",)` in a Pod."""
Place = tuple[str, int]
"""`containers` or `initContainers`, and the index of a container in it."""
Lists = AbcMapping[str, tuple[dict[str, Any], ...]]
"""Name of a list → entries to append to it."""
Metadata = AbcMapping[str, AbcMapping[str, str]]
"""`annotations` or `labels` → members to add."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What a pod gets in addition to its variables.

    Args:
        lists: entries of lists of the pod's spec (`volumes`, `containers`).
        template: members of the metadata of the pod template.
        before: name of a list of the pod's spec → index of the user's entry that the new ones go before.
        containers: name of a container → entries of its lists.
        names: whether a container without a name gets the one that Knative would give it.
    """

    lists: Lists = field(default_factory=dict)
    template: Metadata = field(default_factory=dict)
    before: AbcMapping[str, int] = field(default_factory=dict)
    containers: AbcMapping[str, Lists] = field(default_factory=dict)
    names: bool = False


@dataclass(frozen=True, slots=True)
class ContainerEdit:
    """What to put into one container.

    Args:
        name, place: which container: its name, the list that it is in, and its index there.
        env: variables in order: name, and value or `valueFrom` as plain data.
        merge: pairs for the user's own `OTEL_RESOURCE_ATTRIBUTES`: its index in `env`, key → value.
        lists: entries of other lists (`volumeMounts`).
        adopted: values that are taken over: index in `env`, name, new value.
        hand_edited: variables that are not taken over, since somebody has edited them after they were injected.
        unnamed: whether the container has no name in the text, and gets `name`.
        before: index of the user's entry of `env` that the variables go before; None: they go to the end.
    """

    name: str
    place: Place
    env: tuple[tuple[str, str | dict[str, Any]], ...]
    merge: tuple[int, AbcMapping[str, str]] | None = None
    lists: Lists = field(default_factory=dict)
    adopted: tuple[tuple[int, str, str], ...] = ()
    hand_edited: tuple[str, ...] = ()
    unnamed: bool = False
    before: int | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put in."""
        return not self.env and self.merge is None and not self.adopted and not any(self.lists.values())


@dataclass(frozen=True, slots=True)
class ObjectEdit:
    """What to put into one object.

    Args:
        class_name: the class of the workload.
        containers: the edits of its containers.
        lists: entries of lists of the pod's spec (`volumes`, `containers`).
        before: name of such a list → index of the user's entry that they go before; without one, to the end.
        template: members of the metadata of the pod template.
        enabled_by: what enabled the class, where that is not the ClassRuntime itself.
        only_template: the containers stay as they are, and only the template's metadata changes.
    """

    class_name: str
    containers: tuple[ContainerEdit, ...]
    lists: Lists = field(default_factory=dict)
    template: Metadata = field(default_factory=dict)
    enabled_by: str = ""
    only_template: bool = False
    before: AbcMapping[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put in."""
        return not self.only_template and all(container.empty for container in self.containers)

    def place_of(self, container: ContainerEdit) -> Place:
        """Where a container is once the edit is made."""
        section, index = container.place
        before = self.before.get(section)
        return section, index + (len(self.lists[section]) if before is not None and before <= index else 0)

    def with_positions(self, positions: AbcMapping[str, int]) -> ObjectEdit:
        """The edit with the positions of variables: name of a container → index in its `env`."""
        if not positions:
            return self
        containers = (replace(container, before=positions.get(container.name)) for container in self.containers)
        return replace(self, containers=tuple(containers))
